"""Which of several adapted models is best, when the target has no labels: three scores, higher is better.

None of them is safe: each looks at something other than the accuracy on the target. The fourth way, choosing by labels of the
target, is what many published tables do; the score that it reports is then no longer that of unseen data.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tlcourse.arguments import as_labels, as_numbers, require_same_length


def source_validation(probabilities: ArrayLike, labels: ArrayLike) -> float:
    """Return the accuracy on held-out source rows: `mean 1[argmax p(x) = y]`.

    It knows nothing of the target; a model that adapted well may even lose on the source.

    Args:
        probabilities: `(n, classes)` the model's, on source rows that it was not trained on.
        labels: `(n,)` their classes.

    Raises:
        ValueError: If shapes do not fit.
    """
    values, labels = _with_labels(probabilities, labels)
    return float(np.mean(values.argmax(axis=1) == labels))


def weighted_validation(probabilities: ArrayLike, labels: ArrayLike, weights: ArrayLike) -> float:
    """Return the accuracy on held-out source rows, each counted by its weight: `sum w 1[argmax p(x) = y] / sum w`.

    Under covariate shift, and with true weights, it tends to the accuracy on the target (Sugiyama, Krauledat and Mueller 2007,
    "Covariate shift adaptation by importance weighted cross validation"). With few effective rows it is a matter of chance: see
    `effective_sample_size`.

    Args:
        probabilities: `(n, classes)` the model's, on source rows that it was not trained on.
        labels: `(n,)` their classes.
        weights: `(n,)` importance weights of these rows, 0 or more, not all 0.

    Raises:
        ValueError: If shapes do not fit, or weights are negative or all 0.
    """
    values, labels = _with_labels(probabilities, labels)
    weight = as_numbers("weights", weights, 1)
    require_same_length(probabilities=values, weights=weight)
    if weight.min() < 0 or weight.max() == 0:
        raise ValueError(f"`weights` must be 0 or more, and not all 0. Received: weights={weight.min():g} to {weight.max():g}.")
    return float(np.average(values.argmax(axis=1) == labels, weights=weight))


def negative_entropy(probabilities: ArrayLike) -> float:
    """Return how sure the model is of the target: `mean sum_c p_c log p_c`, 0 if it is always certain.

    Confident models are often right (Morerio, Cavazza and Murino 2018, "Minimal-entropy correlation alignment for unsupervised
    deep domain adaptation"). But a collapsed model, which predicts one class for everything, is the most confident of all.

    Args:
        probabilities: `(n, classes)` the model's, on target rows.

    Raises:
        ValueError: If values are negative or missing.
    """
    values = as_numbers("probabilities", probabilities, 2)
    if values.min() < 0:
        raise ValueError(
            f"`probabilities` must be 0 or more; logits need a softmax first. Received: probabilities.min()={values.min():g}."
        )
    return float(np.mean(np.sum(values * np.log(np.maximum(values, 1e-12)), axis=1)))


def _with_labels(probabilities: ArrayLike, labels: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    values, classes = as_numbers("probabilities", probabilities, 2), as_labels("labels", labels)
    require_same_length(probabilities=values, labels=classes)
    if classes.max() >= values.shape[1]:
        raise ValueError(
            "`probabilities` must have a column for every class. "
            f"Received: probabilities.shape={values.shape}, labels.max()={classes.max()}."
        )
    return values, classes
