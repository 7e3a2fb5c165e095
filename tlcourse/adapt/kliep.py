"""KLIEP: importance weights directly from the rows, without a classifier."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from tlcourse.adapt.domains import as_domains, divisors, unit_of_all, warn_if_few_rows_count

_WIDTHS = (0.25, 0.5, 1.0, 2.0, 4.0)
_NARROW = 0.125  # tried as well for columns of one unit: in many of them, distances between rows are nearly the same
_NOTHING = 1e-300  # the mean of a bump that no source row is near
_STEPS, _STEPS_OF_A_FOLD = 200, 20  # twenty tell widths apart as well as two hundred


def kliep_weights(
    source_features: ArrayLike,
    target_features: ArrayLike,
    *,
    width: float | Sequence[float] | None = None,
    centres: int = 100,
    one_unit: bool = False,
    seed: int = 0,
) -> np.ndarray:
    """Weight source rows to explain the target best: Kullback-Leibler importance estimation (KLIEP).

    The weight is a sum of bumps on target rows, `w(x) = sum_l a_l exp(-|x - c_l|^2 / (2 width^2))`, `a_l >= 0`, that maximises
    `mean_target log w(x)` subject to `mean_source w(x) = 1` (Sugiyama, Nakajima, Kashima, von Buenau and Kawanabe 2008, "Direct
    importance estimation with model selection and its application to covariate shift adaptation", equation 4). With
    `m_l = mean_source bump_l`, the shares `s_l = a_l m_l` sum to 1 and the objective is the log-likelihood of a mixture with known
    parts `bump_l / m_l`: expectation-maximisation climbs to its one maximum without a step size (the paper climbs the
    gradient).

    Of several widths, the one is taken that does best on rows which the fit did not see, in five folds. The paper holds out
    only target rows. But narrow bumps that a single source row happens to reach get a tiny `m_l`, thus enormous heights, and every
    target row near them gains, held out or not: the narrowest width wins and few rows keep all the weight. So source rows are
    held out as well, and the score is `mean_target log w - mean_source w + 1` on both, a lower bound on the divergence of the
    target from the source that is sharp for the true ratio (Nguyen, Wainwright and Jordan 2010, "Estimating divergence functionals
    and the likelihood ratio by convex risk minimization"). Equal weights score 0: what scores no more is not used.

    Where part of the target lies beyond all source rows, there is no true ratio, and narrower bumps score ever better: look at the
    effective sample size, and at `proxy_a_distance`, before trusting the weights.

    Args:
        source_features: `(n_source, features)`.
        target_features: `(n_target, features)`.
        width: Width of the bumps, in units of the median distance between target rows, after each column is divided by its
            spread within the domains (a column that is constant in one domain then gets no boundless weight). Of several, the best
            is taken; None tries 0.25 to 4, and 0.125 too if `one_unit`.
        centres: How many target rows carry a bump, at most.
        one_unit: True divides all columns by one number in place of each by its own spread. For pixels and features of one
            network, in which a column that hardly varies says little.
        seed: Seed of the choice of centres and of the folds.

    Returns:
        `(n_source,)` weights, 0 or more, with mean 1; all 1 where several widths were given and none beats equal weights.
        A warning says when their effective sample size is below 5 % of the rows.

    Raises:
        ValueError: If the arrays do not fit each other, `width` is not above 0, or no bump reaches any source row, which means that
            the domains do not overlap and that no weighting can help.
    """
    source, target = as_domains(source_features, target_features)
    tried = ((_NARROW, *_WIDTHS) if one_unit else _WIDTHS) if width is None else width
    widths = np.atleast_1d(np.asarray(tried, np.float64))
    if not widths.size or not np.isfinite(widths).all() or widths.min() <= 0:
        raise ValueError(f"`width` must be above 0. Received: width={width!r}.")
    if centres < 1:
        raise ValueError(f"`centres` must be 1 or more. Received: centres={centres!r}.")
    spread = np.sqrt((source.var(axis=0) + target.var(axis=0)) / 2)
    spread = unit_of_all(spread) if one_unit else divisors(spread, source, target)
    source, target = source / spread, target / spread
    rng = np.random.default_rng(seed)
    target = target[rng.permutation(len(target))]
    to_source, to_target = (_squared(rows, target[:centres]) for rows in (source, target))
    apart = to_target[to_target > 1e-9 * to_target.max()]  # a row and its own bump are no pair
    unit = float(np.median(apart)) if apart.size else 1.0
    bumps = [[np.exp(squares / (-2 * one**2 * unit)) for squares in (to_source, to_target)] for one in widths]
    scores = [np.inf]
    if len(bumps) > 1:
        order = rng.permutation(len(source))
        scores = [_held_out_objective(on_source[order], on_target) for on_source, on_target in bumps]
    source_bumps, target_bumps = bumps[int(np.argmax(scores))]
    means = source_bumps.mean(axis=0)
    if np.isneginf(max(scores)) or not (means > _NOTHING).any():
        raise ValueError(
            "No source row lies near any target row: the domains do not overlap, and no weighting of the source can represent the "
            "target. Measure the shift first: `tlcourse.adapt.proxy_a_distance(source, target)`. "
            f"Received: width={tried!r}."
        )
    if max(scores) <= 0:
        return np.ones(len(source))
    weights = source_bumps @ _heights(means, target_bumps, np.full(len(target), 1 / len(target)))
    weights /= weights.mean()
    warn_if_few_rows_count(weights)
    return weights


def _squared(rows: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Squared distances, `(rows, centres)`."""
    squares = np.square(rows).sum(axis=1)[:, None] + np.square(centres).sum(axis=1) - 2.0 * rows @ centres.T
    return np.maximum(squares, 0.0)


def _heights(means: np.ndarray, target_bumps: np.ndarray, counts: np.ndarray, steps: int = _STEPS) -> np.ndarray:
    """Return the heights that maximise the objective; bumps without a source row near them get 0.

    One step of expectation-maximisation on the shares, written for the heights, is
    `a_l <- a_l / m_l * sum_j counts_j bump_lj / w_j`.

    Args:
        means: `(centres,)` or, for several fits at once, `(centres, fits)`: mean of each bump over the source.
        target_bumps: `(n_target, centres)`.
        counts: `(n_target,)` or `(n_target, fits)`: how much each target row counts, with sum 1.
        steps: Steps of expectation-maximisation.
    """
    sizes = np.divide(1.0, means, out=np.zeros_like(means), where=means > _NOTHING)
    heights = sizes / np.maximum(np.count_nonzero(sizes, axis=0), 1)
    backwards = np.ascontiguousarray(target_bumps.T)
    for _ in range(steps):
        seen = target_bumps @ heights
        shares = np.divide(
            counts, seen, out=np.zeros_like(seen), where=seen > _NOTHING
        )  # a row that no bump reaches does not count
        heights = sizes * (heights * (backwards @ shares))
    return heights


def _held_out_objective(source_bumps: np.ndarray, target_bumps: np.ndarray, folds: int = 5) -> float:
    """Mean `log w` over held-out target rows, less mean `w` over held-out source rows, plus 1; rows come in random order.

    Minus infinity where a held-out target row gets no weight. All folds are fitted at once.
    """
    folds = min(folds, len(source_bumps), len(target_bumps))
    in_source, in_target = (np.arange(len(rows))[:, None] % folds == np.arange(folds) for rows in (source_bumps, target_bumps))
    means = source_bumps.T @ (~in_source / (~in_source).sum(axis=0))  # (centres, folds)
    heights = _heights(means, target_bumps, ~in_target / (~in_target).sum(axis=0), _STEPS_OF_A_FOLD)
    on_target = (target_bumps @ heights)[in_target]
    if on_target.min() <= 0:
        return -np.inf
    return float(np.log(on_target).mean() - (source_bumps @ heights)[in_source].mean() + 1.0)
