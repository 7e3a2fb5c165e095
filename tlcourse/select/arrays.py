"""What every score asks of its input: features of several examples, and labels of two classes or more."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tlcourse.arguments import as_features as as_feature_table
from tlcourse.arguments import as_labels, require_same_length


def as_features(features: ArrayLike) -> np.ndarray:
    """Return `features` as a `(examples, features)` float64 array; it may be a copy.

    Raises:
        ValueError: If the shape is another, values are no numbers or missing, or no feature differs from zero.
    """
    array = as_feature_table("features", features).astype(np.float64, copy=False)
    if not array.any():
        raise ValueError("`features` must not be zero throughout: such a backbone sees nothing. Received: features.max()=0.")
    return array


def as_classes(labels: ArrayLike) -> tuple[np.ndarray, int]:
    """Return labels numbered 0, 1, ... without gaps, and how many classes there are.

    Raises:
        ValueError: If they are no class numbers, or all of one class.
    """
    names, numbers = np.unique(as_labels("labels", labels), return_inverse=True)
    if len(names) < 2:
        raise ValueError(f"`labels` must hold two classes or more. Received: classes={names.tolist()}.")
    return numbers.ravel(), len(names)


def as_pair(features: ArrayLike, labels: ArrayLike) -> tuple[np.ndarray, np.ndarray, int]:
    """Return features, labels without gaps, and the number of classes; the first argument is the features.

    Raises:
        ValueError: If either is not as `as_features` and `as_classes` want it, lengths differ, or the two look exchanged.
    """
    require_order("features", features, "labels", labels)
    array = as_features(features)
    numbers, count = as_classes(labels)
    require_same_length(features=array, labels=numbers)
    return array, numbers, count


def require_order(first: str, value: ArrayLike, second: str, labels: ArrayLike) -> None:
    """Raise `ValueError` if two arguments look exchanged: one dimension first, two dimensions second."""
    if np.ndim(value) == 1 and np.ndim(labels) == 2:
        raise ValueError(
            f"`{first}` come first, `{second}` second; these look exchanged. "
            f"Received: {first}.shape={np.shape(value)}, {second}.shape={np.shape(labels)}."
        )
