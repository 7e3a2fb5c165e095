"""Find all pairs of 64-bit hashes that differ in few bits, without comparing every pair.

Multi-index hashing (Norouzi, Punjani and Fleet 2012, "Fast search in Hamming space with multi-index hashing"): cut the bits into
m bands. Two hashes that differ in at most r bits have at least one band in which they differ in at most floor(r / m) bits. So it is
enough to compare, band by band, hashes whose band is almost the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np

BITS = 64
_TABLE_BITS = 22  # bands up to this length are looked up in a table with 2 ** bits entries
_MAX_PAIRS = 5_000_000  # in memory: about 200 MB while they are sorted
_AT_ONCE = 2_000_000  # candidate pairs in memory at a time


@dataclass(frozen=True)
class Pairs:
    """Pairs of positions, each once, sorted.

    Args:
        left: Positions in the first set of hashes, `(k,)`.
        right: Positions in the second set, `(k,)`.
        complete: False if the search ended at `max_candidates`. Then there may be more pairs.
    """

    left: np.ndarray
    right: np.ndarray
    complete: bool


def near_pairs(left: np.ndarray, right: np.ndarray | None = None, *, radius: int, max_candidates: int = 100_000_000) -> Pairs:
    """Find every pair of hashes that differ in at most `radius` bits.

    Pass distinct hashes (`np.unique`): many equal hashes make many pairs.

    Args:
        left: Hashes `(n,)`, uint64.
        right: Hashes `(m,)`, uint64, or None for pairs within `left` (the smaller position first).
        radius: Number of bits that may differ, 0 to 64.
        max_candidates: Number of comparisons after which the search ends: a bound for hashes that are almost all alike.

    Raises:
        ValueError: If `radius` lies outside 0 to 64.
    """
    if not 0 <= radius <= BITS:
        raise ValueError(f"`radius` must lie between 0 and {BITS}. Received: radius={radius!r}.")
    left = np.ascontiguousarray(left, dtype=np.uint64)
    others = left if right is None else np.ascontiguousarray(right, dtype=np.uint64)
    found, compared, pairs, complete = [np.zeros((0, 2), np.int64)], 0, 0, True
    for i, j in _candidates(left, others, radius):
        compared += len(i)
        close = np.bitwise_count(left[i] ^ others[j]) <= radius
        if right is None:
            close &= i < j
        found.append(np.stack([i[close], j[close]], axis=1))
        pairs += len(found[-1])
        if compared > max_candidates or pairs > _MAX_PAIRS:
            complete = False
            break
    both = np.unique(np.concatenate(found), axis=0)  # a pair can be close in several bands
    return Pairs(both[:, 0], both[:, 1], complete)


def _candidates(left: np.ndarray, right: np.ndarray, radius: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield positions of hashes whose bands differ in few enough bits."""
    bands = bands_for(max(len(left), len(right)), radius)
    for start, length in bands:
        keys, other_keys = _band(left, start, length), _band(right, start, length)
        order = np.argsort(other_keys, kind="stable")
        ranges_of = _range_finder(other_keys[order], length)
        for mask in _masks(length, radius // len(bands)):
            for i, place in _ranges(*ranges_of(keys ^ mask)):
                yield i, order[place]


def bands_for(count: int, radius: int) -> list[tuple[int, int]]:
    """Choose the bands `(first bit, length)` that give the fewest candidates among `count` evenly spread hashes."""
    best = min(range(1, min(radius + 1, BITS) + 1), key=lambda m: _expected_work(m, count, radius))
    edges = [BITS * k // best for k in range(best + 1)]
    return [(low, high - low) for low, high in pairwise(edges)]


def _expected_work(bands: int, count: int, radius: int) -> float:
    length = BITS // bands
    return bands * _number_of_masks(length, radius // bands) * (1 + count / 2.0**length)


def _number_of_masks(length: int, allowed: int) -> float:
    total, term = 1.0, 1.0
    for k in range(1, min(allowed, length) + 1):
        term *= (length - k + 1) / k
        total += term
    return total


def _masks(length: int, allowed: int) -> Iterator[np.uint64]:
    for count in range(min(allowed, length) + 1):
        for bits in combinations(range(length), count):
            yield np.uint64(sum(1 << bit for bit in bits))


def _band(hashes: np.ndarray, start: int, length: int) -> np.ndarray:
    mask = np.uint64((1 << length) - 1)
    return (hashes >> np.uint64(start)) & mask


def _range_finder(ordered: np.ndarray, length: int) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Return a function from keys to the positions in `ordered` where each key begins and ends."""
    if length > _TABLE_BITS:
        return lambda keys: (np.searchsorted(ordered, keys, "left"), np.searchsorted(ordered, keys, "right"))
    begins = np.concatenate([[0], np.cumsum(np.bincount(ordered.astype(np.int64), minlength=1 << length))])

    def look_up(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        places = keys.astype(np.int64)
        return begins[places], begins[places + 1]

    return look_up


def _ranges(first: np.ndarray, last: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield `(i, place)` for every place from `first[i]` to `last[i]`, about two million at a time."""
    lengths = last - first
    hits = np.flatnonzero(lengths)
    ends = np.cumsum(lengths[hits])
    begin = 0
    while begin < len(hits):
        done = ends[begin - 1] if begin else 0
        stop = max(int(np.searchsorted(ends, done + _AT_ONCE, "right")), begin + 1)
        some = hits[begin:stop]
        counts = lengths[some]
        i = np.repeat(some, counts)
        offsets = np.arange(len(i)) - np.repeat(np.cumsum(counts) - counts, counts)
        yield i, np.repeat(first[some], counts) + offsets
        begin = stop
