"""Find images of one set that are in another set too, exactly, nearly or mirrored; blank images, and images that fill a set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tlcourse.audit.data.hashing import STEPS, Prints, mirror
from tlcourse.audit.data.neighbours import near_pairs

# Measured on flower photographs, cats and dogs, MNIST, chest X-rays and drawn flowers: 99 % of the copies that were re-encoded at
# JPEG quality 50, halved, enlarged, brightened by 10 % or mirrored lie within 6 bits. Of different images within 6 bits, none of
# 6,000 has thumbnails as close as the two bounds below.
RADIUS = 6
_LARGEST_DIFFERENCE = 0.5  # between any two pixels of the thumbnails, in contrasts
_TYPICAL_DIFFERENCE = 0.12  # root mean square, in contrasts
_RESEMBLING = 2.5  # times the two bounds: similar images, but not copies
_FEWEST_RESEMBLING = 5
_MEMBERS = 32  # images with the same perceptual hash that are compared
_AT_ONCE = 100_000  # pairs whose thumbnails are in memory at a time: about 100 MB


@dataclass(frozen=True)
class Copies:
    """Images of `right` that are copies of images of `left`, with one original for each.

    Args:
        left: Positions of the originals in the first set, `(k,)`.
        right: Positions of the copies in the second set, `(k,)`, each once, sorted.
        kind: "exact", "near" or "mirrored" for each pair, `(k,)`.
        complete: False if so many images look alike that the search was cut short. Then there may be more copies.
        resembling: Number of images of `right` that are similar to an image of `left`, but not copies of it, as one handwritten
            digit is similar to another. If they are as many as the near and mirrored copies, those are probably not copies either.
    """

    left: np.ndarray
    right: np.ndarray
    kind: np.ndarray
    complete: bool = True
    resembling: int = 0

    def __len__(self) -> int:
        return len(self.right)

    @property
    def ambiguous(self) -> bool:
        """Whether near copies cannot be told from images that are merely similar."""
        return self.resembling >= max(_FEWEST_RESEMBLING, len(self) - self.count("exact"))

    def exact_only(self) -> Copies:
        """Return the copies that are equal to the bit."""
        kept = self.kind == "exact"
        return Copies(self.left[kept], self.right[kept], self.kind[kept])

    def count(self, kind: str) -> int:
        """Number of copies of this kind."""
        return int((self.kind == kind).sum())


def exact_copies(left: np.ndarray, right: np.ndarray) -> Copies:
    """Find the entries of `right` that are in `left`, by their digests."""
    values, first = np.unique(left, return_index=True)
    if not len(values):
        return Copies(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, "<U8"))
    place = np.minimum(np.searchsorted(values, right), len(values) - 1)
    found = np.flatnonzero(values[place] == right)
    return Copies(first[place[found]], found, np.full(len(found), "exact", "<U8"))


def copies_between(left: Prints, right: Prints) -> Copies:
    """Find the images of `right` that are in `left`: equal to the bit, nearly equal, or mirrored.

    Blank images are left out: nothing shows where they come from (see `blank`).
    """
    usable_left, usable_right = np.flatnonzero(~blank(left)), np.flatnonzero(~blank(right))
    copies = exact_copies(left.digests[usable_left], right.digests[usable_right])
    parts = [Copies(usable_left[copies.left], usable_right[copies.right], copies.kind)]
    complete, resembling = True, np.zeros(len(right), bool)
    for kind, turned in (("near", right), ("mirrored", mirror(right))):
        open_ = np.setdiff1d(usable_right, np.concatenate([part.right for part in parts]))
        i, j, like, all_seen = _confirmed(left, turned, usable_left, open_)
        resembling[like] = True
        parts.append(Copies(i, j, np.full(len(j), kind, "<U8")))
        complete &= all_seen
    columns = [np.concatenate([getattr(part, name) for part in parts]) for name in ("left", "right", "kind")]
    order = np.argsort(columns[1], kind="stable")
    witnesses, positions, kinds = (column[order] for column in columns)
    return Copies(witnesses, positions, kinds, complete, int(resembling.sum()))


def blank(prints: Prints) -> np.ndarray:
    """Tell which images have one even colour: their contrast is below 1/200 of the median contrast of the set, or zero.

    Args:
        prints: Prints of a whole set.

    Returns:
        `(n,)` bool.
    """
    usual = float(np.median(prints.contrast)) if len(prints) else 0.0
    return prints.contrast <= max(usual / 200, 1e-6)


def repeated(digests: np.ndarray, at_least: int = 10, share: float = 0.005) -> list[tuple[int, int]]:
    """Find single examples that fill a set: `(position of the first, how often)`, the most frequent one first.

    If a whole class is repeated (oversampling), many examples are equally frequent. Therefore nothing is returned if more than three
    examples are about as frequent as the most frequent one.
    """
    _, first, counts = np.unique(digests, return_index=True, return_counts=True)
    if not len(counts) or counts.max() < max(at_least, share * len(digests)):
        return []
    order = np.argsort(-counts, kind="stable")
    top = order[counts[order] >= counts.max() / 2]
    return [] if len(top) > 3 else [(int(first[k]), int(counts[k])) for k in top]


def _confirmed(
    left: Prints, right: Prints, usable_left: np.ndarray, usable_right: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, bool]:
    """Compare the thumbnails of all pairs with near hashes.

    Returns:
        Positions in `left` and in `right` of one pair for each copy, positions in `right` of merely similar images, and whether all
        candidates were compared.
    """
    lefts, rights = _Buckets(left, usable_left, most=_MEMBERS), _Buckets(right, usable_right)
    pairs = near_pairs(lefts.hashes, rights.hashes, radius=RADIUS)
    witness, resembling = np.full(len(right), -1, np.int64), np.zeros(len(right), bool)
    for i, j in _members_of(pairs.left, pairs.right, lefts, rights):
        i, j = i[witness[j] < 0], j[witness[j] < 0]
        apart = _differences(left, i, right, j)
        same = apart <= 1
        witness[j[same]] = i[same]
        resembling[j[(apart > 1) & (apart <= _RESEMBLING)]] = True
    found = np.flatnonzero(witness >= 0)
    return witness[found], found, np.flatnonzero(resembling), pairs.complete and not lefts.cut


class _Buckets:
    """Positions grouped by perceptual hash: `order[start[k] : start[k] + size[k]]` have the hash `hashes[k]`."""

    def __init__(self, prints: Prints, positions: np.ndarray, most: int | None = None) -> None:
        if most is not None:  # keep one of the images that are equal to the bit
            positions = positions[np.unique(prints.digests[positions], return_index=True)[1]]
        self.order = positions[np.argsort(prints.hashes[positions], kind="stable")]
        self.hashes, self.start, self.size = np.unique(prints.hashes[self.order], return_index=True, return_counts=True)
        self.cut = most is not None and bool((self.size > most).any())
        if most is not None:
            self.size = np.minimum(self.size, most)


def _members_of(
    left: np.ndarray, right: np.ndarray, lefts: _Buckets, rights: _Buckets
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield pairs of images from each pair of buckets, at most 100,000 at a time.

    All images of `right` come with the first image of their `left` bucket, then with the second, and so on. The caller can then skip
    images whose original is found already.
    """
    for member in range(int(lefts.size[left].max(initial=0))):
        some = np.flatnonzero(lefts.size[left] > member)
        sizes = rights.size[right[some]]
        ends = np.cumsum(sizes)
        for begin in range(0, int(ends[-1]), _AT_ONCE):
            place = np.arange(begin, min(begin + _AT_ONCE, int(ends[-1])))
            pair = np.searchsorted(ends, place, "right")
            within = place - (ends - sizes)[pair]
            i = lefts.order[lefts.start[left[some[pair]]] + member]
            yield i, rights.order[rights.start[right[some[pair]]] + within]


def _differences(left: Prints, i: np.ndarray, right: Prints, j: np.ndarray) -> np.ndarray:
    """Return how different the two images of each pair are: 1 is the largest difference that copies may have."""
    colours = np.abs(left.colours[i].astype(np.int16) - right.colours[j]).max(axis=1, initial=0)
    difference = colours / np.float32(_LARGEST_DIFFERENCE * STEPS)
    k = np.flatnonzero(difference <= _RESEMBLING)
    apart = left.thumbnails[i[k]].astype(np.int16) - right.thumbnails[j[k]]  # (pairs, 16, 16)
    largest = np.abs(apart).max(axis=(1, 2), initial=0) / np.float32(_LARGEST_DIFFERENCE * STEPS)
    typical = np.sqrt(np.square(apart, dtype=np.float32).mean(axis=(1, 2))) / np.float32(_TYPICAL_DIFFERENCE * STEPS)
    difference[k] = np.maximum(difference[k], np.maximum(largest, typical))
    return difference
