"""Abstaining: how the error among the answers falls when the least confident predictions are left to somebody else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tlcourse.arguments import as_numbers, require_same_length


@dataclass(frozen=True)
class RiskCoverage:
    """Result of `risk_coverage`: points from the most confident prediction on to all of them.

    Args:
        thresholds: `(points,)` descending; predictions at least this confident are answered.
        coverage: `(points,)` share that is answered, ascending to 1.
        risk: `(points,)` share of errors among the answered.
    """

    thresholds: np.ndarray
    coverage: np.ndarray
    risk: np.ndarray

    @property
    def area(self) -> float:
        """Mean risk over all coverages (AURC); lower is better."""
        widths = np.diff(self.coverage, prepend=0.0)
        return float((widths * self.risk).sum())

    def risk_at(self, coverage: float) -> float:
        """Return the risk at the smallest coverage on the curve that is at least this one.

        Args:
            coverage: Share that is answered, 0 to 1.
        """
        return float(self.risk[np.searchsorted(self.coverage, coverage - 1e-12)])


def risk_coverage(confidence: ArrayLike, correct: ArrayLike) -> RiskCoverage:
    """Measure the error among the predictions that are answered, for every threshold on the confidence.

    Args:
        confidence: `(n,)`, higher where the model is more sure.
        correct: `(n,)` True where the prediction is right.

    Returns:
        The curve, one point for each different confidence (El-Yaniv and Wiener 2010).

    Raises:
        ValueError: If lengths differ, there is no prediction, or a confidence is no number.
    """
    scores, right = as_numbers("confidence", confidence, 1), np.asarray(correct).astype(bool)
    require_same_length(confidence=scores, correct=right)
    order = np.argsort(-scores, kind="stable")
    ordered, errors = scores[order], np.cumsum(~right[order])
    last = np.flatnonzero(np.append(np.diff(ordered) != 0, True))  # equal confidences are answered together
    answered = last + 1
    return RiskCoverage(ordered[last], answered / len(scores), errors[last] / answered)
