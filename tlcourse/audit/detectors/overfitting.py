"""`overfitting`: the validation loss rises while the training loss falls, or the two scores are far apart."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.detector import Detector
from tlcourse.audit.model.curves import curves_of
from tlcourse.audit.report import Finding


def _check(context: Context) -> Iterator[Finding]:
    curves = curves_of(context)
    if not curves.val_loss.size:
        raise CannotCheckError("The history has no validation loss.")
    if len(curves.val_loss) < 4 or not np.isfinite(curves.val_loss).all():
        return
    best = int(np.argmin(curves.val_loss))
    after = len(curves.val_loss) - 1 - best
    low, last = float(curves.val_loss[best]), float(curves.val_loss[-1])
    has_accuracy = bool(curves.val_accuracy.size and curves.accuracy.size)
    gap = float(curves.accuracy[-1] - curves.val_accuracy[-1]) if has_accuracy else 0.0
    turned = after >= 3 and last > 1.2 * low + 0.05 and curves.loss[-1] < curves.loss[best]
    apart = gap >= 0.2 and last > 2 * float(curves.loss[-1]) + 0.1
    if not (turned or apart):
        return
    sentence = (
        f"The validation loss was lowest in epoch {best + 1} of {len(curves.val_loss)} ({low:.3g}) and ended at {last:.3g}; "
        f"the training loss ended at {curves.loss[-1]:.3g}."
    )
    if has_accuracy:
        sentence += f" Accuracy ended at {curves.accuracy[-1]:.3f} on train and {curves.val_accuracy[-1]:.3f} on validation."
    yield Finding(
        "overfitting",
        "warning",
        "The model overfits its training set",
        {
            "sentence": sentence,
            "best_epoch": best + 1,
            "lowest_val_loss": low,
            "last_val_loss": last,
            "accuracy_gap": round(gap, 4),
            "last_loss": float(curves.loss[-1]),
        },
        "The last epochs made the training loss smaller and the validation loss larger. Unless a callback restored the weights of "
        f"epoch {best + 1}, the model has worse ones now."
        if turned
        else "The model does much better on its training examples than on others: it has memorized part of them.",
        "Keep the best epoch, and use a smaller head, data augmentation, weight decay or more data:\n"
        "keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)",
    )


DETECTOR = Detector(("overfitting",), _check)
