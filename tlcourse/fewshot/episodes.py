"""Episodes: small classification tasks with classes of their own, drawn from a labelled set (Vinyals et al. 2016)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tlcourse.arguments import require_whole

_CHUNK = 4_000_000  # random numbers drawn at once


@dataclass(frozen=True)
class Episodes:
    """Positions of the images of many episodes; the class of an image within its episode is its place on axis 1.

    Args:
        classes: `(episodes, ways)`, the labels of each episode's classes, all different.
        support: `(episodes, ways, shots)`, positions of the images to learn from.
        query: `(episodes, ways, queries)`, positions of the images to recognise; none of them is in the support set.
    """

    classes: np.ndarray
    support: np.ndarray
    query: np.ndarray

    def __len__(self) -> int:
        return len(self.classes)

    @property
    def ways(self) -> int:
        """Classes of an episode."""
        return self.classes.shape[1]

    @property
    def shots(self) -> int:
        """Support images of a class."""
        return self.support.shape[2]


def sample_episodes(
    labels: np.ndarray, ways: int, shots: int, *, queries: int = 5, episodes: int = 600, seed: int = 0
) -> Episodes:
    """Draw N-way K-shot episodes at random, all at once.

    Within an episode no image is drawn twice. Between episodes images and classes repeat. The classes come from `labels`: for a test
    of new classes give only labels of classes that training has never seen.

    Args:
        labels: `(n,)` whole numbers.
        ways: Classes of an episode, N, 2 or more.
        shots: Support images of a class, K, 1 or more.
        queries: Query images of a class, 1 or more.
        episodes: How many, 1 or more.
        seed: 0 or more; the same seed draws the same episodes.

    Returns:
        The positions as `Episodes`.

    Raises:
        ValueError: If there are fewer classes than `ways`, or a class has fewer than `shots + queries` images.

    Source: Vinyals, Blundell, Lillicrap, Kavukcuoglu, Wierstra (2016), "Matching networks for one shot learning", section 2.2.

    Example:
        >>> drawn = fewshot.sample_episodes(np.repeat(np.arange(10), 6), ways=5, shots=1, episodes=3)
        >>> drawn.support.shape, drawn.query.shape
        ((3, 5, 1), (3, 5, 5))
    """
    labels = np.asarray(labels)
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(
            f"Expected labels (n,), whole numbers. Received: labels.shape={labels.shape}, labels.dtype={labels.dtype}."
        )
    for name, value, least in (("ways", ways, 2), ("shots", shots, 1), ("queries", queries, 1), ("episodes", episodes, 1)):
        require_whole(name, value, least)
    require_whole("seed", seed, 0)
    classes, counts = np.unique(labels, return_counts=True)
    if len(classes) < ways:
        raise ValueError(f"{ways} ways need {ways} classes, and `labels` has {len(classes)}. Received: ways={ways}.")
    if counts.min() < shots + queries:
        raise ValueError(
            f"Each class needs {shots} support and {queries} query images. Class {classes[counts.argmin()]} has {counts.min()}. "
            f"Received: shots={shots}, queries={queries}."
        )
    places = np.full((len(classes), counts.max()), -1)  # the positions of each class, -1 where a class has fewer images
    places[np.arange(counts.max()) < counts[:, None]] = np.argsort(labels, kind="stable")
    rng = np.random.default_rng(seed)
    chosen = np.concatenate([_first(rng.random((rows, len(classes))), ways) for rows in _chunks(episodes, len(classes))])
    drawn = np.empty((episodes, ways, shots + queries), np.int64)
    start = 0
    for rows in _chunks(episodes, ways * places.shape[1]):
        candidates = places[chosen[start : start + rows]]
        keys = np.where(candidates < 0, 2.0, rng.random(candidates.shape))  # a missing image is never among the first
        drawn[start : start + rows] = np.take_along_axis(candidates, _first(keys, shots + queries), axis=-1)
        start += rows
    return Episodes(classes[chosen], drawn[..., :shots], drawn[..., shots:])


def _first(keys: np.ndarray, count: int) -> np.ndarray:
    """The places of the `count` smallest keys of each row, in random order, because the keys are random."""
    if count == keys.shape[-1]:
        return np.argsort(keys, axis=-1)
    places = np.argpartition(keys, count, axis=-1)[..., :count]
    order = np.argsort(np.take_along_axis(keys, places, axis=-1), axis=-1)
    return np.take_along_axis(places, order, axis=-1)


def _chunks(rows: int, width: int) -> list[int]:
    step = max(1, _CHUNK // width)
    return [min(step, rows - start) for start in range(0, rows, step)]
