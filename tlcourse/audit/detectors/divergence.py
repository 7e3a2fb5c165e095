"""`divergence`: the loss became NaN, the training loss grew, or fine-tuning undid what the head had learned."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tlcourse.audit.context import Context
from tlcourse.audit.detector import Detector
from tlcourse.audit.model.curves import Curves, curves_of
from tlcourse.audit.report import Finding

_CAUSE = "Most often the learning rate is too high for these weights."


def _check(context: Context) -> Iterator[Finding]:
    curves = curves_of(context)
    if not np.isfinite(curves.loss).all():
        epoch = int(np.flatnonzero(~np.isfinite(curves.loss))[0]) + 1
        why = f"From this epoch on the weights are of no use. {_CAUSE}"
        yield _finding("The loss became NaN or infinite", f"It happened in epoch {epoch}.", {"epoch": epoch}, why)
        return
    phases = _losses_and_accuracies(curves)
    for number, (loss, accuracy) in enumerate(phases, start=1):
        if len(loss) >= 2 and loss[-1] > 1.5 * loss[0] + 0.1 and loss[-1] > 2 * loss.min():
            sentence = f"In phase {number} the training loss went from {loss[0]:.3g} to {loss[-1]:.3g}."
            numbers = {"first_loss": float(loss[0]), "last_loss": float(loss[-1])}
            yield _finding(
                "The training loss grew",
                sentence,
                numbers,
                f"The model fits its training set worse than before this phase. {_CAUSE}",
            )
            return
        if number == 1 or not accuracy.size:
            continue
        former_loss, former = phases[number - 2]
        if former.size and accuracy[-1] < former[-1] - 0.1 and loss[-1] > 1.3 * former_loss[-1]:
            sentence = (
                f"Training accuracy was {former[-1]:.3f} at the end of phase {number - 1} and {accuracy[-1]:.3f} at the end of "
                f"phase {number}."
            )
            numbers = {"before": float(former[-1]), "after": float(accuracy[-1])}
            why = f"Phase {number} made the model worse on the examples it was trained on. {_CAUSE}"
            yield _finding("Fine-tuning undid what the phase before had learned", sentence, numbers, why)
            return


def _losses_and_accuracies(curves: Curves) -> list[tuple[np.ndarray, np.ndarray]]:
    losses, accuracies = curves.phases(curves.loss), curves.phases(curves.accuracy)
    return [(loss, accuracies[i] if i < len(accuracies) else np.array([])) for i, loss in enumerate(losses)]


def _finding(title: str, sentence: str, numbers: dict[str, float], why: str) -> Finding:
    return Finding(
        "divergence",
        "serious",
        title,
        {"sentence": sentence, **numbers},
        why,
        "Load the weights from before, and train with a rate 10 to 100 times smaller:\n"
        "model.compile(keras.optimizers.Adam(1e-5), loss=..., metrics=[...])",
    )


DETECTOR = Detector(("divergence",), _check)
