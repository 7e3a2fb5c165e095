"""H-score: how far the classes lie apart, compared with how far all features spread."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tlcourse.select.arrays import as_pair


def h_score(features: ArrayLike, labels: ArrayLike, *, shrinkage: bool = False) -> float:
    """Return the trace of inverse covariance of the features times covariance of their class means: higher is better.

    Bao et al. 2019, "An information-theoretic approach to transferability in task transfer learning", definition 2. Any
    invertible linear map of the features leaves it unchanged. It inverts a covariance, for which there must be more examples
    than features; with fewer, every backbone would get the same value, classes minus 1. `shrinkage` is for that case.

    Args:
        features: `(examples, features)` of a frozen backbone.
        labels: `(examples,)` class numbers of the target.
        shrinkage: False for the definition above. True for the version of Ibrahim et al. 2021, "Newer is not always better"
            (arXiv 2110.06893), in which the covariance is shrunk towards a multiple of the identity by Ledoit and Wolf's share;
            it works with few examples, and is unchanged by rotation and scale only.

    Returns:
        0 to classes minus 1.

    Raises:
        ValueError: If shapes do not fit, values are missing, labels hold one class, features are constant, or there are no more
            examples than features and `shrinkage` is False.
    """
    features, labels, num_classes = as_pair(features, labels)
    centred = features - features.mean(axis=0)
    if not np.abs(centred).max() > 1e-12 * np.abs(features).max():
        raise ValueError(
            f"`features` must differ between examples. Received: len(features)={len(features)}, all rows the same."
        )
    examples, width = centred.shape
    counts = np.bincount(labels, minlength=num_classes)
    sums = np.zeros((num_classes, width))
    np.add.at(sums, labels, centred)
    means = sums / np.sqrt(counts * examples)[:, None]  # (classes, features): their inner products are the covariance
    if shrinkage:
        return _shrunk(centred, means)
    if examples <= width:
        raise ValueError(
            f"The H-score needs more examples than features: with fewer it is classes - 1 = {num_classes - 1} for any backbone. "
            f"Use h_score(features, labels, shrinkage=True). Received: features.shape={centred.shape}."
        )
    values, vectors = np.linalg.eigh(centred.T @ centred / examples)  # (features, features)
    kept = values > values[-1] * examples * np.finfo(float).eps
    return float(((means @ vectors[:, kept]) ** 2 / values[kept]).sum())


def _shrunk(centred: np.ndarray, means: np.ndarray) -> float:
    """The H-score with (1 - s) * covariance + s * scale * identity, and (1 - s) * covariance of the means."""
    from sklearn.covariance import ledoit_wolf_shrinkage

    examples, width = centred.shape
    share = float(ledoit_wolf_shrinkage(centred, assume_centered=True))
    ridge = share * (centred**2).sum() / (examples * width)
    if share == 1:
        return 0.0
    if width <= examples:
        mixed = (1 - share) * (centred.T @ centred) / examples + ridge * np.eye(width)
        return float((1 - share) * np.einsum("ij,ji->", means, np.linalg.solve(mixed, means.T)))
    inner = centred @ centred.T  # with more features than examples the smaller matrix is inverted (Woodbury)
    small = ridge * np.eye(examples) + (1 - share) * inner / examples
    across = means @ centred.T  # (classes, examples)
    kept = across @ np.linalg.solve(small, across.T) * (1 - share) / examples
    return float((1 - share) * (np.trace(means @ means.T) - np.trace(kept)) / ridge)
