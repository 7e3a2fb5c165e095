"""Balanced draws from labelled data, and arrays that cannot be written to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tlcourse.arguments import require_whole


def draw_positions_per_class(
    labels: np.ndarray, class_names: Sequence[str], count: int, seed: int | Sequence[int], *, what: str
) -> tuple[np.ndarray, np.ndarray]:
    """Draw `count` positions of each class at random; a smaller `count` draws a part of the same ones.

    Args:
        labels: `(n,)`, whole numbers from 0 to the number of classes - 1.
        class_names: One for each label.
        count: Positions of each class, 1 or more.
        seed: The same seed gives the same draw; several numbers are one seed.
        what: Word for what is drawn, for messages, such as "images".

    Returns:
        `(learn, rest)`, disjoint: `learn` `(count * classes,)`, one class after the other; `rest` ascending.

    Raises:
        ValueError: If a class has too few, so nothing of it would be left in `rest`.
    """
    require_whole("count", count, 1)
    rng = np.random.default_rng(seed)
    drawn = []
    for label, name in enumerate(class_names):
        places = np.flatnonzero(labels == label)
        if len(places) <= count:
            raise ValueError(
                f"Class {name!r} has {len(places)} {what}, and some must be left over. Take fewer of each class. Received: count={count}."
            )
        drawn.append(rng.permutation(places)[:count])
    learn = np.concatenate(drawn)
    return learn, np.setdiff1d(np.arange(len(labels)), learn)


def frozen_view(values: np.ndarray) -> np.ndarray:
    """Return a read-only view: nothing is copied, and the caller's own array stays writeable."""
    view = values.view()
    view.flags.writeable = False
    return view
