"""Which of several choices are worth considering when both cost and quality count."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tlcourse.arguments import as_numbers, require_same_length


def pareto_front(costs: ArrayLike, scores: ArrayLike) -> np.ndarray:
    """Tell for each choice whether no other is at least as good on both sides and better on one.

    Args:
        costs: `(n,)` less is better, such as milliseconds an image.
        scores: `(n,)` more is better, such as accuracies.

    Returns:
        `(n,)` bool array; of choices that are equal on both sides all are on the front, or none.

    Raises:
        ValueError: If lengths differ, values are missing, or there is none.
    """
    costs, scores = as_numbers("costs", costs, 1), as_numbers("scores", scores, 1)
    require_same_length(costs=costs, scores=scores)
    no_worse = (costs[:, None] <= costs) & (scores[:, None] >= scores)  # [i, j]: i is no worse than j
    better = (costs[:, None] < costs) | (scores[:, None] > scores)
    return np.asarray(~(no_worse & better).any(axis=0))
