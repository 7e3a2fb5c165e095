"""TrAdaBoost: boosting that lowers the weight of source examples which contradict the target."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import clone

_SMALLEST = 1e-6  # error of a round on the target, so the logarithm of its odds is finite


class TrAdaBoost:
    """Learn a target's two classes from few labelled examples of it and many of a source.

    Dai, Yang, Xue, Yu (2007), "Boosting for transfer learning", figure 1. In each of `rounds` rounds a learner is fitted to both
    domains with weights. Then the weight of a target example rises by `1 / beta_t` to the power of its error, as in
    AdaBoost, with `beta_t = error_t / (1 - error_t)` of the weighted target; the weight of a source example *falls* by
    `beta = 1 / (1 + sqrt(2 ln n_source / rounds))` to the power of its error. The second half of the rounds votes.

    Args:
        learner: A scikit-learn classifier whose `fit` takes `sample_weight`; None for a tree of depth 3. Take one too simple to
            learn source and target at once, or no example contradicts anything. The weights sum to 1, as in the paper, so
            regularisation of a fixed strength acts much more than with equal weights of 1.
        rounds: Number of rounds, 2 or more.
        balanced: Begin with half of each domain's weight on each class, where the paper lets the user choose. Without it a learner
            of rare positives calls everything negative, and nothing is boosted.
        seed: Seed of the learner, if it has `random_state`.

    Raises:
        ValueError: If `rounds` is below 2.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> source, target = rng.normal(size=(200, 2)), rng.normal(size=(20, 2))
        >>> model = tlcourse.adapt.TrAdaBoost().fit(source, source[:, 0] > 0, target, target[:, 1] > 0)
        >>> misleading = (source[:, 0] > 0) != (source[:, 1] > 0)
        >>> bool(model.source_weights_[misleading].mean() < model.source_weights_[~misleading].mean())
        True
    """

    def __init__(self, learner: Any = None, *, rounds: int = 20, balanced: bool = False, seed: int = 0) -> None:
        if rounds < 2:
            raise ValueError(f"`rounds` must be 2 or more, because the second half votes. Received: rounds={rounds}.")
        self.learner, self.rounds, self.balanced, self.seed = learner, rounds, balanced, seed

    def fit(
        self, source_rows: ArrayLike, source_labels: ArrayLike, target_rows: ArrayLike, target_labels: ArrayLike
    ) -> TrAdaBoost:
        """Run the rounds.

        Afterwards `source_weights_` and `target_weights_` hold the weights of the examples, which sum to 1 together, and `rounds_`
        the number of rounds: fewer than asked if a learner is no better than guessing on the target.

        Args:
            source_rows: `(n_source, features)`.
            source_labels: `(n_source,)`, 0 or 1.
            target_rows: `(n_target, features)`.
            target_labels: `(n_target,)`, 0 or 1, both present.

        Raises:
            ValueError: If shapes do not fit, labels are not 0 and 1, or the first round is no better than guessing on the target.
        """
        rows, labels, size = _joined(source_rows, source_labels, target_rows, target_labels)
        fall = 1.0 / (1.0 + np.sqrt(2.0 * np.log(size) / self.rounds))
        weights = _balanced(labels, size) if self.balanced else np.full(len(rows), 1.0 / len(rows))
        self._learners: list[Any] = []
        odds = []
        for _ in range(self.rounds):
            weights = weights / weights.sum()
            learner = self._new_learner().fit(rows, labels, sample_weight=weights)
            errors = np.abs(_chance(learner, rows) - labels)
            error = float(np.average(errors[size:], weights=weights[size:]))
            if error >= 0.5:
                break
            rise = max(error, _SMALLEST) / (1.0 - max(error, _SMALLEST))
            self._learners.append(learner)
            odds.append(rise)
            weights = weights * np.where(np.arange(len(rows)) < size, fall**errors, rise**-errors)
        if not odds:
            raise ValueError(
                "The first round is no better than guessing on the target, so nothing can be boosted. Take another learner, or more "
                f"labelled target examples. Received: error={error:.3f}."
            )
        weights = weights / weights.sum()
        self._odds, self.rounds_ = np.array(odds), len(odds)
        self.source_weights_, self.target_weights_ = weights[:size], weights[size:]
        return self

    def predict_score(self, rows: ArrayLike) -> np.ndarray:
        """Return how much the voting rounds are for class 1, `(n,)`: above 0 is class 1. It is no probability.

        Args:
            rows: `(n, features)`.
        """
        voting = range(self.rounds_ // 2, self.rounds_)  # from round ceil(N / 2) on, counted from 1
        votes = [np.log(1.0 / self._odds[t]) * (_chance(self._learners[t], np.asarray(rows)) - 0.5) for t in voting]
        return np.sum(votes, axis=0)

    def predict(self, rows: ArrayLike) -> np.ndarray:
        """Return classes, `(n,)` int64, 0 or 1.

        Args:
            rows: `(n, features)`.
        """
        return (self.predict_score(rows) >= 0).astype(np.int64)

    def _new_learner(self) -> Any:
        from sklearn.tree import DecisionTreeClassifier

        learner = clone(self.learner) if self.learner is not None else DecisionTreeClassifier(max_depth=3)
        return learner.set_params(random_state=self.seed) if "random_state" in learner.get_params() else learner


def _chance(learner: Any, rows: np.ndarray) -> np.ndarray:
    """Return what a learner says about class 1, 0 to 1: its probability, or its class if it gives none."""
    if hasattr(learner, "predict_proba"):
        return np.asarray(learner.predict_proba(rows)[:, 1], dtype=np.float64)
    return np.asarray(learner.predict(rows), dtype=np.float64)


def _balanced(labels: np.ndarray, size: int) -> np.ndarray:
    """Return weights that sum to 1, in which each class has half of its domain's."""
    weights = np.empty(len(labels))
    for domain in (slice(None, size), slice(size, None)):
        counts = np.bincount(labels[domain], minlength=2)
        weights[domain] = len(labels[domain]) / len(labels) / np.maximum(counts, 1)[labels[domain]] / np.count_nonzero(counts)
    return weights


def _joined(*parts: ArrayLike) -> tuple[np.ndarray, np.ndarray, int]:
    source, source_labels, target, target_labels = (np.asarray(part) for part in parts)
    for name, rows, labels in (("source", source, source_labels), ("target", target, target_labels)):
        if rows.ndim != 2 or labels.shape != (len(rows),) or rows.shape[1] != source.shape[1] or not len(rows):
            raise ValueError(
                f"Expected {name} rows (n, {source.shape[-1]}) with one label each. "
                f"Received: {name}_rows.shape={rows.shape}, {name}_labels.shape={labels.shape}."
            )
        if not np.isin(labels, (0, 1)).all():
            raise ValueError(f"Labels must be 0 or 1. Received: {name}_labels={np.unique(labels)[:5].tolist()}.")
    if len(np.unique(target_labels)) < 2:
        raise ValueError(
            f"The target needs examples of both classes. Received: target_labels={np.unique(target_labels).tolist()}."
        )
    labels = np.concatenate([source_labels, target_labels]).astype(np.int64)
    return np.concatenate([source, target]).astype(np.float64), labels, len(source)
