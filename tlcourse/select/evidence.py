"""LogME: how probable a Bayesian linear model on frozen features makes the labels that were seen."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tlcourse.select.arrays import as_pair

_STEPS = 200
_STILL = 1e-5  # relative change of the ratio at which a class is done; the evidence, flat at its maximum, errs far less
_SMALLEST = 1e-12  # of the ratio and of the noise, relative to features and labels: without it a perfect fit has no maximum


def log_me(features: ArrayLike, labels: ArrayLike) -> float:
    """Return the logarithm of the maximum evidence, per example, averaged over classes: higher is better.

    For each class, its column of zeros and ones is modelled as `features @ weights + noise`, weights normal with precision alpha,
    noise normal with precision beta. The evidence is the density of the column with all weights integrated out; alpha and beta
    are those that make it largest: nothing is trained, tuned or held out. You et al. 2021, "LogME: practical assessment of
    pre-trained models for transfer learning" (arXiv 2102.11005), equation 2 and algorithm 1, iterated for all classes at once on
    one decomposition, as You et al. 2022 (arXiv 2110.10545) do for one. As in both, features are not centred.

    Scaling or rotating the features changes nothing. Compare values for the same labels only: another target has another scale.

    Args:
        features: `(examples, features)` of a frozen backbone; may be a read-only memory map.
        labels: `(examples,)` class numbers of the target.

    Returns:
        The score; it has no bounds, and is often negative.

    Raises:
        ValueError: If shapes do not fit, values are missing, labels hold one class, or features are zero throughout.
    """
    features, labels, num_classes = as_pair(features, labels)
    targets = np.eye(num_classes)[labels]  # (examples,) -> (examples, classes)
    squares, explained = decompose(features, targets)
    total = targets.sum(axis=0)  # squared length of a column of zeros and ones
    return float(maximum_evidence(squares, explained, total, len(labels)).mean() / len(labels))


def decompose(features: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what the evidence needs to know: squared singular values, and the part of each target that lies along each.

    Args:
        features: `(examples, features)` float64.
        targets: `(examples, columns)`.

    Returns:
        `(rank,)` squared singular values above zero, and `(rank, columns)` squared lengths of the targets along the left
        singular vectors. Only the smaller of the two matrices of inner products is taken apart; they share these numbers.
    """
    examples, width = features.shape
    if width <= examples:
        squares, vectors = np.linalg.eigh(features.T @ features)  # (features, features)
        along = vectors.T @ (features.T @ targets)  # singular value times the part along it
    else:
        squares, vectors = np.linalg.eigh(features @ features.T)  # (examples, examples)
        along = vectors.T @ targets
    kept = squares > squares[-1] * max(examples, width) * np.finfo(float).eps
    squares, along = squares[kept], along[kept]
    return squares, along**2 / squares[:, None] if width <= examples else along**2


def maximum_evidence(squares: np.ndarray, explained: np.ndarray, total: np.ndarray, examples: int) -> np.ndarray:
    """Return for each target the logarithm of the largest evidence over alpha and beta.

    Everything is written in the ratio alpha / beta. The fixed point is MacKay's: alpha = g / |m|^2 and
    beta = (n - g) / |residual|^2, with the effective number of weights g.

    Args:
        squares: `(rank,)` squared singular values of the features.
        explained: `(rank, columns)` squared lengths of the targets along the left singular vectors.
        total: `(columns,)` squared lengths of the targets.
        examples: Number of examples.
    """
    outside = np.maximum(total - explained.sum(axis=0), _SMALLEST * total)  # no feature reaches this part
    ratio, largest = np.full(explained.shape[1], squares.mean()), squares[-1]
    moving = np.arange(explained.shape[1])
    for _ in range(_STEPS):
        here, parts = ratio[moving], explained[:, moving]
        shrink = 1.0 / (here + squares[:, None])  # (rank, columns that still move)
        effective = squares @ shrink
        weights = squares @ (parts * shrink**2)
        residual = here**2 * (parts * shrink**2).sum(axis=0) + outside[moving]
        with np.errstate(divide="ignore"):
            after = effective * residual / (weights * (examples - effective))
        after = np.clip(after, _SMALLEST * largest, largest / _SMALLEST)
        ratio[moving] = after
        moving = moving[np.abs(after - here) > _STILL * here]
        if not len(moving):
            break
    kept = ratio / (ratio + squares[:, None])
    misfit = (explained * kept).sum(axis=0) + outside  # residual plus penalty, in units of the noise
    return -0.5 * examples * (np.log(2 * np.pi * misfit / examples) + 1) + 0.5 * np.log(kept).sum(axis=0)
