"""Ranking metrics, one value a user, with ties, users without relevant items and long k settled.

- Ties: a metric is its expected value when equal scores are put in a random order. A constant score is worth a random list.
- A user without relevant items gets NaN: there is nothing to find. Average with `np.nanmean`.
- k beyond the number of candidates: all candidates are recommended.
- `exclude` takes items out of the candidates, such as those that the user has rated already.
- Recall divides by all relevant items of the user, also where they are more than k.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln

from tlcourse.arguments import as_numbers, require_one_of, require_whole

GAINS = ("linear", "exponential")
_CHUNK = 2_000_000  # scores sorted at once


def recall_at_k(scores: ArrayLike, relevant: ArrayLike, k: int, *, exclude: ArrayLike | None = None) -> np.ndarray:
    """Return the share of each user's relevant items that are among the k highest scores.

    Args:
        scores: `(users, items)`, higher is recommended earlier.
        relevant: `(users, items)`, true where the item is relevant.
        k: Length of the list, 1 or more.
        exclude: `(users, items)`, true where the item is no candidate.

    Returns:
        `(users,)`, 0 to 1; NaN for a user without relevant items.

    Raises:
        ValueError: If shapes differ, a score is not finite, or an item is relevant and excluded.

    Example:
        >>> recommend.recall_at_k([[0.9, 0.5, 0.1]], [[True, False, True]], k=1)
        array([0.5])
    """
    ranked, wanted = _tables(scores, relevant, exclude)
    above, tied, tied_wanted, free = _border(ranked, wanted, k)
    with np.errstate(invalid="ignore"):
        return np.asarray((above + free * tied_wanted / tied) / wanted.sum(axis=1))


def hit_rate_at_k(scores: ArrayLike, relevant: ArrayLike, k: int, *, exclude: ArrayLike | None = None) -> np.ndarray:
    """Return 1 for each user who finds a relevant item among the k highest scores, 0 for others; the probability where ties decide.

    Args:
        scores: `(users, items)`, higher is recommended earlier.
        relevant: `(users, items)`, true where the item is relevant.
        k: Length of the list, 1 or more.
        exclude: `(users, items)`, true where the item is no candidate.

    Returns:
        `(users,)`, 0 to 1; NaN for a user without relevant items.

    Raises:
        ValueError: If shapes differ, a score is not finite, or an item is relevant and excluded.
    """
    ranked, wanted = _tables(scores, relevant, exclude)
    above, tied, tied_wanted, free = _border(ranked, wanted, k)
    others = tied - tied_wanted
    possible = others >= free  # that the free places of the list hold no relevant item
    few = np.minimum(free, others)
    log_miss = gammaln(others + 1) - gammaln(others - few + 1) - gammaln(tied + 1) + gammaln(tied - few + 1)
    hit = np.where(above > 0, 1.0, np.where(possible, 1.0 - np.exp(log_miss), 1.0))
    return np.asarray(np.where(wanted.any(axis=1), np.clip(hit, 0.0, 1.0), np.nan))


def ndcg_at_k(
    scores: ArrayLike, relevance: ArrayLike, k: int, *, gain: str = "linear", exclude: ArrayLike | None = None
) -> np.ndarray:
    """Return the normalised discounted cumulative gain of each user's k highest scores.

    An item of relevance r at position i (from 1) counts `r / log2(i + 1)`. The sum is divided by the largest sum that any order
    of the candidates reaches in k places. With the linear gain this is scikit-learn's `ndcg_score`, which gives 0 and not NaN to
    users without relevant items; the exponential gain, `2**r - 1`, is the one of many papers. They agree on relevance 0 and 1.

    Args:
        scores: `(users, items)`, higher is recommended earlier.
        relevance: `(users, items)`, 0 or more; 0 is not relevant.
        k: Length of the list, 1 or more.
        gain: "linear" or "exponential".
        exclude: `(users, items)`, true where the item is no candidate.

    Returns:
        `(users,)`, 0 to 1; NaN for a user without relevant items.

    Raises:
        ValueError: If shapes differ, a number is not finite, a relevance is below 0, or an item is relevant and excluded.

    Source: Järvelin, Kekäläinen (2002), "Cumulated gain-based evaluation of IR techniques".
    """
    require_one_of("gain", gain, GAINS)
    require_whole("k", k, 1)
    values = as_numbers("relevance", relevance, 2)
    if values.min() < 0:
        raise ValueError(f"`relevance` must be 0 or more. Received: relevance.min()={values.min():g}.")
    ranked, _ = _tables(scores, values > 0, exclude)
    gains = values if gain == "linear" else 2.0**values - 1.0
    discount = np.where(np.arange(ranked.shape[1]) < k, 1.0 / np.log2(np.arange(ranked.shape[1]) + 2.0), 0.0)
    step = max(1, _CHUNK // ranked.shape[1])
    parts = [_ndcg(ranked[i : i + step], gains[i : i + step], discount) for i in range(0, len(ranked), step)]
    return np.concatenate(parts)


def coverage_at_k(scores: ArrayLike, k: int, *, exclude: ArrayLike | None = None) -> float:
    """Return the share of all items that are on the list of at least one user.

    Of equal scores the item with the lower number comes first: a list that is shown has one order, and a constant score shows
    everybody the same k items.

    Args:
        scores: `(users, items)`, higher is recommended earlier.
        k: Length of the list, 1 or more.
        exclude: `(users, items)`, true where the item is no candidate.

    Raises:
        ValueError: If shapes differ or a score is not finite.
    """
    require_whole("k", k, 1)
    ranked, _ = _tables(scores, np.zeros(np.shape(scores), bool), exclude)
    top = np.argsort(-ranked, axis=1, kind="stable")[:, :k]
    shown = np.isfinite(np.take_along_axis(ranked, top, axis=1))
    return len(np.unique(top[shown])) / ranked.shape[1]


def _tables(scores: ArrayLike, relevant: ArrayLike, exclude: ArrayLike | None) -> tuple[np.ndarray, np.ndarray]:
    """Return scores, minus infinity where excluded, and relevance as booleans."""
    ranked, wanted = as_numbers("scores", scores, 2), np.asarray(relevant)
    if wanted.shape != ranked.shape:
        raise ValueError(
            f"Scores and relevance must have one shape. Received: scores.shape={ranked.shape}, relevant.shape={wanted.shape}."
        )
    if not np.isin(wanted, (0, 1)).all():
        raise ValueError(
            f"`relevant` must hold true or false. Say what counts: ratings >= 4. Received: relevant={np.unique(wanted)[:5]}."
        )
    wanted = wanted.astype(bool)
    if exclude is not None:
        out = np.asarray(exclude, bool)
        if out.shape != ranked.shape:
            raise ValueError(
                f"Scores and `exclude` must have one shape. Received: scores.shape={ranked.shape}, exclude.shape={out.shape}."
            )
        if (wanted & out).any():
            raise ValueError(
                f"An item is relevant and excluded. Take the items of training out of both. Received: exclude={out.sum()} items."
            )
        ranked = np.where(out, -np.inf, ranked)
    return ranked, wanted


def _border(ranked: np.ndarray, wanted: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return, a user each: relevant items surely on the list, items tied for its last places, relevant ones of these, free places."""
    require_whole("k", k, 1)
    short = min(k, ranked.shape[1])
    last = -np.partition(-ranked, short - 1, axis=1)[:, short - 1 : short]  # score of the last place
    above, tie = ranked > last, ranked == last
    return (above & wanted).sum(1), tie.sum(1), (tie & wanted).sum(1), short - above.sum(1)


def _ndcg(ranked: np.ndarray, gains: np.ndarray, discount: np.ndarray) -> np.ndarray:
    order = np.argsort(-ranked, axis=1)
    in_order = np.take_along_axis(ranked, order, axis=1)
    first = np.ones(ranked.shape, bool)  # where a new score begins
    first[:, 1:] = in_order[:, 1:] != in_order[:, :-1]
    weights = np.broadcast_to(discount, ranked.shape)
    if not first.all():  # equal scores share the mean of their discounts
        starts = np.flatnonzero(first)
        sizes = np.diff(starts, append=first.size)
        weights = np.repeat(np.add.reduceat(weights.ravel(), starts) / sizes, sizes).reshape(ranked.shape)
    reached = (np.take_along_axis(gains, order, axis=1) * weights).sum(axis=1)
    best = -np.sort(-gains, axis=1) @ discount
    with np.errstate(invalid="ignore"):
        return np.asarray(reached / best)
