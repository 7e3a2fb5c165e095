"""Losses of two views: NT-Xent of SimCLR, and VICReg."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from tlcourse.arguments import require_number

_NEVER = 1e9  # taken from the similarity of a view with itself


def nt_xent(first: Any, second: Any, temperature: float = 0.5) -> Any:
    """Return the NT-Xent loss: each view has to find the other view of its image among all views of the batch.

    With z the `2 n` vectors divided by their lengths and s = z zᵀ / temperature, the loss is the mean over both directions of
    `-log(exp(s_ij) / sum over k ≠ i of exp(s_ik))`, where j is the other view of i.

    Args:
        first: `(n, d)` vectors of one view of each image, n 2 or more.
        second: `(n, d)` vectors of the other view, in the same order.
        temperature: Above 0. Small values look at the most similar wrong views.

    Returns:
        A number.

    Raises:
        ValueError: If `temperature` is not above 0, or the shapes differ.

    Source: Chen et al. (2020), "A simple framework for contrastive learning of visual representations", equation 1, arXiv 2002.05709.

    Example:
        >>> z = np.eye(4, dtype="float32")
        >>> round(float(selfsup.nt_xent(z, z)), 3), round(float(selfsup.nt_xent(z, z[::-1])), 3)
        (0.594, 2.594)
    """
    require_number("temperature", temperature, above=0)
    _require_pairs(first, second)
    count = ops.shape(first)[0]
    views = ops.normalize(ops.concatenate([first, second], axis=0), axis=1)  # (2 n, d)
    similar = ops.matmul(views, ops.transpose(views)) / temperature  # (2 n, 2 n)
    similar = similar - _NEVER * ops.eye(2 * count, dtype=similar.dtype)
    other = ops.concatenate([ops.arange(count) + count, ops.arange(count)], axis=0)
    return ops.mean(keras.losses.sparse_categorical_crossentropy(other, similar, from_logits=True))


def vicreg_loss(first: Any, second: Any, *, invariance: float = 25.0, variance: float = 25.0, covariance: float = 1.0) -> Any:
    """Return the VICReg loss: views agree, every dimension varies, and no two dimensions say the same.

    Args:
        first: `(n, d)` vectors of one view of each image, n 2 or more.
        second: `(n, d)` vectors of the other view, in the same order.
        invariance: Weight of the mean squared difference of two views, 0 or more.
        variance: Weight of `max(0, 1 - standard deviation)`, the mean over dimensions, 0 or more. At 0 the features may collapse.
        covariance: Weight of the squared covariances between dimensions, their sum divided by d, 0 or more.

    Returns:
        A number.

    Raises:
        ValueError: If a weight is below 0, or the shapes differ.

    Source: Bardes, Ponce, LeCun (2022), "VICReg: variance-invariance-covariance regularization", equations 1 to 6, arXiv 2105.04906.
    """
    for name, value in (("invariance", invariance), ("variance", variance), ("covariance", covariance)):
        require_number(name, value, 0)
    _require_pairs(first, second)
    loss = invariance * ops.mean((first - second) ** 2)
    width = first.shape[1]
    others = 1.0 - np.eye(width, dtype="float32")
    for view in (first, second):
        centred = view - ops.mean(view, axis=0)
        products = ops.matmul(ops.transpose(centred), centred) / ops.cast(ops.shape(view)[0] - 1, view.dtype)  # (d, d)
        deviation = ops.sqrt(ops.diagonal(products) + 1e-4)
        loss = loss + variance * ops.mean(ops.relu(1.0 - deviation)) / 2.0
        loss = loss + covariance * ops.sum((products * others) ** 2) / width
    return loss


def _require_pairs(first: Any, second: Any) -> None:
    shapes = tuple(first.shape), tuple(second.shape)
    if len(shapes[0]) != 2 or shapes[0] != shapes[1]:
        raise ValueError(
            "Both views need vectors of one shape, (n, d), in the same order of images. "
            f"Received: first.shape={shapes[0]}, second.shape={shapes[1]}."
        )
