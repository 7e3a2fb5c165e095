"""Rotation prediction: by how many quarters was the image turned? (Gidaris et al. 2018)"""

from __future__ import annotations

import numpy as np


def rotate_quarters(images: np.ndarray, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Turn each image by 0, 1, 2 or 3 quarters, drawn at random; the number of quarters is the label.

    Args:
        images: `(n, side, side, channels)`.
        seed: 0 or more.

    Returns:
        The turned images and `(n,)` int64 labels, 0 to 3, counter-clockwise.

    Raises:
        ValueError: If the images are not square.

    Source: Gidaris, Singh, Komodakis (2018), "Unsupervised representation learning by predicting image rotations", arXiv 1803.07728.

    Example:
        >>> turned, quarters = selfsup.rotate_quarters(np.zeros((6, 8, 8, 3), "uint8"))
        >>> turned.shape, quarters.shape
        ((6, 8, 8, 3), (6,))
    """
    images = np.asarray(images)
    if images.ndim != 4 or images.shape[1] != images.shape[2]:
        raise ValueError(f"Expected square images (n, side, side, channels). Received: images.shape={images.shape}.")
    quarters = np.random.default_rng(seed).integers(0, 4, len(images))
    turned = np.empty_like(images)
    for quarter in range(4):
        turned[quarters == quarter] = np.rot90(images[quarters == quarter], quarter, axes=(1, 2))
    return turned, quarters
