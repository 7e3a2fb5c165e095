"""Decisions by what errors cost: the best threshold of a probability, and what each threshold costs."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def cost_threshold(false_alarm: float, miss: float) -> float:
    """Return the probability above which an alarm costs less than none, for calibrated probabilities.

    An alarm costs `(1 - p) * false_alarm` on average, no alarm `p * miss`, so the threshold is
    `false_alarm / (false_alarm + miss)`: Elkan (2001), "The foundations of cost-sensitive learning", equation 2. It does not depend on
    how common the class is; the probabilities do.

    Args:
        false_alarm: Cost of an alarm about a negative, above 0.
        miss: Cost of a positive without an alarm, above 0.

    Returns:
        The threshold, 0 to 1.

    Raises:
        ValueError: If a cost is not above 0.

    Example:
        >>> tlcourse.evaluate.cost_threshold(false_alarm=5, miss=95)
        0.05
    """
    for name, cost in (("false_alarm", false_alarm), ("miss", miss)):
        if not (np.isfinite(cost) and cost > 0):
            raise ValueError(f"A cost must be a number above 0. Received: {name}={cost!r}.")
    return float(false_alarm / (false_alarm + miss))


def mean_costs(labels: ArrayLike, scores: ArrayLike, thresholds: ArrayLike, *, false_alarm: float, miss: float) -> np.ndarray:
    """Return the mean cost of an example at each threshold; the alarm goes off at `score >= threshold`.

    Args:
        labels: `(n,)`, 0 or 1.
        scores: `(n,)`, larger for class 1.
        thresholds: `(k,)`.
        false_alarm: Cost of an alarm about a negative, 0 or more.
        miss: Cost of a positive without an alarm, 0 or more.

    Returns:
        `(k,)` float64.

    Raises:
        ValueError: If shapes do not fit, there are no examples, labels are not 0 and 1, or scores are NaN.

    Example:
        >>> tlcourse.evaluate.mean_costs([0, 0, 1, 1], [0.1, 0.6, 0.4, 0.9], [0.3, 0.5], false_alarm=1, miss=10)
        array([0.25, 2.75])
    """
    truth, values = np.asarray(labels), np.asarray(scores, dtype=np.float64)
    if truth.ndim != 1 or truth.shape != values.shape or not len(truth):
        raise ValueError(
            f"Expected one score a label, both (n,). Received: labels.shape={truth.shape}, scores.shape={values.shape}."
        )
    if not np.isin(truth, (0, 1)).all() or np.isnan(values).any():
        found = np.unique(truth)[:5].tolist()
        raise ValueError(
            f"Labels must be 0 or 1, and scores numbers. Received: labels={found}, NaN in scores={bool(np.isnan(values).any())}."
        )
    cuts = np.atleast_1d(np.asarray(thresholds, dtype=np.float64))
    negatives, positives = np.sort(values[truth == 0]), np.sort(values[truth == 1])
    alarms = len(negatives) - np.searchsorted(negatives, cuts, side="left")
    misses = np.searchsorted(positives, cuts, side="left")
    return (false_alarm * alarms + miss * misses) / len(truth)
