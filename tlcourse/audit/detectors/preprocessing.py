"""Finding 1: what reaches the backbone is not what it was trained on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.data.structures import image_leaf
from tlcourse.audit.detector import Detector
from tlcourse.audit.detectors.random_weights import drawn_of
from tlcourse.audit.model.anatomy import Part, backbone_part
from tlcourse.audit.model.ranges import Contract, contract_for, describe, mismatch
from tlcourse.audit.model.trace import first_run, scaling_layers
from tlcourse.audit.report import Finding, NotChecked

_SMALLEST_PART = 4  # of the side in pre-training


def _check(context: Context) -> Iterator[Finding | NotChecked]:
    scalings = scaling_layers(context.model)
    try:
        part = backbone_part(context)
    except CannotCheckError as reason:
        part, missing = None, str(reason)
    else:
        missing = "No backbone was found in the model; name it with backbone=."
    stem = part.stem if part is not None else None
    if stem is None and not scalings:
        missing = missing if part is None else f"The input contract of {part.name!r} is not known."
        raise CannotCheckError(missing)
    run = first_run(context)
    twice = next((found for layer in scalings if (found := _scaled_already(run, layer))), None)
    if twice is not None:
        yield twice
        return
    if part is None or stem is None or part.family is None:
        yield NotChecked("preprocessing", "Only Rescaling layers were looked at: the backbone's input contract is not known.")
        return
    calls = [call.inputs for call in run.of(stem) if call.inputs is not None]
    if not calls:
        raise CannotCheckError(f"What reaches layer {stem.name!r} could not be seen: the model runs it inside a graph.")
    contract = contract_for(part.family.mode, stem)
    images = np.concatenate([call.astype("float64").reshape(-1, call.shape[-1]) for call in calls])
    wrong = mismatch(images, contract)
    if wrong is not None:
        yield _finding(part, contract, images, wrong, context.sample("train").inputs)
    yield from _size(context, part, calls[0])


def _scaled_already(run: Any, layer: Any) -> Finding | None:
    """Find a Rescaling layer for raw pixels that is fed with scaled ones; needs no knowledge of the backbone."""
    values = [call.inputs for call in run.of(layer) if call.inputs is not None and call.inputs.size]
    if not values:
        return None
    low, high = min(float(v.min()) for v in values), max(float(v.max()) for v in values)
    if high > 1.5 or low < -1.5 or high - low < 1e-6:
        return None
    scale = float(np.max(np.abs(np.asarray(layer.scale))))
    return Finding(
        "preprocessing",
        "serious",
        "Images are scaled twice",
        {
            "sentence": f"Layer {layer.name!r} multiplies by {scale:.3g}, but what reaches it lies between {low:.3g} and "
            f"{high:.3g} already; after it {(high - low) * scale:.3g} is left of the range.",
            "low": low,
            "high": high,
            "scale": scale,
        },
        "The network sees nearly one and the same dark image in every image, and its features say next to nothing.",
        "Scale once. Either take the division out of the data pipeline (feed 0 to 255), or remove this layer from the model.",
    )


def _finding(part: Part, contract: Contract, images: np.ndarray, found: tuple[str, str, str], inputs: Any) -> Finding:
    severity, title, advice = found
    low, high = images.min(axis=0), images.max(axis=0)
    raw = image_leaf(inputs)
    fed = f" The data that is fed to the model lies between {raw.min():.4g} and {raw.max():.4g}." if raw is not None else ""
    return Finding(
        "preprocessing",
        severity,  # type: ignore[arg-type]
        title,
        {
            "sentence": f"{part.name!r} was trained on {describe(contract)}; what reaches its first layer lies between "
            f"{low.min():.4g} and {high.max():.4g}.{fed}",
            "expected": describe(contract),
            "lowest": float(low.min()),
            "highest": float(high.max()),
            "low_by_channel": [round(float(v), 3) for v in low],
            "high_by_channel": [round(float(v), 3) for v in high],
        },
        "The pretrained filters answer to another range: features are damaged, and the head learns from what is left.",
        advice,
    )


def _size(context: Context, part: Part, images: np.ndarray) -> Iterator[Finding]:
    """Find images far smaller than those of the pre-training; of random weights no size is wrong."""
    assert part.family is not None
    side = min(images.shape[1:3]) if images.ndim == 4 else part.family.size
    if side * _SMALLEST_PART >= part.family.size or not drawn_of(context, part).is_learned:
        return
    yield Finding(
        "input-size",
        "note",
        f"Images of {side} pixels reach a backbone that was trained at {part.family.size}",
        {
            "sentence": f"The side is {part.family.size / side:.1f} times smaller than in pre-training.",
            "side": side,
            "trained_at": part.family.size,
        },
        "Its filters look for structure of a certain size in pixels; much smaller images show objects at a scale it never saw.",
        "Enlarge the images before the backbone, if they are not that small by nature:\n"
        f"x = keras.layers.Resizing({part.family.size}, {part.family.size})(x)",
    )


DETECTOR = Detector(("preprocessing", "input-size"), _check)
