"""What every score asks of its input: features of several examples, and labels of two classes or more."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tlcourse.arguments import as_labels, as_numbers, require_same_length


def as_features(features: ArrayLike) -> np.ndarray:
    """Return `features` as a `(examples, features)` float64 array; it may be a copy.

    Raises:
        ValueError: If another shape, no numbers, missing values, or no feature that differs from zero.
    """
    if np.ndim(features) == 4:
        raise ValueError(
            f"`features` must have shape (examples, features). Received: shape {np.shape(features)}, which looks like feature "
            "maps. Average over the image first: features.mean(axis=(1, 2))"
        )
    array = as_numbers("features", features, 2).astype(np.float64, copy=False)
    if not array.any():
        raise ValueError("`features` must not be zero throughout: such a backbone sees nothing. Received: zeros alone.")
    return array


def as_classes(labels: ArrayLike) -> tuple[np.ndarray, int]:
    """Return labels numbered 0, 1, ... without gaps, and how many classes there are.

    Raises:
        ValueError: If no class numbers, or one class alone.
    """
    names, numbers = np.unique(as_labels("labels", labels), return_inverse=True)
    if len(names) < 2:
        raise ValueError(f"`labels` must hold two classes or more. Received: class {names[0]} alone.")
    return numbers.ravel(), len(names)


def as_pair(features: ArrayLike, labels: ArrayLike) -> tuple[np.ndarray, np.ndarray, int]:
    """Return features, labels without gaps, and the number of classes; the first argument is the features.

    Raises:
        ValueError: If as in `as_features` and `as_classes`, two lengths, or the two arguments exchanged.
    """
    require_order("features", features, "labels", labels)
    array = as_features(features)
    numbers, count = as_classes(labels)
    require_same_length(features=array, labels=numbers)
    return array, numbers, count


def require_order(first: str, value: ArrayLike, second: str, labels: ArrayLike) -> None:
    """Raise `ValueError` where two arguments look exchanged: one dimension first, two dimensions second."""
    if np.ndim(value) == 1 and np.ndim(labels) == 2:
        raise ValueError(
            f"`{first}` come first, `{second}` second. Received: shapes {np.shape(value)} and {np.shape(labels)}, which look "
            "exchanged."
        )
