"""Equalised odds by post-processing: thresholds drawn at random, group by group (Hardt, Price, Srebro 2016, section 3.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tlcourse.arguments import as_labels, as_numbers, require_same_length

_GRID = 1001  # false positive rates that are tried


@dataclass(frozen=True)
class EqualOddsRule:
    """For each group, thresholds and the chances with which one of them is drawn for a person.

    Args:
        lots: Group -> `(thresholds, chances)`. A threshold of -inf selects, +inf turns down, whatever the score.
        true_positive: The rate that all groups share, on the examples that the rule was fitted on.
        false_positive: As `true_positive`.
    """

    lots: Mapping[int, tuple[np.ndarray, np.ndarray]]
    true_positive: float
    false_positive: float

    def chances(self, scores: ArrayLike, groups: ArrayLike) -> np.ndarray:
        """Return for each person, `(n,)`, the probability of being selected.

        Args:
            scores: `(n,)` numbers, as in `fit_equal_odds`.
            groups: `(n,)` whole numbers.
        """
        scores, groups = as_numbers("scores", scores, 1), as_labels("groups", groups)
        require_same_length(scores=scores, groups=groups)
        missing = sorted(set(groups.tolist()) - set(self.lots))
        if missing:
            raise ValueError(f"The rule knows the groups {sorted(self.lots)}. Received: unknown groups={missing}.")
        chosen = np.empty(len(scores))
        for group, (thresholds, weights) in self.lots.items():
            own = groups == group
            chosen[own] = (scores[own, None] >= thresholds) @ weights
        return chosen

    def decide(self, scores: ArrayLike, groups: ArrayLike, seed: int = 0) -> np.ndarray:
        """Draw a decision for each person: `(n,)` 0 or 1. Two people with equal scores in one group may get different answers.

        Args:
            scores: As in `chances`.
            groups: As in `chances`.
            seed: Seed of the draw.
        """
        chances = self.chances(scores, groups)
        return (np.random.default_rng(seed).random(len(chances)) < chances).astype(np.int64)


def fit_equal_odds(scores: ArrayLike, labels: ArrayLike, groups: ArrayLike) -> EqualOddsRule:
    """Find the most accurate rule under which all groups have the same true and the same false positive rate.

    Every group's thresholds reach the points below the upper hull of its ROC curve, if they may be drawn at random. The points
    that all groups reach lie below the lowest of the hulls; of these the one with most right decisions is taken (false positive
    rates in steps of 0.001). So the group whose scores say least sets what all the others get.

    Args:
        scores: `(n,)` numbers, the higher the more likely selected.
        labels: `(n,)` 0 or 1.
        groups: `(n,)` whole numbers, 0 or more.

    Raises:
        ValueError: If shapes do not fit, or a group lacks label 0 or 1.
    """
    scores, labels, groups = as_numbers("scores", scores, 1), as_labels("labels", labels), as_labels("groups", groups)
    require_same_length(scores=scores, labels=labels, groups=groups)
    names = np.unique(groups).tolist()
    hulls = {group: _hull(scores[groups == group], labels[groups == group], group) for group in names}
    rates = np.linspace(0.0, 1.0, _GRID)
    reached = {group: np.interp(rates, hull[0], hull[1]) for group, hull in hulls.items()}
    common = np.min(list(reached.values()), axis=0)
    base = labels.mean()
    best = int((base * common + (1 - base) * (1 - rates)).argmax())
    false, true = float(rates[best]), float(common[best])
    lots = {group: _lots(hulls[group], false, true, float(reached[group][best])) for group in names}
    return EqualOddsRule(lots, true, false)


def _hull(scores: np.ndarray, labels: np.ndarray, group: int) -> np.ndarray:
    """Return the corners of the ROC curve's upper hull, `(3, corners)`: false and true positive rate, threshold."""
    if set(np.unique(labels)) != {0, 1}:
        raise ValueError(
            "Every group must have examples of label 0 and of label 1. "
            f"Received: labels of group {group}={np.unique(labels).tolist()}."
        )
    steps = np.unique(scores)[::-1]
    places = len(steps) - 1 - np.searchsorted(steps[::-1], scores)  # number of the threshold from which on it is selected
    curve = [np.bincount(places[labels == y], minlength=len(steps)).cumsum() / np.count_nonzero(labels == y) for y in (0, 1)]
    points = np.stack([np.append(0.0, curve[0]), np.append(0.0, curve[1]), np.append(np.inf, steps)])
    corners: list[int] = []
    for i in range(points.shape[1]):
        while len(corners) > 1 and _turns_up(points[:2, corners[-2]], points[:2, corners[-1]], points[:2, i]):
            corners.pop()
        corners.append(i)
    return points[:, corners]


def _turns_up(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> bool:
    """Whether `b` lies on or below the line from `a` to `c`."""
    return bool((b[0] - a[0]) * (c[1] - a[1]) >= (b[1] - a[1]) * (c[0] - a[0]))


def _lots(hull: np.ndarray, false: float, true: float, reached: float) -> tuple[np.ndarray, np.ndarray]:
    """Return thresholds and chances that give the rates `false` and `true`, `true` being at most `reached` on the hull."""
    right = max(1, int(np.searchsorted(hull[0], false)))  # the hull's side from corner `right - 1` to `right`
    width = hull[0, right] - hull[0, right - 1]
    share = (false - hull[0, right - 1]) / width if width > 0 else 1.0
    blind = (reached - true) / (reached - false) if reached > true else 0.0  # how often the score is not looked at
    thresholds = np.array([hull[2, right - 1], hull[2, right], -np.inf, np.inf])
    chances = np.array([(1 - blind) * (1 - share), (1 - blind) * share, blind * false, blind * (1 - false)])
    return thresholds, chances
