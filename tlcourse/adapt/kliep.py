"""KLIEP: importance weights straight from the rows, without a classifier in between."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from tlcourse.adapt.domains import as_domains

_WIDTHS = (0.25, 0.5, 1.0, 2.0, 4.0)


def kliep_weights(
    source_features: ArrayLike,
    target_features: ArrayLike,
    *,
    width: float | Sequence[float] = _WIDTHS,
    centres: int = 100,
    seed: int = 0,
) -> np.ndarray:
    """Weigh source rows so that the weighted source explains the target best: Kullback-Leibler importance estimation.

    The weight is a sum of bumps on target rows, `w(x) = sum_l a_l exp(-|x - c_l|^2 / (2 width^2))`, `a_l >= 0`, that maximises
    `sum_target log w(x)` subject to `mean_source w(x) = 1` (Sugiyama, Nakajima, Kashima, von Buenau and Kawanabe 2008, "Direct
    importance estimation with model selection and its application to covariate shift adaptation", equation 4). With
    `m_l = mean_source bump_l`, the shares `s_l = a_l m_l` sum to 1 and the objective is the log-likelihood of a mixture with known
    parts `bump_l / m_l`, so that expectation-maximisation finds its one maximum without a step size (the paper climbs the gradient).

    Args:
        source_features: `(n_source, features)`.
        target_features: `(n_target, features)`.
        width: of the bumps, in units of the median distance between target rows after standardising by the source; of several,
            the one with the highest cross-validated objective on held-out target rows is taken.
        centres: how many target rows carry a bump, at most.
        seed: of the choice of centres and of the folds.

    Returns:
        `(n_source,)` weights, 0 or more, with mean 1.

    Raises:
        ValueError: if the arrays do not fit each other, `width` is not above 0, or no bump reaches any source row, which means that
            the domains do not overlap and that no weighting can help.
    """
    source, target = as_domains(source_features, target_features)
    widths = np.atleast_1d(np.asarray(width, np.float64))
    if not widths.size or not np.isfinite(widths).all() or widths.min() <= 0:
        raise ValueError(f"`width` must be above 0. Received: width={width!r}.")
    if centres < 1:
        raise ValueError(f"`centres` must be 1 or more. Received: centres={centres!r}.")
    spread = source.std(axis=0)
    source, target = (rows / np.where(spread > 0, spread, 1.0) for rows in (source, target))
    order = np.random.default_rng(seed).permutation(len(target))
    places = target[order[:centres]]
    to_source, to_target = _squared(source, places), _squared(target, places)
    apart = to_target[to_target > 1e-9 * to_target.max()]  # a row and its own bump are no pair
    unit = float(np.median(apart)) if apart.size else 1.0
    scores = [_held_out_objective(to_source, to_target[order], w * w * unit) for w in widths] if len(widths) > 1 else [0.0]
    if not np.isfinite(scores).any():
        raise ValueError(
            f"No source row lies near any target row, for width={width!r}: the domains do not overlap, and no weighting of the "
            "source can stand for the target."
        )
    variance = float(widths[int(np.argmax(scores))] ** 2 * unit)
    bumps = np.exp(-to_source / (2 * variance))
    weights = bumps @ _amplitudes(bumps, np.exp(-to_target / (2 * variance)))
    return weights / weights.mean()


def _squared(rows: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Squared distances, `(rows, centres)`."""
    squares = np.square(rows).sum(axis=1)[:, None] + np.square(centres).sum(axis=1) - 2.0 * rows @ centres.T
    return np.maximum(squares, 0.0)


def _amplitudes(source_bumps: np.ndarray, target_bumps: np.ndarray, steps: int = 200) -> np.ndarray:
    """Return `(centres,)` heights that maximise the objective; bumps without a source row near them get 0."""
    means = source_bumps.mean(axis=0)
    used = means > 1e-300
    if not used.any():
        raise ValueError(
            "No source row lies near any target row: the domains do not overlap, and no weighting of the source can stand for "
            "the target. Measure the shift first: tlcourse.adapt.proxy_a_distance(source, target)."
        )
    parts = target_bumps[:, used] / means[used]
    parts = parts[parts.sum(axis=1) > 0]  # rows that no usable bump reaches say nothing about the shares
    shares = np.full(parts.shape[1], 1.0 / parts.shape[1])
    for _ in range(steps):
        mixed = parts * shares
        shares = (mixed / mixed.sum(axis=1, keepdims=True)).mean(axis=0)
    heights = np.zeros(len(means))
    heights[used] = shares / means[used]
    return heights


def _held_out_objective(to_source: np.ndarray, to_target: np.ndarray, variance: float, folds: int = 5) -> float:
    """Mean `log w` of target rows that the fit did not see; minus infinity where a row gets no weight or nothing overlaps."""
    source_bumps, target_bumps = np.exp(-to_source / (2 * variance)), np.exp(-to_target / (2 * variance))
    total = 0.0
    for fold in range(min(folds, len(to_target))):
        held = np.arange(len(to_target)) % folds == fold
        try:
            heights = _amplitudes(source_bumps, target_bumps[~held], steps=40)  # enough to tell widths apart
            seen = target_bumps[held] @ heights
        except ValueError:
            return -np.inf
        if seen.min() <= 0:
            return -np.inf
        total += float(np.log(seen).sum())
    return total / len(to_target)
