"""`random-weights`: the backbone has random values, and the program treats it as pretrained."""

from __future__ import annotations

from collections.abc import Iterator

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.detector import Detector
from tlcourse.audit.model.anatomy import backbone_part
from tlcourse.audit.model.optimizers import highest_learning_rate
from tlcourse.audit.model.pretrained import drawn_of
from tlcourse.audit.report import Finding

_LOW_RATE = 5e-5


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
    is_meant = part.named or frozen == len(kernels) or (frozen > 0 and part.family is not None)
    low_rate = rate is not None and rate <= _LOW_RATE and part.family is not None
    if not (is_meant or low_rate):
        return  # this network is trained from random values on purpose
    if frozen:
        reason = f"{frozen} of {len(kernels)} of its tensors are frozen at these values"
    elif part.named:
        reason = "backbone= names it as the pretrained part"
    else:
        reason = f"its learning rate of {rate:g} is one for pretrained weights"
    yield Finding(
        "random-weights",
        "serious",
        f"The backbone {part.name!r} has random values, not pretrained ones",
        {
            "sentence": f"{found.as_drawn} of {found.checked} kernels of {part.name!r} look like a fresh draw of their initializers; "
            f"{found.untouched} of {found.vectors} biases, scales, offsets and statistics are still exactly 0 or 1.",
            "as_drawn": found.as_drawn,
            "checked": found.checked,
            "untouched": found.untouched,
            "frozen_tensors": frozen,
        },
        f"Its features are random projections, and {reason}: there is nothing to transfer.",
        "Load the pretrained values, and check that load_weights() really changed the layers:\n"
        'base = keras.applications.MobileNetV2(weights="imagenet", include_top=False)',
    )


DETECTOR = Detector(("random-weights",), _check)
