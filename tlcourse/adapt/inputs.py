"""Turning what callers hand over into arrays that fit each other, or into a message that says what is wrong."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tlcourse.arguments import as_labels, as_numbers, require_same_length


def as_feature_pair(source_features: ArrayLike, target_features: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return both as float64 `(n, features)` with 2 rows or more and the same columns.

    Raises:
        ValueError: If dimensions, columns or rows do not fit, or values are missing or infinite.
    """
    source = as_numbers("source_features", source_features, 2).astype(np.float64)
    target = as_numbers("target_features", target_features, 2).astype(np.float64)
    if source.shape[1] != target.shape[1]:
        raise ValueError(
            "`source_features` and `target_features` must have the same columns: features of the same backbone. "
            f"Received: {source.shape[1]} and {target.shape[1]} columns."
        )
    if min(len(source), len(target)) < 2:
        raise ValueError(f"Both domains need 2 examples or more. Received: {len(source)} and {len(target)}.")
    return source, target


def as_paired_images(
    source_images: ArrayLike, source_labels: ArrayLike, target_images: ArrayLike
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the three as arrays: labels one for each source image, images of both domains of the same shape.

    "Images" are what the backbone takes: images `(n, height, width, channels)` or rows of features `(n, features)`.

    Raises:
        ValueError: If lengths or shapes do not fit, labels are no class numbers, or a domain is empty.
    """
    source, target = np.asarray(source_images), np.asarray(target_images)
    labels = as_labels("source_labels", source_labels)
    require_same_length(source_images=source, source_labels=labels)
    if not len(target):
        raise ValueError("`target_images` must hold at least one example. Received none.")
    if source.shape[1:] != target.shape[1:]:
        raise ValueError(
            "Examples of both domains must have the same shape. Received: source_images "
            f"{source.shape[1:]} and target_images {target.shape[1:]} without the number of examples."
        )
    return source, labels, target
