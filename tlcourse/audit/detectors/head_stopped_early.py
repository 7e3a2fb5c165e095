"""`head-stopped-early`: the backbone was unfrozen while the head was still learning fast."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.detector import Detector
from tlcourse.audit.model.curves import curves_of
from tlcourse.audit.report import Finding

_LOSS_DROP = 0.12  # of the loss, in the last epoch of the head
_ACCURACY_GAIN = 0.04


def _check(context: Context) -> Iterator[Finding]:
    curves = curves_of(context)
    if len(curves.ends) < 2:
        raise CannotCheckError("The history has one phase. Pass a list with one history for each phase.")
    first = (curves.phases(curves.val_loss) or curves.phases(curves.loss))[0]
    accuracy = (curves.phases(curves.val_accuracy) or curves.phases(curves.accuracy) or [np.array([])])[0]
    if len(first) < 2 or not np.isfinite(first).all():
        return
    drop = 1 - float(first[-1] / first[-2]) if first[-2] > 0 else 0.0
    gain = float(accuracy[-1] - accuracy[-2]) if len(accuracy) >= 2 else 0.0
    if drop < _LOSS_DROP or gain < _ACCURACY_GAIN:
        return
    yield Finding(
        "head-stopped-early",
        "warning",
        "The second phase began while the head was still learning fast",
        {
            "sentence": f"In the last of {len(first)} epochs of the first phase, the loss still fell by {drop:.0%} and accuracy rose "
            f"by {gain:.3f}.",
            "epochs_of_head": len(first),
            "loss_drop_in_last_epoch": drop,
            "accuracy_gain_in_last_epoch": gain,
        },
        "A head that is still often wrong sends large gradients into the backbone, which can damage its features.",
        "Train the head until its validation loss stops falling, then unfreeze:\n"
        "keras.callbacks.EarlyStopping(patience=2, restore_best_weights=True)",
    )


DETECTOR = Detector(("head-stopped-early",), _check)
