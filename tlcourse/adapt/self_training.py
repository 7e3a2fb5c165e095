"""Self-training: the model labels the target rows that it is sure of, and learns from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from tlcourse.adapt.domains import domain_classifier
from tlcourse.arguments import as_labels, as_probabilities, require_same_length

Predict = Callable[[Any], Any]
Fit = Callable[[np.ndarray, np.ndarray], Predict]


@dataclass(frozen=True)
class SelfTraining:
    """Result of `self_train`.

    Args:
        predict: Target rows `(n, ...)` -> probabilities `(n, classes)`, by the last model.
        positions: `(taken,)` which target rows were labelled for the last model.
        pseudo_labels: `(taken,)` what they were labelled as.
        taken_per_round: How many rows were labelled, round by round.
    """

    predict: Predict
    positions: np.ndarray
    pseudo_labels: np.ndarray
    taken_per_round: tuple[int, ...]


def confident(probabilities: ArrayLike, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """Pick the rows that a model is sure of, and return its predictions for them.

    Args:
        probabilities: `(n, classes)` rows that sum to 1.
        threshold: Least probability of the most probable class, 0 to 1.

    Returns:
        `(positions, pseudo_labels)`, both `(picked,)`, positions ascending. None may be picked.

    Raises:
        ValueError: If rows are no probabilities or the threshold is out of range.
    """
    values = as_probabilities("probabilities", probabilities)
    if not 0.0 <= threshold <= 1.0:
        raise ValueError(f"`threshold` must be a probability, 0 to 1. Received: threshold={threshold!r}.")
    positions = np.flatnonzero(values.max(axis=1) >= threshold)
    return positions, values[positions].argmax(axis=1)


def self_train(
    source_features: ArrayLike,
    source_labels: ArrayLike,
    target_features: ArrayLike,
    *,
    fit: Fit | None = None,
    threshold: float = 0.9,
    rounds: int = 5,
) -> SelfTraining:
    """Fit on the source, then again and again on the source and the target rows that the last model is sure of.

    Round k minimises `sum_source loss(f(x), y) + sum_target 1[max_c p_k-1(c | x) >= threshold] loss(f(x), argmax_c p_k-1(c | x))`
    (Yarowsky 1995, "Unsupervised word sense disambiguation rivaling supervised methods"; Lee 2013, "Pseudo-label"). Each round
    makes new pseudo-labels. What the first model gets wrong with confidence is taught as truth from then on: look at the
    precision of the pseudo-labels on a few rows labelled by hand before trusting the result.

    Args:
        source_features: `(n_source, ...)` features, or images if `fit` takes them.
        source_labels: `(n_source,)` class numbers.
        target_features: `(n_target, ...)`, rows of the same shape.
        fit: A function: `fit(rows, labels)` trains a new model and returns its `predict`, rows to probabilities `(n, classes)`,
            column c for class c. None is a logistic regression on standardised features.
        threshold: Least probability for a pseudo-label, 0 to 1.
        rounds: How often pseudo-labels are given, 1 or more.

    Raises:
        ValueError: If shapes do not fit or an argument is out of range.
    """
    source, target = np.asarray(source_features), np.asarray(target_features)
    labels = as_labels("source_labels", source_labels)
    require_same_length(source_features=source, source_labels=labels)
    if source.shape[1:] != target.shape[1:]:
        raise ValueError(
            "Source and target rows must have the same shape. Received: "
            f"source_features.shape={source.shape}, target_features.shape={target.shape}."
        )
    if rounds < 1:
        raise ValueError(f"`rounds` must be 1 or more. Received: rounds={rounds!r}.")
    train = _fit_logistic if fit is None else fit
    predict, taken = train(source, labels), []
    for _ in range(rounds):
        positions, guessed = confident(np.asarray(predict(target)), threshold)
        taken.append(len(positions))
        predict = train(np.concatenate([source, target[positions]]), np.concatenate([labels, guessed]))
    return SelfTraining(predict, positions, guessed, tuple(taken))


def _fit_logistic(rows: np.ndarray, labels: np.ndarray) -> Predict:
    fitted = domain_classifier().fit(rows, labels)
    classes = int(labels.max()) + 1

    def predict(features: Any) -> np.ndarray:
        chances = fitted.predict_proba(features)
        full = np.zeros((len(chances), classes))
        full[:, fitted.classes_] = chances  # a class number without a row keeps probability 0
        return full

    return predict
