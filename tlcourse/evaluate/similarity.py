"""Similarity of what two layers, or two networks, have learned."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tlcourse.arguments import as_numbers, require_same_length


def cka(features_x: ArrayLike, features_y: ArrayLike) -> float:
    """Return the linear centred kernel alignment of two sets of features of the same examples.

    With centred columns X and Y it is `||Y'X||^2 / (||X'X|| ||Y'Y||)` in Frobenius norms (Kornblith et al. 2019, "Similarity of
    neural network representations revisited"). It does not change when features are rotated, reflected, moved or scaled as a
    whole, but does when single features are scaled. With fewer examples than features it is biased upwards.

    Args:
        features_x: `(n, features)` of one layer, 2 examples or more.
        features_y: `(n, other features)` of another layer for the same examples in the same order.

    Returns:
        0 (nothing in common) to 1 (the same up to rotation and scale).

    Raises:
        ValueError: If the shapes do not fit, values are missing or all examples have the same features.
    """
    x, y = as_numbers("features_x", features_x, 2), as_numbers("features_y", features_y, 2)
    require_same_length(features_x=x, features_y=y)
    x, y = _centred("features_x", x), _centred("features_y", y)
    if len(x) < max(x.shape[1], y.shape[1]):  # the same three norms from the (n, n) Gram matrices, which are smaller
        gram_x, gram_y = x @ x.T, y @ y.T
        shared, own_x, own_y = (gram_x * gram_y).sum(), np.linalg.norm(gram_x), np.linalg.norm(gram_y)
    else:
        shared, own_x, own_y = np.square(y.T @ x).sum(), np.linalg.norm(x.T @ x), np.linalg.norm(y.T @ y)
    return float(min(1.0, shared / (own_x * own_y)))  # rounding may lift it above 1


def _centred(name: str, features: np.ndarray) -> np.ndarray:
    values = features.astype(np.float64)
    values = values / (np.abs(values).max() or 1.0)  # keeps sums and products in range
    centred = values - values.mean(axis=0)
    largest = np.abs(centred).max()
    if largest <= 1e-12:
        raise ValueError(f"`{name}` must differ between examples. Received: len({name})={len(features)}, all rows the same.")
    return np.asarray(centred / largest)
