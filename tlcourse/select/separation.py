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
            examples than features and `shrinkage` is False, or so few that Ledoit and Wolf's share is 0 (two always are).
    """
    features, labels, num_classes = as_pair(features, labels)
    examples, width = features.shape
    centred = _centred(features / np.abs(features).max())
    if not centred.any():
        raise ValueError(f"`features` must differ between examples. Received: len(features)={examples}, all rows the same.")
    if shrinkage:
        ridge = _ridge(centred, num_classes)
    elif examples > width:
        spread = centred.std(axis=0)
        centred, ridge = centred / np.where(spread > 0, spread, 1.0), 0.0  # a linear map, which keeps small features in range
    else:
        raise ValueError(
            f"The H-score needs more examples than features: with fewer it is classes - 1 = {num_classes - 1} for any backbone. "
            f"Use h_score(features, labels, shrinkage=True). Received: features.shape={features.shape}."
        )
    directions, values, _ = np.linalg.svd(centred, full_matrices=False)
    kept = values > values[0] * max(centred.shape) * np.finfo(float).eps
    squares = values[kept] ** 2 / examples
    members = np.eye(num_classes)[labels]  # (examples, classes)
    between = (directions[:, kept].T @ (members / np.sqrt(members.sum(axis=0)))) ** 2  # (directions, classes)
    return float(min(num_classes - 1.0, squares / (squares + ridge) @ between.sum(axis=1)))


def _centred(features: np.ndarray) -> np.ndarray:
    """Subtract the mean of each column; a column that is constant but for rounding becomes zero."""
    centred = features - features.mean(axis=0)
    constant = np.abs(centred).max(axis=0) <= 1e-12 * np.abs(features).max(axis=0)
    centred[:, constant] = 0.0
    return centred


def _ridge(centred: np.ndarray, num_classes: int) -> float:
    """Return what is added to each variance, in units of the part of the covariance that is kept; infinite where nothing is."""
    from sklearn.covariance import ledoit_wolf_shrinkage

    examples, width = centred.shape
    share = float(ledoit_wolf_shrinkage(centred, assume_centered=True))
    if share < 1e-9 and examples <= width:
        raise ValueError(
            f"With so few examples the covariance is not shrunk at all, and the H-score is classes - 1 = {num_classes - 1} for any "
            f"backbone. Use more examples. Received: features.shape={centred.shape}."
        )
    return np.inf if share >= 1 else share / (1 - share) * float((centred**2).mean())
