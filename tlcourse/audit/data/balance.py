"""Counts of classes: how unequal they are, and which classes a split lacks that a random split would have."""

from __future__ import annotations

from math import exp, lgamma, log

import numpy as np


def class_counts(classes: np.ndarray, num_classes: int | None = None) -> np.ndarray:
    """Return how many examples each class has, `(num_classes,)`. Default of `num_classes`: the highest label plus one."""
    classes = np.asarray(classes, dtype=np.int64)
    return np.bincount(classes, minlength=num_classes or 0)


def imbalance(counts: np.ndarray) -> tuple[float, float]:
    """Return the share of the largest class, and how many times larger it is than the smallest class with examples."""
    present = counts[counts > 0]
    if not len(present):
        return 0.0, 1.0
    return float(present.max() / present.sum()), float(present.max() / present.min())


def missing_by_more_than_chance(reference: np.ndarray, counts: np.ndarray, at_most: float = 1e-3) -> np.ndarray:
    """Find the classes of `reference` that `counts` lacks, although a random split would hardly ever lack them.

    A random split of n examples lacks a class of share p with probability (1 - p)^n. Over all classes together, half of `at_most` is
    allowed for this. A random split holds only m of K classes with a probability of at most C(K, m) s^n, where s is the share of the
    m largest. Below the other half of `at_most`, all missing classes are reported, even if each one could be missing by chance.

    Args:
        reference: Number of training examples of each class.
        counts: Number of examples of each class in another split.
        at_most: Probability of one or more false reports.

    Returns:
        The missing classes, in ascending order.
    """
    size = max(len(reference), len(counts))
    reference, counts = (np.pad(c, (0, size - len(c))) for c in (reference, counts))
    known, lacking = reference > 0, (reference > 0) & (counts == 0)
    shares, drawn = reference / max(reference.sum(), 1), int(counts.sum())
    alone = (1 - shares) ** drawn < at_most / 2 / max(known.sum(), 1)
    together = _keeps_to(int((known & (counts > 0)).sum()), shares[known], drawn) < at_most / 2
    return np.flatnonzero(lacking & (alone | together))


def _keeps_to(few: int, shares: np.ndarray, drawn: int) -> float:
    """Return an upper bound for the probability that `drawn` random examples come from at most `few` classes."""
    largest = min(1.0, float(np.sort(shares)[::-1][:few].sum()))
    if not drawn or largest in (0.0, 1.0):
        return float(not drawn or largest == 1.0)
    ways = lgamma(len(shares) + 1) - lgamma(few + 1) - lgamma(len(shares) - few + 1)
    return exp(min(0.0, ways + drawn * log(largest)))


def unknown_classes(reference: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return the classes that have examples in `counts` and none in `reference`."""
    reference = np.pad(reference, (0, max(0, len(counts) - len(reference))))
    return np.flatnonzero((counts > 0) & (reference[: len(counts)] == 0))
