"""One threshold for each group, chosen to make a rate equal. It uses the group in every decision; see the warning.

Deciding by the group that a person belongs to is itself unlawful in many places, whatever it equalises. These functions show what a
criterion costs; they are no permission.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from tlcourse.arguments import as_labels, as_numbers, require_same_length


def equal_opportunity_thresholds(scores: ArrayLike, labels: ArrayLike, groups: ArrayLike, rate: float) -> dict[int, float]:
    """Find for each group the highest threshold that still selects a share `rate` of those with label 1.

    Equal opportunity (Hardt, Price, Srebro 2016): of those who deserve it, as many are selected in each group.

    Args:
        scores: `(n,)` numbers, the higher the more likely selected.
        labels: `(n,)` 0 or 1.
        groups: `(n,)` whole numbers, 0 or more.
        rate: Wanted true positive rate, above 0, at most 1.

    Returns:
        Threshold of each group; `decide` selects scores at or above it.

    Raises:
        ValueError: If shapes do not fit, the rate is out of range, or a group has no example of label 1.
    """
    labels = as_labels("labels", labels)
    require_same_length(labels=labels, scores=np.asarray(scores))
    return _thresholds(scores, groups, rate, labels == 1, "an example of label 1")


def equal_selection_thresholds(scores: ArrayLike, groups: ArrayLike, rate: float) -> dict[int, float]:
    """Find for each group the highest threshold that still selects a share `rate` of its members (demographic parity).

    Args:
        scores: As in `equal_opportunity_thresholds`.
        groups: As in `equal_opportunity_thresholds`.
        rate: Wanted share of each group that is selected, above 0, at most 1.

    Returns:
        Threshold of each group; `decide` selects scores at or above it.

    Raises:
        ValueError: If lengths differ or the rate is out of range.
    """
    return _thresholds(scores, groups, rate, np.ones(len(np.asarray(scores)), bool), "members")


def decide(scores: ArrayLike, groups: ArrayLike, thresholds: Mapping[int, float]) -> np.ndarray:
    """Select, as 1, whoever scores at or above the threshold of their group; the others are 0.

    Args:
        scores: `(n,)` numbers.
        groups: `(n,)` whole numbers.
        thresholds: One for each group.

    Raises:
        ValueError: If lengths differ or a group has no threshold.
    """
    scores, groups = as_numbers("scores", scores, 1), as_labels("groups", groups)
    require_same_length(scores=scores, groups=groups)
    missing = sorted(set(groups.tolist()) - set(thresholds))
    if missing:
        raise ValueError(f"`thresholds` must name every group. Received: groups without a threshold={missing}.")
    return (scores >= np.array([thresholds[group] for group in groups.tolist()])).astype(np.int64)


def _thresholds(scores: ArrayLike, groups: ArrayLike, rate: float, counted: np.ndarray, needed: str) -> dict[int, float]:
    scores, groups = as_numbers("scores", scores, 1), as_labels("groups", groups)
    require_same_length(scores=scores, groups=groups)
    if not 0.0 < rate <= 1.0:
        raise ValueError(f"`rate` must be above 0 and at most 1. Received: rate={rate!r}.")
    found = {}
    for group in np.unique(groups).tolist():
        own = np.sort(scores[(groups == group) & counted])[::-1]
        if not len(own):
            raise ValueError(f"Every group must have {needed}. Received: group without any={group}.")
        found[group] = float(own[math.ceil(rate * len(own) - 1e-9) - 1])  # 1e-9: 0.7 * 10 is 7, not 7.000000000000001
    return found
