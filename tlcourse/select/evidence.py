"""LogME: how probable a Bayesian linear model on frozen features makes the labels that were seen."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from tlcourse.select.arrays import as_pair

_STEP = 0.25  # of the logarithm of the ratio; the evidence is a smooth function of it, which bends on a scale of 1
_ROUNDS = 25  # of golden section inside two such steps: the evidence then errs by less than rounding
_APART = 1e-8  # smallest over largest square above which inner products keep eight digits of each
_SMALLEST = 1e-12  # of the noise, relative to the labels: without it a perfect fit has no maximum
_BELOW, _ABOVE = 1e-14, 1e10  # how far beyond the squared singular values the ratio is looked for; there the evidence is flat


def log_me(features: ArrayLike, labels: ArrayLike) -> float:
    """Return the logarithm of the maximum evidence, per example, averaged over classes: higher is better.

    For each class, its column of zeros and ones is modelled as `features @ weights + noise`, weights normal with precision alpha,
    noise normal with precision beta. The evidence is the density of the column with all weights integrated out; alpha and beta
    are those that make it largest: nothing is trained, tuned or held out. You et al. 2021, "LogME: practical assessment of
    pre-trained models for transfer learning" (arXiv 2102.11005), equation 2. Their algorithm 1 is a fixed point iteration, which
    stops at the nearest maximum; here the ratio of alpha and beta is looked for on a grid and then refined, which finds the
    highest. As in the paper, features are not centred.

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

    The features are divided by their largest value first. The smaller of the two matrices of inner products is taken apart, which
    is fast. Squaring loses what is much smaller than the largest feature, so where the two are far apart, the features are.

    Args:
        features: `(examples, features)` float64.
        targets: `(examples, columns)`.

    Returns:
        `(rank,)` squared singular values above zero, and `(rank, columns)` squared lengths of the targets along the left
        singular vectors.
    """
    features = features[:, features.any(axis=0)] / np.abs(features).max()
    examples, width = features.shape
    if width <= examples:
        squares, vectors = np.linalg.eigh(features.T @ features)  # (features, features)
        along = vectors.T @ (features.T @ targets)  # singular value times the part along it
    else:
        squares, vectors = np.linalg.eigh(features @ features.T)  # (examples, examples)
        along = vectors.T @ targets
    if squares[0] > _APART * squares[-1]:
        return squares, along**2 / squares[:, None] if width <= examples else along**2
    vectors, values, _ = np.linalg.svd(features, full_matrices=False)
    kept = values > values[0] * max(features.shape) * np.finfo(float).eps
    return values[kept] ** 2, (vectors[:, kept].T @ targets) ** 2


def maximum_evidence(squares: np.ndarray, explained: np.ndarray, total: np.ndarray, examples: int) -> np.ndarray:
    """Return for each target the logarithm of the largest evidence over alpha and beta.

    For a given ratio alpha / beta the best beta is known, so only the ratio is looked for. Each local maximum on a grid of its
    logarithm is refined, and the highest counts.

    Args:
        squares: `(rank,)` squared singular values of the features.
        explained: `(rank, columns)` squared lengths of the targets along the left singular vectors.
        total: `(columns,)` squared lengths of the targets.
        examples: Number of examples.
    """
    outside = np.maximum(total - explained.sum(axis=0), _SMALLEST * total)  # no feature reaches this part
    grid = np.arange(np.log(_BELOW * squares.min()), np.log(_ABOVE * squares.max()) + _STEP, _STEP)
    kept = _kept(grid, squares)
    values = _evidence(kept, kept @ explained + outside, examples)  # (grid, columns)
    places, columns = _local_maxima(values)
    own, rest = explained[:, columns], outside[columns]

    def at(ratios: np.ndarray) -> np.ndarray:
        kept = _kept(ratios, squares)
        return _evidence(kept, np.einsum("ij,ji->i", kept, own)[:, None] + rest[:, None], examples)[:, 0]

    best = values.max(axis=0)
    np.maximum.at(best, columns, _highest(at, grid[places] - _STEP, grid[places] + _STEP))
    return best


def _kept(ratios: np.ndarray, squares: np.ndarray) -> np.ndarray:
    """Return `(ratios, rank)` the share of each direction that the weights leave unexplained, for logarithms of ratios."""
    ratios = np.exp(ratios)[:, None]
    return ratios / (ratios + squares)


def _evidence(kept: np.ndarray, misfit: np.ndarray, examples: int) -> np.ndarray:
    """Return the logarithm of the evidence, `(ratios, columns)`; `misfit` is residual plus penalty, in units of the noise."""
    return -0.5 * examples * (np.log(2 * np.pi * misfit / examples) + 1) + 0.5 * np.log(kept).sum(axis=1)[:, None]


def _local_maxima(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return row and column of each value that its neighbours above and below do not exceed; rounding makes no maximum."""
    rounding = 1e-12 * np.abs(values).max(axis=0)
    padded = np.pad(values, ((1, 1), (0, 0)), constant_values=-np.inf)
    rows, columns = np.nonzero((values >= padded[:-2] - rounding) & (values > padded[2:] + rounding))
    return rows, columns


def _highest(at: Callable[[np.ndarray], np.ndarray], low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return the highest value between `low` and `high` by golden section, for all intervals at once."""
    golden = (5**0.5 - 1) / 2
    left, right = high - golden * (high - low), low + golden * (high - low)
    at_left, at_right = at(left), at(right)
    for _ in range(_ROUNDS):
        up = at_right > at_left  # the maximum lies right of `left`
        low, high = np.where(up, left, low), np.where(up, high, right)
        new = np.where(up, low + golden * (high - low), high - golden * (high - low))
        at_new = at(new)
        left, right = np.where(up, right, new), np.where(up, new, left)
        at_left, at_right = np.where(up, at_right, at_new), np.where(up, at_new, at_left)
    return np.maximum(at_left, at_right)
