"""Importance weights: count each source row as often as the target would."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from tlcourse.adapt.domains import as_domains, divisors, domain_classifier, unit_of_all, warn_if_few_rows_count
from tlcourse.arguments import as_numbers

_LARGEST = np.log(1e12)  # of the log-odds: no row of the source counts as impossible


def classifier_weights(
    source_features: ArrayLike,
    target_features: ArrayLike,
    *,
    classifier: Any = None,
    limit: float | None = None,
    one_unit: bool = False,
) -> np.ndarray:
    """Weight source rows by a classifier's odds that they are of the target.

    Under covariate shift `p(y | x)` is the same in both domains, and the target risk is a weighted source risk,
    `E_target[loss] = E_source[w(x) loss]` with `w(x) = p_target(x) / p_source(x)`. A classifier that separates the domains knows
    that ratio: `w(x) = P(target | x) / P(source | x) * n_source / n_target` (Bickel, Bruckner and Scheffer 2007, "Discriminative
    learning for differing training and test distributions"). Pass the result as `sample_weight` to what is then fitted.

    Args:
        source_features: `(n_source, features)`.
        target_features: `(n_target, features)`.
        classifier: Anything with `fit` and `predict_proba`, unfitted; None is a logistic regression on standardised features. It
            has to be a smooth and weak one: a classifier that memorizes the rows gives weights that mean nothing.
        limit: Largest weight, above 1, in units of the mean; None for none. A limit trades a little bias for less variance.

        one_unit: True divides all columns by one number in place of each by its own spread. For pixels and features of one
            network, in which a column that hardly varies says little. `classifier` is handed the rows as they are.

    Returns:
        `(n_source,)` weights, above 0, with mean 1. A warning says when their effective sample size is below 5 % of the rows.

    Raises:
        ValueError: If the arrays do not fit each other, or `limit` is not above 1.
    """
    source, target = as_domains(source_features, target_features)
    if limit is not None and limit <= 1:
        raise ValueError(f"`limit` must be above 1, the mean of the weights. Received: limit={limit!r}.")
    odds = _linear_log_odds(source, target, one_unit) if classifier is None else _log_odds_by(classifier, source, target)
    weights = np.exp(np.clip(odds, -_LARGEST, _LARGEST))  # n_source / n_target drops out when the mean becomes 1
    weights /= weights.mean()
    if limit is not None:
        weights = np.minimum(weights, limit)
        weights /= weights.mean()
    warn_if_few_rows_count(weights)
    return weights


def _linear_log_odds(source: np.ndarray, target: np.ndarray, shared: bool) -> np.ndarray:
    """Return `(n_source,)` what `domain_classifier()` says of the source, without the fixed costs of a pipeline."""
    rows, domain = _labelled(source, target)
    spread = rows.std(axis=0)
    rows = (rows - rows.mean(axis=0)) / (unit_of_all(spread) if shared else divisors(spread, rows))
    return domain_classifier()[-1].fit(rows, domain).decision_function(rows[: len(source)])


def _log_odds_by(classifier: Any, source: np.ndarray, target: np.ndarray) -> np.ndarray:
    chances = np.clip(classifier.fit(*_labelled(source, target)).predict_proba(source), 1e-12, None)
    return np.log(chances[:, 1] / chances[:, 0])


def _labelled(source: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.concatenate([source, target]), np.repeat([0, 1], [len(source), len(target)])


def effective_sample_size(weights: ArrayLike) -> float:
    """Return how many equally weighted rows are worth as much as these: `(sum w)^2 / sum w^2`.

    It is n when all weights are equal and 1 when one row has all the weight (Kong 1992, "A note on importance sampling using
    standardized weights"). The scale of the weights does not matter.

    Args:
        weights: `(n,)`, 0 or more, not all 0.

    Raises:
        ValueError: If a weight is negative, missing or infinite, or all are 0.
    """
    values = as_numbers("weights", weights, 1).astype(np.float64)
    if values.min() < 0 or values.max() == 0:
        raise ValueError(f"`weights` must be 0 or more, and not all 0. Received: weights={values.min():g} to {values.max():g}.")
    values = values / values.max()
    return float(values.sum() ** 2 / np.square(values).sum())
