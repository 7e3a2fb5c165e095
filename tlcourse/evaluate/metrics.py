"""Accuracy, over all and per class, and the confusion matrix."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tlcourse.arguments import as_labels, require_same_length


def correct_flags(labels: ArrayLike, predictions: ArrayLike) -> np.ndarray:
    """Tell for each example whether the predicted class is the true one.

    Args:
        labels: `(n,)` true class numbers.
        predictions: `(n,)` predicted class numbers, or `(n, num_classes)` scores, the largest of which wins.

    Returns:
        `(n,)` bool array.

    Raises:
        ValueError: If the shapes do not fit or labels are not class numbers.
    """
    labels, predictions = _pair(labels, predictions)
    return labels == predictions


def accuracy(labels: ArrayLike, predictions: ArrayLike) -> float:
    """Return the share of right predictions, 0-1.

    Args:
        labels: As in `correct_flags`.
        predictions: As in `correct_flags`.
    """
    return float(correct_flags(labels, predictions).mean())


def per_class_accuracy(labels: ArrayLike, predictions: ArrayLike, num_classes: int | None = None) -> np.ndarray:
    """Return for each class the share of its examples that are predicted right (its recall).

    Args:
        labels: `(n,)` true class numbers.
        predictions: `(n,)` predicted class numbers, or `(n, num_classes)` scores.
        num_classes: Length of the result; by default the largest class number seen, plus one.

    Returns:
        `(num_classes,)` floats, 0-1; NaN for a class without examples.

    Raises:
        ValueError: If the shapes do not fit or a class number is `num_classes` or more.
    """
    counts = confusion_matrix(labels, predictions, num_classes)
    examples = counts.sum(axis=1)
    return np.divide(np.diag(counts), examples, out=np.full(len(counts), np.nan), where=examples > 0)


def confusion_matrix(labels: ArrayLike, predictions: ArrayLike, num_classes: int | None = None) -> np.ndarray:
    """Count how often each true class (row) is predicted as each class (column).

    Args:
        labels: `(n,)` true class numbers.
        predictions: `(n,)` predicted class numbers, or `(n, num_classes)` scores.
        num_classes: Number of rows and columns; by default the largest class number seen, plus one.

    Returns:
        `(num_classes, num_classes)` int64 array whose sum is `n`.

    Raises:
        ValueError: If the shapes do not fit or a class number is `num_classes` or more.
    """
    labels, predictions = _pair(labels, predictions)
    largest = int(max(labels.max(), predictions.max()))
    if num_classes is None:
        num_classes = largest + 1
    elif largest >= num_classes:
        raise ValueError(
            f"Class numbers must be less than `num_classes`. Received: largest={largest}, num_classes={num_classes}."
        )
    counts = np.zeros((num_classes, num_classes), np.int64)
    np.add.at(counts, (labels, predictions), 1)
    return counts


def _pair(labels: ArrayLike, predictions: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    labels, predictions = as_labels("labels", labels), np.asarray(predictions)
    if predictions.ndim == 2 and predictions.shape[1] > 1:
        predictions = predictions.argmax(axis=1)  # (n, num_classes) -> (n,)
    predictions = as_labels("predictions", predictions)
    require_same_length(labels=labels, predictions=predictions)
    return labels, predictions
