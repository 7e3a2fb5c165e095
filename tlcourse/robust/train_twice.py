"""Just Train Twice: what a first, short training gets wrong counts more in the second (Liu et al. 2021, arXiv 2107.09044)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from tlcourse.arguments import as_labels, require_same_length


@dataclass(frozen=True)
class TrainedTwice:
    """Result of `just_train_twice`.

    Args:
        model: The second model.
        missed: `(n,)` bool: the training examples that the first model got wrong.
    """

    model: Any
    missed: np.ndarray


def just_train_twice(
    build: Callable[[], Any],
    inputs: ArrayLike,
    labels: ArrayLike,
    *,
    first_epochs: int = 1,
    epochs: int = 20,
    upweight: float = 20.0,
) -> TrainedTwice:
    """Train a model shortly, then a new one that counts what the first got wrong `upweight` times.

    No group is needed for training: the hope is that the first model trusts the background, and that its errors are then the
    small groups. How long the first training lasts decides whether that is so, and choosing it takes held-out examples whose
    groups are known (the paper's choice, too). Where the first training fits everything, nothing is missed and the second equals
    plain training.

    Args:
        build: A function that returns a new model, compiled for class numbers, with `(n, num_classes)` scores; called twice.
        inputs: `(n, ...)`, what the model takes.
        labels: `(n,)` class numbers.
        first_epochs: Epochs of the first training, 1 or more.
        epochs: Epochs of the second.
        upweight: How many times the missed examples count, 1 or more.

    Returns:
        The second model, and which examples were missed.

    Raises:
        ValueError: If lengths differ or an argument is out of range.
    """
    inputs, labels = np.asarray(inputs), as_labels("labels", labels)
    require_same_length(inputs=inputs, labels=labels)
    if min(first_epochs, epochs) < 1 or upweight < 1:
        raise ValueError(
            "`first_epochs`, `epochs` and `upweight` must be 1 or more. "
            f"Received: first_epochs={first_epochs!r}, epochs={epochs!r}, upweight={upweight!r}."
        )
    first = build()
    first.fit(inputs, labels, epochs=first_epochs, verbose=0)
    missed = np.asarray(first.predict(inputs, verbose=0)).argmax(axis=1) != labels
    second = build()  # only now: a seed that `build` sets then holds for the second training too
    if first is second:
        raise ValueError(f"`build` must return a new model each time. Received: build()={first.name!r}, the same model twice.")
    weights = np.where(missed, float(upweight), 1.0)
    second.fit(inputs, labels, epochs=epochs, sample_weight=weights / weights.mean(), verbose=0)
    return TrainedTwice(second, missed)
