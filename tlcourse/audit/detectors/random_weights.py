"""Finding 7: random values where pretrained ones were meant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.detector import Detector
from tlcourse.audit.model.anatomy import Part, backbone_part
from tlcourse.audit.model.optimizers import highest_learning_rate
from tlcourse.audit.model.randomness import Drawn, drawn
from tlcourse.audit.report import Finding

_LOW_RATE = 5e-5


def drawn_of(context: Context, part: Part) -> Drawn:
    """Look once at the values of the backbone, for all detectors that ask."""
    known: dict[str, Any] = context.shared
    if "drawn" not in known:
        known["drawn"] = drawn(part.units)
    return known["drawn"]


def is_pretrained(context: Context, part: Part) -> bool:
    """Tell whether there is a reason to take the part's values for pretrained: they are learned, and it is known or half frozen."""
    frozen = any(not variable.trainable for variable in part.kernels)
    return drawn_of(context, part).is_learned and (part.named or part.family is not None or frozen)


def _check(context: Context) -> Iterator[Finding]:
    part = backbone_part(context)
    if part is None:
        raise CannotCheckError("No backbone was found in the model; name it with backbone=.")
    found = drawn_of(context, part)
    if found.checked < 2:
        raise CannotCheckError(f"The kernels of {part.name!r} are too few or too small to tell random from learned values.")
    if not found.is_fresh:
        return
    kernels = part.kernels
    frozen = sum(not variable.trainable for variable in kernels)
    rate = highest_learning_rate(context.model)
    meant = part.named or frozen == len(kernels) or (frozen > 0 and part.family is not None)
    low_rate = rate is not None and rate <= _LOW_RATE and part.family is not None
    if not (meant or low_rate):
        return  # a network that is trained from random values on purpose
    sentence = (
        f"{found.as_drawn} of {found.checked} kernels of {part.name!r} cannot be told from a fresh draw of their initializers; "
        f"{found.untouched} of {found.vectors} biases, scales, offsets and statistics are still exactly 0 or 1."
    )
    reason = f"{frozen} of {len(kernels)} of its tensors are frozen" if frozen else "it is treated as pretrained"
    yield Finding(
        "random-weights",
        "serious",
        f"The backbone {part.name!r} has random values, not pretrained ones",
        {
            "sentence": sentence,
            "as_drawn": found.as_drawn,
            "checked": found.checked,
            "untouched": found.untouched,
            "frozen_tensors": frozen,
        },
        f"Its features are random projections, and {reason}: what you measure is no transfer at all.",
        "Load the pretrained values, and look whether load_weights() really changed the layers:\n"
        'base = keras.applications.MobileNetV2(weights="imagenet", include_top=False)',
    )


DETECTOR = Detector(("random-weights",), _check)
