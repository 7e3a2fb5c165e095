"""What transfer is worth, read off learning curves: in labels, in epochs, in seconds, in accuracy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tlcourse.arguments import as_numbers, require_same_length


def label_equivalent(labels_per_class: ArrayLike, accuracies_a: ArrayLike, accuracies_b: ArrayLike) -> np.ndarray:
    """Tell how many labels method B needs to be as good as method A is.

    For each accuracy of A, B's curve is read backwards: the smallest number of labels with which B reaches it, accuracy being
    interpolated linearly over the logarithm of the number of labels. Where B's curve falls, its best value so far counts.

    Args:
        labels_per_class: `(n,)` numbers of labels at which both were measured, above 0 and rising, 2 or more.
        accuracies_a: `(n,)` accuracies of A.
        accuracies_b: `(n,)` accuracies of B.

    Returns:
        `(n,)` floats, labels per class that B needs. Nothing is extrapolated: `inf` where even the most labels do not suffice
        (B needs more than were measured), 0 where B is better with the fewest (it needs fewer than were measured).

    Raises:
        ValueError: If lengths differ, values are missing, or numbers of labels do not rise.
    """
    labels = as_numbers("labels_per_class", labels_per_class, 1)
    a, b = as_numbers("accuracies_a", accuracies_a, 1), as_numbers("accuracies_b", accuracies_b, 1)
    require_same_length(labels_per_class=labels, accuracies_a=a, accuracies_b=b)
    if len(labels) < 2 or labels[0] <= 0 or (np.diff(labels) <= 0).any():
        raise ValueError(
            "`labels_per_class` must hold 2 or more rising numbers above 0. "
            f"Received: labels_per_class={np.array2string(labels, threshold=12)}."
        )
    best, places = np.maximum.accumulate(b), np.log(labels)
    needed = np.empty(len(a))
    for i, target in enumerate(a):
        right = int(np.searchsorted(best, target))  # the first point at which B is as good
        if right == len(best):
            needed[i] = np.inf
        elif right == 0:
            needed[i] = labels[0] if best[0] == target else 0.0
        else:
            share = (target - best[right - 1]) / (best[right] - best[right - 1])
            needed[i] = np.exp(places[right - 1] + share * (places[right] - places[right - 1]))
    return needed


def epochs_to_target(values: ArrayLike, target: float) -> int | None:
    """Return the first epoch, counted from 1, whose value reaches `target`, or None if none does.

    Args:
        values: `(epochs,)` such as `history.history["val_accuracy"]`.
        target: The value to reach, in the same unit.

    Raises:
        ValueError: If `values` is empty, has another shape, or misses values.
    """
    reached = np.flatnonzero(as_numbers("values", values, 1) >= target)
    return int(reached[0]) + 1 if len(reached) else None


def seconds_to_target(values: ArrayLike, seconds: ArrayLike, target: float) -> float | None:
    """Return the seconds spent up to the end of the first epoch whose value reaches `target`, or None if none does.

    Args:
        values: `(epochs,)` such as `history.history["val_accuracy"]`.
        seconds: `(epochs,)` what each epoch took (not the running total), 0 or more.
        target: The value to reach.

    Raises:
        ValueError: If the two differ in length, a duration is negative, or a value is missing.
    """
    values, seconds = as_numbers("values", values, 1), as_numbers("seconds", seconds, 1)
    require_same_length(values=values, seconds=seconds)
    if (seconds < 0).any():
        raise ValueError(f"`seconds` must be what each epoch took, 0 or more. Received: seconds.min()={seconds.min()}.")
    epoch = epochs_to_target(values, target)
    return None if epoch is None else float(seconds[:epoch].sum())


@dataclass(frozen=True)
class TransferGain:
    """What transfer adds.

    Args:
        points: Difference of the accuracies, -1 to 1.
        error_reduction: Share of the errors that transfer removes.
    """

    points: float
    error_reduction: float


def transfer_gain(transfer_accuracy: float, scratch_accuracy: float) -> TransferGain:
    """Compare accuracy with transfer to accuracy from scratch: `t - s` and `(t - s) / (1 - s)`.

    Args:
        transfer_accuracy: 0-1.
        scratch_accuracy: 0-1, below 1 (without errors there are none to remove).

    Returns:
        The gain; both numbers are negative where transfer harms.

    Raises:
        ValueError: If an accuracy lies outside 0-1 (percentages are a frequent reason) or scratch makes no error.
    """
    for name, value in (("transfer_accuracy", transfer_accuracy), ("scratch_accuracy", scratch_accuracy)):
        if not 0.0 <= value <= 1.0:
            hint = " Divide percentages by 100." if 1.0 < value <= 100.0 else ""
            raise ValueError(f"`{name}` must lie between 0 and 1.{hint} Received: {name}={value!r}.")
    if scratch_accuracy == 1.0:
        raise ValueError(
            "`scratch_accuracy` must be below 1: there are no errors left to remove. "
            f"Received: scratch_accuracy={scratch_accuracy!r}."
        )
    points = float(transfer_accuracy - scratch_accuracy)
    return TransferGain(points, points / (1.0 - scratch_accuracy))
