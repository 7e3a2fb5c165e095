"""`no-gain`: fine-tuning is no better than the frozen backbone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.detector import Detector
from tlcourse.audit.model.curves import curves_of
from tlcourse.audit.report import Finding

_FEW_ERRORS = 5


def _check(context: Context) -> Iterator[Finding]:
    curves = curves_of(context)
    if len(curves.ends) < 2:
        raise CannotCheckError("The history has one phase. Pass a list with one history for each phase, the frozen one first.")
    phases = curves.phases(curves.val_accuracy)
    if len(phases) < 2:
        raise CannotCheckError("The history has no validation accuracy.")
    frozen, tuned = float(phases[0].max()), float(np.concatenate(phases[1:]).max())
    examples = context.collected.counts.get("validation")
    few_errors = examples is not None and (1 - frozen) * examples < _FEW_ERRORS
    if tuned > frozen or frozen >= 0.98 or few_errors:
        return  # nothing is left to gain, or too few errors to see a gain
    yield Finding(
        "no-gain",
        "note",
        "No phase after the first improved the validation accuracy",
        {
            "sentence": f"The best validation accuracy was {frozen:.3f} in the first phase and {tuned:.3f} after it.",
            "frozen": frozen,
            "fine_tuned": tuned,
        },
        "Fine-tuning costs time and changes the backbone. If it gains nothing, the frozen model is the better choice.",
        "Keep the frozen model, or check whether any weight moved: audit(..., before=tlcourse.snapshot(model)).",
    )


DETECTOR = Detector(("no-gain",), _check)
