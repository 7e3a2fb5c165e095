"""Check the images of two domains and the labels of one."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tlcourse.arguments import as_labels, require_same_length


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
        raise ValueError(f"`target_images` must hold at least one example. Received: target_images.shape={target.shape}.")
    if source.shape[1:] != target.shape[1:]:
        raise ValueError(
            "Examples of both domains must have the same shape. "
            f"Received: source_images.shape={source.shape}, target_images.shape={target.shape}."
        )
    return source, labels, target
