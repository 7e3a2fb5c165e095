"""Finding 13: what the curves of a fit say: overfitting, divergence, a head that was not ready, no gain from fine-tuning."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.detector import Detector
from tlcourse.audit.report import Finding

_FEW_ERRORS = 5
_ACCURACIES = ("accuracy", "acc", "sparse_categorical_accuracy", "categorical_accuracy", "binary_accuracy")


@dataclass(frozen=True)
class Curves:
    """The columns of a history, `(epochs,)` each, empty where they are missing; `ends` are the epochs at which phases end."""

    loss: np.ndarray
    val_loss: np.ndarray
    accuracy: np.ndarray
    val_accuracy: np.ndarray
    ends: tuple[int, ...]

    def phases(self, column: np.ndarray) -> list[np.ndarray]:
        """Cut a column at the ends of the phases."""
        return [part for part in np.split(column, self.ends[:-1]) if part.size] if column.size else []


def curves_of(context: Context) -> Curves:
    """Read the history.

    Raises:
        CannotCheckError: There is none, or it has no loss.
    """
    columns = context.history
    if columns is None:
        raise CannotCheckError("No history was given: pass history=model.fit(...), or a list of them for several phases.")
    if not columns.get("loss"):
        raise CannotCheckError("The history has no epochs.")
    name = next((name for name in _ACCURACIES if name in columns or f"val_{name}" in columns), "")
    read = {key: np.array(columns.get(key, []), dtype="float64") for key in ("loss", "val_loss", name, f"val_{name}")}
    ends = tuple(int(end) for end in columns.get("phase_ends", [])) or (len(read["loss"]),)
    complete = {key: values if len(values) == len(read["loss"]) else np.array([]) for key, values in read.items()}
    return Curves(complete["loss"], complete["val_loss"], complete[name], complete[f"val_{name}"], ends)


def _overfitting(curves: Curves) -> Iterator[Finding]:
    if not curves.val_loss.size:
        raise CannotCheckError("The history has no validation loss.")
    if len(curves.val_loss) < 4 or not np.isfinite(curves.val_loss).all():
        return
    best = int(np.argmin(curves.val_loss))
    after = len(curves.val_loss) - 1 - best
    low, last = float(curves.val_loss[best]), float(curves.val_loss[-1])
    gap = float(curves.accuracy[-1] - curves.val_accuracy[-1]) if curves.val_accuracy.size and curves.accuracy.size else 0.0
    turned = after >= 3 and last > 1.2 * low + 0.05 and curves.loss[-1] < curves.loss[best]
    apart = gap >= 0.2 and last > 2 * float(curves.loss[-1]) + 0.1
    if not (turned or apart):
        return
    sentence = (
        f"The validation loss was lowest in epoch {best + 1} of {len(curves.val_loss)} ({low:.3g}) and ended at {last:.3g}; "
    )
    sentence += f"the training loss ended at {curves.loss[-1]:.3g}."
    if curves.val_accuracy.size and curves.accuracy.size:
        sentence += f" Accuracy ended at {curves.accuracy[-1]:.3f} on train and {curves.val_accuracy[-1]:.3f} on validation."
    evidence = {"sentence": sentence, "best_epoch": best + 1, "lowest_val_loss": low, "last_val_loss": last}
    yield Finding(
        "overfitting",
        "warning",
        "The model learned its training examples by heart",
        {**evidence, "accuracy_gap": round(gap, 4), "last_loss": float(curves.loss[-1])},
        "What the last epochs added holds for the training set only; the weights that were kept are not the best ones.",
        "Keep the best epoch, and give the model less room or more data (a smaller head, augmentation, weight decay):\n"
        "keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)",
    )


def _divergence(curves: Curves) -> Iterator[Finding]:
    if not np.isfinite(curves.loss).all():
        epoch = int(np.flatnonzero(~np.isfinite(curves.loss))[0]) + 1
        yield _diverged("The loss became NaN or infinite", f"It happened in epoch {epoch}.", {"epoch": epoch})
        return
    for number, (loss, accuracy) in enumerate(_pairs(curves), start=1):
        fell = len(loss) >= 2 and loss[-1] > 1.5 * loss[0] + 0.1 and loss[-1] > 2 * loss.min()
        if fell:
            sentence = f"In phase {number} the training loss went from {loss[0]:.3g} to {loss[-1]:.3g}."
            yield _diverged("The training loss grew", sentence, {"first_loss": float(loss[0]), "last_loss": float(loss[-1])})
            return
        if number == 1 or not accuracy.size:
            continue
        former = _pairs(curves)[number - 2][1]
        if former.size and accuracy[-1] < former[-1] - 0.1 and loss[-1] > 1.3 * _pairs(curves)[number - 2][0][-1]:
            sentence = (
                f"Training accuracy was {former[-1]:.3f} at the end of phase {number - 1} and {accuracy[-1]:.3f} at the end of "
            )
            evidence = {"before": float(former[-1]), "after": float(accuracy[-1])}
            yield _diverged("Fine-tuning destroyed what the head had learned", f"{sentence}phase {number}.", evidence)
            return


def _pairs(curves: Curves) -> list[tuple[np.ndarray, np.ndarray]]:
    losses, accuracies = curves.phases(curves.loss), curves.phases(curves.accuracy)
    return [(loss, accuracies[i] if i < len(accuracies) else np.array([])) for i, loss in enumerate(losses)]


def _diverged(title: str, sentence: str, numbers: dict[str, float]) -> Finding:
    return Finding(
        "divergence",
        "serious",
        title,
        {"sentence": sentence, **numbers},
        "The steps are too long for these weights: what was pretrained is overwritten, and the result is worse than before.",
        "Load the weights from before, and train with a rate 10 to 100 times smaller:\n"
        "model.compile(keras.optimizers.Adam(1e-5), loss=..., metrics=[...])",
    )


def _head_unfinished(curves: Curves) -> Iterator[Finding]:
    if len(curves.ends) < 2:
        raise CannotCheckError("The history has one phase; pass a list, one history a phase.")
    first = (curves.phases(curves.val_loss) or curves.phases(curves.loss))[0]
    accuracy = (curves.phases(curves.val_accuracy) or curves.phases(curves.accuracy) or [np.array([])])[0]
    if len(first) < 2 or not np.isfinite(first).all():
        return
    drop = 1 - float(first[-1] / first[-2]) if first[-2] > 0 else 0.0
    gain = float(accuracy[-1] - accuracy[-2]) if len(accuracy) >= 2 else 0.0
    if drop < 0.12 or gain < 0.04:
        return
    yield Finding(
        "head-stopped-early",
        "warning",
        "The backbone was unfrozen while the head was still learning fast",
        {
            "sentence": f"In the last of {len(first)} epochs before unfreezing, the loss still fell by {drop:.0%} and accuracy rose by "
            f"{gain:.3f}.",
            "epochs_of_head": len(first),
            "loss_drop_in_last_epoch": drop,
            "accuracy_gain_in_last_epoch": gain,
        },
        "A head that is still wrong sends large, wrong gradients into the backbone and damages its features.",
        "Train the head until its validation loss stops falling, then unfreeze:\n"
        "keras.callbacks.EarlyStopping(patience=2, restore_best_weights=True)",
    )


def _no_gain(curves: Curves, validation_examples: int | None) -> Iterator[Finding]:
    if len(curves.ends) < 2:
        raise CannotCheckError("The history has one phase; pass a list, one history a phase, the frozen one first.")
    phases = curves.phases(curves.val_accuracy)
    if len(phases) < 2:
        raise CannotCheckError("The history has no validation accuracy.")
    frozen, tuned = float(phases[0].max()), float(np.concatenate(phases[1:]).max())
    few_errors = validation_examples is not None and (1 - frozen) * validation_examples < _FEW_ERRORS
    if tuned > frozen or frozen >= 0.98 or few_errors:
        return  # nothing left to gain, or too little to see it
    yield Finding(
        "no-gain",
        "note",
        "Fine-tuning gained nothing over the frozen backbone",
        {
            "sentence": f"The best validation accuracy was {frozen:.3f} with the frozen backbone and {tuned:.3f} after unfreezing.",
            "frozen": frozen,
            "fine_tuned": tuned,
        },
        "The second phase costs most of the time and can only do harm where it does not help.",
        "Keep the frozen model, or look whether anything moved at all: audit(..., before=tlcourse.snapshot(model)).",
    )


def _check_gain(context: Context) -> Iterator[Finding]:
    return _no_gain(curves_of(context), context.collected.counts.get("validation"))


def _on_curves(look: Callable[[Curves], Iterator[Finding]]) -> Callable[[Context], Iterator[Finding]]:
    def check(context: Context) -> Iterator[Finding]:
        return look(curves_of(context))

    return check


_LOOKS: Sequence[tuple[str, Callable[[Curves], Iterator[Finding]]]] = (
    ("overfitting", _overfitting),
    ("divergence", _divergence),
    ("head-stopped-early", _head_unfinished),
)
DETECTORS = (*(Detector((name,), _on_curves(look)) for name, look in _LOOKS), Detector(("no-gain",), _check_gain))
