"""`preprocessing`: the images that reach the backbone are scaled twice, not at all, or in another way than in pre-training."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.data.structures import image_leaf
from tlcourse.audit.detector import Detector
from tlcourse.audit.model.anatomy import Part
from tlcourse.audit.model.pretrained import drawn_of
from tlcourse.audit.model.ranges import Contract, contract_for, describe, mismatch
from tlcourse.audit.model.stem_inputs import known_backbone, stem_inputs
from tlcourse.audit.model.stored_statistics import first_statistics
from tlcourse.audit.model.trace import first_run, scaling_layers
from tlcourse.audit.report import Finding, NotChecked


def _check(context: Context) -> Iterator[Finding | NotChecked]:
    scalings = scaling_layers(context.model)
    try:
        part, unknown = known_backbone(context), ""
    except CannotCheckError as error:
        part, unknown = None, str(error)
    run = first_run(context) if scalings or part else None
    twice = next((found for layer in scalings if (found := _scaled_already(run, layer))), None)
    if twice is not None:
        yield twice
        return
    if part is None or part.family is None:
        yield from _by_statistics(context, unknown, bool(scalings))
        return
    contract = contract_for(part.family.mode, part.stem)
    images = np.concatenate([call.astype("float64").reshape(-1, call.shape[-1]) for call in stem_inputs(context, part)])
    wrong = mismatch(images, contract)
    if wrong is not None:
        yield _finding(context, part, contract, images, wrong)


def _by_statistics(context: Context, unknown: str, scaled: bool) -> Iterator[Finding | NotChecked]:
    """Judge a network of which nothing is known by the first statistics that it stored in training."""
    found = first_statistics(context)
    if found is None:
        reason = "Only Rescaling layers were examined: it is not known which input the backbone was trained on."
        yield NotChecked("preprocessing", reason if scaled else unknown)
    elif not found.fit:
        times = found.ratio if found.ratio > 1 else 1 / found.ratio
        size = "larger" if found.ratio > 1 else "smaller"
        yield Finding(
            "preprocessing",
            "serious",
            f"The images are scaled in another way than those that {found.layer!r} was trained on",
            {
                "sentence": f"What arrives at the first BatchNorm layer, {found.layer!r}, has a variance of {found.arriving:.3g} (median "
                f"over channels); the layer stored {found.stored:.3g} when it was trained. It is {times:,.0f} times {size}.",
                "layer": found.layer,
                "arriving": found.arriving,
                "stored": found.stored,
                "ratio": found.ratio,
            },
            "The layer divides by the stored spread, so all later layers get values that they were not trained for. Images of 0 to 255 "
            "in place of 0 to 1 give a variance 65,025 times as large.",
            "Scale the images as they were in training: once, to 0..1 or -1..1, or not at all. Look at the code that trained the network.",
        )


def _scaled_already(run: Any, layer: Any) -> Finding | None:
    """Find a Rescaling layer for raw pixels whose input is scaled already. The backbone need not be known for this."""
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
            "sentence": f"Layer {layer.name!r} multiplies by {scale:.3g}, but its input lies between {low:.3g} and {high:.3g} "
            f"already; after it {(high - low) * scale:.3g} is left of the range.",
            "low": low,
            "high": high,
            "scale": scale,
        },
        "All images look nearly the same to the network: what tells them apart has almost vanished.",
        "Scale once. Either remove the division from the data pipeline (feed 0 to 255), or remove this layer from the model.",
    )


def _finding(context: Context, part: Part, contract: Contract, images: np.ndarray, found: tuple[str, str, str]) -> Finding:
    severity, title, advice = found
    low, high = images.min(axis=0), images.max(axis=0)
    raw = image_leaf(context.sample("train").inputs)
    fed = f" The data that is fed to the model lies between {raw.min():.4g} and {raw.max():.4g}." if raw is not None else ""
    return Finding(
        "preprocessing",
        severity,  # type: ignore[arg-type]
        title,
        {
            "sentence": f"{part.name!r} expects {describe(contract)}; the input of its first layer lies between {low.min():.4g} and "
            f"{high.max():.4g}.{fed}",
            "expected": describe(contract),
            "lowest": float(low.min()),
            "highest": float(high.max()),
            "low_by_channel": [round(float(v), 3) for v in low],
            "high_by_channel": [round(float(v), 3) for v in high],
        },
        "The pretrained filters were trained on another range, so the features are worse than they could be."
        if drawn_of(context, part).is_learned
        else "The network was designed for another range, and pretrained weights for it expect that range.",
        advice,
    )


DETECTOR = Detector(("preprocessing",), _check)
