"""Two catalogues, such as movies and books, rated by users whose tastes in one say something about their tastes in the other.

Only a made world knows how everybody would rate everything, and so what a recommendation was really worth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tlcourse.arguments import require_number, require_whole

TASTES = 6  # dimensions of taste in each catalogue


@dataclass(frozen=True)
class RatedCatalogue:
    """One catalogue; every `(n,)` array has one entry a rating.

    Args:
        users: `(n,)` int64, numbers of the users. The same number is the same person in both catalogues.
        items: `(n,)` int64, numbers of the items.
        ratings: `(n,)` float32, whole numbers from 1 to 5.
        opinions: `(all users, items)` float32, the rating that each user would give to each item, before noise and rounding.
        popularity: `(items,)` float64, how often each item is offered, relative to the others; sums to 1.
    """

    users: np.ndarray
    items: np.ndarray
    ratings: np.ndarray
    opinions: np.ndarray
    popularity: np.ndarray


def draw_catalogues(
    users: int = 1000,
    items: int = 200,
    seed: int = 0,
    *,
    shared: float = 1.0,
    related: float = 0.95,
    popularity: float = 0.8,
    chosen: float = 0.5,
    per_user: int = 30,
) -> tuple[RatedCatalogue, RatedCatalogue]:
    """Draw ratings of two catalogues.

    An opinion is 3.3, plus the item's quality, plus the product of the user's taste and the item's properties. The taste in the
    second catalogue is a fixed rotation of the taste in the first, mixed with a taste of its own. A rating is the opinion with
    noise, rounded, from 1 to 5. A knob changes what it is named after, and no other draw.

    Args:
        users: People in all, 10 or more. The first ones rate both catalogues; the rest are divided evenly.
        items: Items in each catalogue, 10 or more.
        seed: 0 or more.
        shared: Share of the users who rate both catalogues, 0 to 1.
        related: Correlation of the tastes in both, 0 (nothing in common) to 1 (one follows from the other).
        popularity: 0: all items are offered equally often. 1: the item at rank r is offered in proportion to 1 / r. Up to 2.
        chosen: Ratings that are missing not at random: how much more often people rate what they like. 0 is at random; the odds
            grow by `exp(chosen)` with each star. Up to 2.
        per_user: Ratings of each user in each catalogue, 1 to `items`.

    Returns:
        The first and the second catalogue.

    Raises:
        ValueError: If an argument is out of range.
    """
    require_whole("users", users, 10)
    require_whole("items", items, 10)
    require_whole("seed", seed, 0)
    require_whole("per_user", per_user, 1, items)
    require_number("shared", shared, 0, 1)
    require_number("related", related, 0, 1)
    require_number("popularity", popularity, 0, 2)
    require_number("chosen", chosen, 0, 2)
    rng = np.random.default_rng([seed, 18])
    taste = rng.normal(size=(users, TASTES))
    turn = np.linalg.qr(rng.normal(size=(TASTES, TASTES)))[0]
    own = rng.normal(size=(users, TASTES))
    tastes = (taste, related * taste @ turn + np.sqrt(1 - related**2) * own)
    both = round(shared * users)
    only_first = both + (users - both + 1) // 2
    members = (np.arange(only_first), np.concatenate([np.arange(both), np.arange(only_first, users)]))
    first, second = (
        _catalogue(taste_here, who, items, np.random.default_rng([seed, 18, number]), popularity, chosen, per_user)
        for number, (taste_here, who) in enumerate(zip(tastes, members, strict=True))
    )
    return first, second


def _catalogue(
    taste: np.ndarray,
    members: np.ndarray,
    items: int,
    rng: np.random.Generator,
    popularity: float,
    chosen: float,
    per_user: int,
) -> RatedCatalogue:
    properties = rng.normal(size=(items, TASTES)) / np.sqrt(TASTES)
    quality = 0.4 * rng.normal(size=items)
    ranks = rng.permutation(items) + 1  # popular is not the same as good
    noise, luck = rng.normal(size=(len(taste), items)), rng.gumbel(size=(len(taste), items))
    opinions = 3.3 + quality + taste @ properties.T
    offered = ranks**-popularity
    # Gumbel's trick: the largest of log weight plus luck are draws without replacement in proportion to the weights
    rated = np.argsort(-(np.log(offered) + chosen * opinions + luck)[members], axis=1)[:, :per_user]
    who, what = np.repeat(members, per_user), rated.ravel()
    ratings = np.clip(np.rint(opinions + 0.4 * noise), 1, 5)[who, what]
    return RatedCatalogue(who, what, ratings.astype(np.float32), opinions.astype(np.float32), offered / offered.sum())
