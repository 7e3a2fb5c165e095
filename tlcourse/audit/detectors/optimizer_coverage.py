"""`optimizer-coverage`: the optimizer was built for other variables than those that train now, so the next `fit()` stops."""

from __future__ import annotations

from collections.abc import Iterator

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.detector import Detector
from tlcourse.audit.model.optimizers import evidence_of_unknown, inner_optimizer, unknown_variables
from tlcourse.audit.report import Finding


def _check(context: Context) -> Iterator[Finding]:
    model = context.model
    if inner_optimizer(model) is None:
        raise CannotCheckError("The model is not compiled, so it has no optimizer.")
    unknown = unknown_variables(model)
    if not unknown or getattr(model, "train_function", None) is not None:
        return  # with an old training step it is not-recompiled
    yield Finding(
        "optimizer-coverage",
        "serious",
        "The optimizer was built for other variables than those that train now",
        evidence_of_unknown(model, unknown),
        'The next fit() stops with "Unknown variable", because an optimizer accepts no new variables after its first step.',
        "Compile again after every change of `trainable`, with a new optimizer:\n"
        "model.compile(keras.optimizers.Adam(1e-5), loss=..., metrics=[...])",
    )


DETECTOR = Detector(("optimizer-coverage",), _check)
