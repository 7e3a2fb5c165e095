"""`not-recompiled`: layers were unfrozen after `compile()`, so `fit()` does not train them."""

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
    if not unknown or getattr(model, "train_function", None) is None:
        return
    yield Finding(
        "not-recompiled",
        "serious",
        "Layers were unfrozen after compile(), so fit() does not train them",
        evidence_of_unknown(model, unknown),
        "Keras reads the flags when it builds its training step. The model's trainable_weights look right, yet fit() uses the old "
        "step and leaves these layers as they are, without a warning.",
        "Compile again after every change of `trainable`, with a new optimizer:\n"
        "model.compile(keras.optimizers.Adam(1e-5), loss=..., metrics=[...])",
    )


DETECTOR = Detector(("not-recompiled",), _check)
