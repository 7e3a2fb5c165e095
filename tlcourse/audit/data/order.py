"""Do examples of one class come in runs? How pure batches are, compared with a shuffled order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_SHUFFLES = 200


@dataclass(frozen=True)
class Purity:
    """How alike the labels within a batch are.

    Args:
        excess: 0 if batches are mixed as in a random order, 1 if every batch holds one class.
        by_chance: Largest excess in 200 random orders of the same labels.
        single_class_batches: Share of the batches that hold one class.
        longest_run: Largest number of examples of one class in a row.
        batches: Number of batches.
    """

    excess: float
    by_chance: float
    single_class_batches: float
    longest_run: int
    batches: int


def purity_of_batches(classes: np.ndarray, batch_size: int, seed: int = 0) -> Purity:
    """Measure how far the order of `classes` is sorted by class, within batches.

    Two examples of one batch have the same class with some probability. In a random order it is the sum of the squared class
    shares. `excess` says where the probability lies between that sum (0) and 1.

    Args:
        classes: Whole numbers `(n,)`, in the order of the examples.
        batch_size: Size of a batch, 2 or more. The last, smaller batch is left out unless it is the only one.
        seed: Seed of the random orders.
    """
    _, classes = np.unique(classes, return_inverse=True)
    batch_size = min(batch_size, len(classes))
    if batch_size < 2 or classes.max(initial=0) == 0:
        return Purity(0.0, 0.0, 0.0, len(classes), 0)
    whole = len(classes) // batch_size * batch_size
    rng = np.random.default_rng(seed)
    excess = _excess(classes[:whole], batch_size)
    by_chance = max(_excess(rng.permutation(classes)[:whole], batch_size) for _ in range(_SHUFFLES))
    batches = classes[:whole].reshape(-1, batch_size)
    single = float((batches == batches[:, :1]).all(axis=1).mean())
    return Purity(excess, by_chance, single, _longest_run(classes), len(batches))


def _excess(classes: np.ndarray, batch_size: int) -> float:
    counts = np.bincount(classes).astype(float)
    n = len(classes)
    expected = float((counts * (counts - 1)).sum() / (n * (n - 1)))
    if expected >= 1:
        return 0.0
    batch = np.arange(n) // batch_size
    cells = np.bincount(batch * len(counts) + classes, minlength=(batch[-1] + 1) * len(counts)).astype(float)
    same = float((cells * (cells - 1)).sum() / (n * (batch_size - 1)))
    return (same - expected) / (1 - expected)


def _longest_run(classes: np.ndarray) -> int:
    changes = np.flatnonzero(np.diff(classes)) + 1
    return int(np.diff(np.concatenate([[0], changes, [len(classes)]])).max())
