"""Collapse: an encoder that answers every image with the same vector, or with a few directions only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tlcourse.arguments import as_features, require_number

_EMPTY = 1e-8  # share of the largest value below which a deviation is rounding


def effective_rank(features: ArrayLike) -> float:
    """Return how many directions the centred features fill: the exponential of the entropy of their singular values.

    Args:
        features: `(n, d)`, n 2 or more.

    Returns:
        1 to the smaller of n - 1 and d; 0 if all rows are equal.

    Raises:
        ValueError: If the shape does not fit or values are missing.

    Source: Roy and Vetterli (2007), "The effective rank: a measure of effective dimensionality", definition 1.

    Example:
        >>> round(selfsup.effective_rank(np.concatenate([np.eye(4), -np.eye(4)])), 3)
        4.0
    """
    rows = as_features("features", features).astype(np.float64)
    size = np.abs(rows).max()
    rows = rows - rows.mean(axis=0)
    values = np.linalg.svd(rows, compute_uv=False)
    if values.max() <= _EMPTY * size * np.sqrt(rows.size):
        return 0.0
    shares = values / values.sum()
    shares = shares[shares > 0]
    return float(np.exp(-(shares * np.log(shares)).sum()))


@dataclass(frozen=True)
class Collapse:
    """What `detect_collapse` found.

    Args:
        collapsed: Whether the features have collapsed.
        spread: Mean standard deviation of a dimension of the features at length 1, times sqrt(d): near 1 for directions spread evenly, 0
            for one direction.
        rank: Effective rank.
        empty: Share of dimensions with no variance.
        reason: What fired, or an empty text.
    """

    collapsed: bool
    spread: float
    rank: float
    empty: float
    reason: str

    def __str__(self) -> str:
        found = f"spread {self.spread:.3f}, effective rank {self.rank:.1f}, dimensions without variance {self.empty:.0%}"
        return f"{found}: collapsed, {self.reason}" if self.collapsed else f"{found}: healthy"


def detect_collapse(features: ArrayLike, *, least_spread: float = 0.1, least_rank: float = 3.0) -> Collapse:
    """Say whether features have collapsed to a point or to few directions.

    Give it the projections: the loss acts on them, and the features in front of the projector follow later. In lesson 22 the spread
    of collapsed runs was 0.02 and less, that of healthy ones 0.28 and more.

    Args:
        features: `(n, d)` projections or features of different images; some hundred rows.
        least_spread: Mean standard deviation of a dimension, at length 1 and times sqrt(d), below which the features count as one
            point, 0 to 1.
        least_rank: Effective rank below which they count as few directions, 0 or more.

    Raises:
        ValueError: If shapes do not fit or a bound is out of range.

    Source: Chen and He (2021), "Exploring simple siamese representation learning", section 4.1, for the spread.
    """
    require_number("least_spread", least_spread, 0, 1)
    require_number("least_rank", least_rank, 0)
    rows = as_features("features", features).astype(np.float64)
    deviations = rows.std(axis=0)
    empty = float(np.mean(deviations <= _EMPTY * max(np.abs(rows).max(), 1e-300)))
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    spread = float((rows / np.maximum(lengths, 1e-12)).std(axis=0).mean() * np.sqrt(rows.shape[1]))
    rank = effective_rank(rows)
    reason = ""
    if spread < least_spread:
        reason = "all images have nearly the same direction"
    elif rank < least_rank:
        reason = "the features fill few directions"
    return Collapse(bool(reason), spread, rank, empty, reason)
