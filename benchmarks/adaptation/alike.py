"""What ours and theirs share, so that a difference is one of the methods: the classifier behind them, and the clock.

Imported in both environments; needs NumPy and scikit-learn alone.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

Result = TypeVar("Result")


class CentredLogisticRegression(LogisticRegression):
    """Logistic regression that fits on rows with their mean taken off, and predicts for rows as they are.

    The intercept is free, so that the optimum is the same; but the solver needs a fraction of the iterations, and no method is
    called slow for rows that lie far from 0.
    """

    def fit(self, X: np.ndarray, y: np.ndarray, sample_weight: np.ndarray | None = None) -> CentredLogisticRegression:
        middle = np.mean(X, axis=0)
        super().fit(X - middle, y, sample_weight)
        self.intercept_ = self.intercept_ - self.coef_ @ middle
        return self


def learner(columns: int) -> Any:
    """Build the unfitted classifier that all methods on features share: curved in the plane, linear in more columns."""
    return SVC(C=10, gamma=2.0) if columns == 2 else CentredLogisticRegression(C=1.0, max_iter=300)


def timed(run: Callable[[], Result], *, most: int = 5, enough: float = 0.5) -> tuple[Result, float]:
    """Call `run` up to `most` times, until `enough` seconds are spent; return its last result and the median in seconds.

    Seconds are processor time of this process, so that other programs on the machine count little.
    """
    seconds: list[float] = []
    while True:
        start = time.process_time()
        result = run()
        seconds.append(time.process_time() - start)
        if len(seconds) == most or sum(seconds) >= enough:
            return result, statistics.median(seconds)


def squared_error(weights: np.ndarray, ratio: np.ndarray) -> float:
    """Mean squared distance of weights from the true ratio, both with mean 1."""
    return float(np.mean((weights / weights.mean() - ratio / ratio.mean()) ** 2))
