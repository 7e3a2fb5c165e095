"""Real ratings of movies and books, read from the files that their owners publish."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tlcourse.arguments import require_number, require_one_of
from tlcourse.config import profile

RATING_SETS = ("movielens_small", "book_crossing")
_LICENCES = {
    "movielens_small": "GroupLens' terms: research, no redistribution",
    "book_crossing": "free for research that names its authors (Ziegler and others 2005)",
}


@dataclass(frozen=True)
class Ratings:
    """Who rated what, and how; users and items are numbered from 0.

    Args:
        name: Of the data set.
        users: `(n,)` int64.
        items: `(n,)` int64.
        ratings: `(n,)` float32.
        user_names: Identifier of each user in the files.
        item_names: Identifier of each item in the files; of books the ISBN, text of ten characters with its leading zeros.
        licence: Licence of the data.
    """

    name: str
    users: np.ndarray
    items: np.ndarray
    ratings: np.ndarray
    user_names: tuple[str, ...]
    item_names: tuple[str, ...]
    licence: str

    def __len__(self) -> int:
        return len(self.ratings)

    def __repr__(self) -> str:
        people, things = len(self.user_names), len(self.item_names)
        return f"<{self.name}: {len(self):,} ratings of {things:,} items by {people:,} users; {self.licence}>"


def load_ratings(name: str = "movielens_small") -> Ratings:
    """Load MovieLens (small) or the explicit ratings of Book-Crossing. Full profile only.

    Args:
        name: "movielens_small", 0.5 to 5 stars, or "book_crossing", 1 to 10.

    Raises:
        ValueError: If the profile is embedded, or the name is another one.
        FetchError: If the data are not there and cannot be downloaded.
    """
    require_one_of("name", name, RATING_SETS)
    if profile() == "embedded":
        raise ValueError(
            "Ratings of real people are real data. Use the full profile, or worlds.draw_catalogues. Received: profile='embedded'."
        )
    from tlcourse.fetch import fetch

    folder = fetch(name)
    return read_movielens(folder) if name == "movielens_small" else read_book_crossing(folder)


def read_movielens(folder: Path) -> Ratings:
    """Read `ratings.csv` of MovieLens: UTF-8, a comma between userId, movieId, rating and timestamp.

    Raises:
        FileNotFoundError: If the file is not in the folder.
        ValueError: If a row has another form.
    """
    return _read(folder, "ratings.csv", "movielens_small", "utf-8", ",", "userId", "movieId", "rating")


def read_book_crossing(folder: Path) -> Ratings:
    r"""Read `BX-Book-Ratings.csv` of Book-Crossing: Latin-1, a semicolon, all values quoted, a quote in a value as `\"`.

    ISBNs stay text: read as numbers they lose leading zeros and cannot end with X. A rating of 0 says only that somebody had the
    book, no opinion, and is left out.

    Raises:
        FileNotFoundError: If the file is not in the folder.
        ValueError: If a row has another form.
    """
    return _read(folder, "BX-Book-Ratings.csv", "book_crossing", "latin-1", ";", "User-ID", "ISBN", "Book-Rating")


def divide_ratings(ratings: Ratings, share: float = 0.5, seed: int = 0) -> tuple[Ratings, Ratings]:
    """Divide the items at random into two catalogues with the same users.

    Args:
        ratings: Of one catalogue.
        share: Share of the items in the first part, between 0 and 1.
        seed: Which items.

    Returns:
        Both parts; the numbers of the users stay, items are numbered from 0 in each.

    Raises:
        ValueError: If a part would have no items.
    """
    require_number("share", share, above=0, below=1)
    order = np.random.default_rng(seed).permutation(len(ratings.item_names))
    first, second = np.split(order, [round(share * len(order))])
    if not len(first) or not len(second):
        raise ValueError(f"Both parts need items. Take a share nearer to 0.5. Received: share={share!r}, items={len(order)}.")
    return _part(ratings, np.sort(first)), _part(ratings, np.sort(second))


def _part(ratings: Ratings, items: np.ndarray) -> Ratings:
    keep = np.isin(ratings.items, items)
    numbers = np.searchsorted(items, ratings.items[keep])
    names = tuple(ratings.item_names[i] for i in items)
    return Ratings(
        ratings.name, ratings.users[keep], numbers, ratings.ratings[keep], ratings.user_names, names, ratings.licence
    )


def _read(
    folder: Path, file: str, name: str, encoding: str, delimiter: str, user_column: str, item_column: str, rating_column: str
) -> Ratings:
    path = next(iter(sorted(folder.rglob(file))), None)
    if path is None:
        raise FileNotFoundError(f"There is no {file} in {folder}. Remove the folder, and it is fetched again.")
    users, items, values = [], [], []
    with path.open(encoding=encoding, newline="") as lines:
        rows = csv.reader(lines, delimiter=delimiter, quotechar='"', escapechar="\\", doublequote=False)
        header = next(rows, [])
        if not {user_column, item_column, rating_column} <= set(header):
            raise ValueError(
                f"{path} must have columns {user_column}, {item_column}, {rating_column}. Received: header={header}."
            )
        places = [header.index(column) for column in (user_column, item_column, rating_column)]
        for user, item, value in _cells(path, rows, places):
            if value != 0 or name != "book_crossing":
                users.append(user)
                items.append(item)
                values.append(value)
    if not values:
        raise ValueError(f"{path} has no ratings. Remove the folder, and it is fetched again. Received: rows=0.")
    user_names, user_numbers = np.unique(users, return_inverse=True)
    item_names, item_numbers = np.unique(items, return_inverse=True)
    return Ratings(
        name,
        user_numbers.astype(np.int64),
        item_numbers.astype(np.int64),
        np.array(values, np.float32),
        tuple(user_names.tolist()),
        tuple(item_names.tolist()),
        _LICENCES[name],
    )


def _cells(path: Path, rows: Iterator[list[str]], places: list[int]) -> Iterator[tuple[str, str, float]]:
    for number, row in enumerate(rows, start=2):
        try:
            user, item, value = (row[place] for place in places)
            yield user, item, float(value)
        except (IndexError, ValueError):
            raise ValueError(f"Row {number} of {path} is not of the form of the others. Received: row={row!r}.") from None
