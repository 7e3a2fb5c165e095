"""The curves of a fit: loss and accuracy on the training and the validation set, one value per epoch, cut into phases."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tlcourse.audit.context import CannotCheckError, Context

_ACCURACIES = ("accuracy", "acc", "sparse_categorical_accuracy", "categorical_accuracy", "binary_accuracy")


@dataclass(frozen=True)
class Curves:
    """The columns of a history, `(epochs,)` each; a missing column is empty.

    Args:
        loss: Training loss.
        val_loss: Validation loss.
        accuracy: Training accuracy, 0 to 1.
        val_accuracy: Validation accuracy, 0 to 1.
        ends: Number of epochs at the end of each phase.
    """

    loss: np.ndarray
    val_loss: np.ndarray
    accuracy: np.ndarray
    val_accuracy: np.ndarray
    ends: tuple[int, ...]

    def phases(self, column: np.ndarray) -> list[np.ndarray]:
        """Cut a column at the ends of the phases."""
        return [part for part in np.split(column, self.ends[:-1]) if part.size] if column.size else []


def curves_of(context: Context) -> Curves:
    """Read the history that was passed to the audit.

    Raises:
        CannotCheckError: If there is none, or it has no loss.
    """
    columns = context.history
    if columns is None:
        raise CannotCheckError("No history was given: pass history=model.fit(...), or a list with one history for each phase.")
    if not columns.get("loss"):
        raise CannotCheckError("The history has no epochs.")
    name = next((name for name in _ACCURACIES if name in columns or f"val_{name}" in columns), "")
    read = {key: np.array(columns.get(key, []), dtype="float64") for key in ("loss", "val_loss", name, f"val_{name}")}
    ends = tuple(int(end) for end in columns.get("phase_ends", [])) or (len(read["loss"]),)
    complete = {key: values if len(values) == len(read["loss"]) else np.array([]) for key, values in read.items()}
    return Curves(complete["loss"], complete["val_loss"], complete[name], complete[f"val_{name}"], ends)
