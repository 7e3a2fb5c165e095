"""Ratings in the form of the owners' files: Latin-1, semicolons, escapes, ISBNs as text; parts share users and no item."""

from __future__ import annotations

import numpy as np
import pytest

from tlcourse import recommend
from tlcourse.datasets import divide_ratings, load_ratings
from tlcourse.datasets.ratings import read_book_crossing, read_movielens
from tlcourse.fetch import find_download
from tlcourse.worlds import draw_catalogues

BOOKS = (
    '"User-ID";"ISBN";"Book-Rating"\r\n'
    '"276725";"034545104X";"0"\r\n'
    '"276726";"0155061224";"5"\r\n'
    '"276729";"0000913154";"9"\r\n'
    '"276729";"913154";"3"\r\n'
    '"276730";"ISBN\\"; 3\xe9";"10"\r\n'
)


def book_folder(folder, text=BOOKS):
    (folder / "BX-Book-Ratings.csv").write_bytes(text.encode("latin-1"))
    return folder


def test_isbns_keep_leading_zeros_letters_and_escaped_quotes(tmp_path):
    found = read_book_crossing(book_folder(tmp_path))
    assert found.item_names == ("0000913154", "0155061224", "913154", 'ISBN"; 3\xe9')
    assert found.ratings.tolist() == [5, 9, 3, 10]  # a 0 is no opinion
    assert [found.user_names[u] for u in found.users] == ["276726", "276729", "276729", "276730"]


def test_isbns_are_text_in_a_long_file_too(tmp_path):
    rows = "".join(f'"{i % 900}";"{i:010d}";"7"\r\n' for i in range(300_000))
    found = read_book_crossing(book_folder(tmp_path, BOOKS.splitlines(keepends=True)[0] + rows))
    assert len(found) == len(found.item_names) == 300_000
    assert {len(name) for name in found.item_names} == {10}


def test_movielens_is_found_in_its_folder(tmp_path):
    (tmp_path / "ml-latest-small").mkdir()
    text = "userId,movieId,rating,timestamp\r\n1,1,4.0,964982703\r\n1,50,0.5,964982931\r\n2,1,3.5,1445714835\r\n"
    (tmp_path / "ml-latest-small" / "ratings.csv").write_text(text, newline="")
    found = read_movielens(tmp_path)
    assert found.ratings.tolist() == [4.0, 0.5, 3.5]
    assert found.users.tolist() == [0, 0, 1]
    assert "3 ratings of 2 items by 2 users; GroupLens" in repr(found)


def test_a_damaged_row_is_named(tmp_path):
    with pytest.raises(ValueError, match="Row 3"):
        read_book_crossing(book_folder(tmp_path, '"User-ID";"ISBN";"Book-Rating"\n"1";"2";"3"\n"1";"2"\n'))
    with pytest.raises(ValueError, match="header"):
        read_book_crossing(book_folder(tmp_path, '"a";"b"\n'))
    with pytest.raises(FileNotFoundError, match=r"ratings\.csv"):
        read_movielens(tmp_path)


def test_the_licence_stands_in_the_table_of_downloads():
    for name in ("movielens_small", "book_crossing"):
        assert "research" in find_download(name).licence


def test_the_embedded_profile_names_the_world():
    with pytest.raises(ValueError, match="draw_catalogues"):
        load_ratings()


def test_parts_share_users_and_no_item(tmp_path):
    whole = read_book_crossing(book_folder(tmp_path))
    first, second = divide_ratings(whole)
    assert first.user_names == second.user_names == whole.user_names
    assert sorted(first.item_names + second.item_names) == sorted(whole.item_names)
    assert len(first) + len(second) == len(whole)
    for part in (first, second):
        for user, item, rating in zip(part.users, part.items, part.ratings, strict=True):
            place = whole.item_names.index(part.item_names[item])
            assert rating in whole.ratings[(whole.users == user) & (whole.items == place)]


def test_cold_users_are_predicted_where_tastes_are_related():
    first, second = draw_catalogues(users=300, items=60, seed=0)
    errors = recommend.cold_start_errors(first, second)
    assert errors["EMCDR"] < 0.9 * errors["mean ratings"]
    assert errors["EMCDR, shuffled pairs"] > 0.95 * errors["mean ratings"]
    assert np.isfinite(list(errors.values())).all()


def test_users_must_be_shared():
    first, second = draw_catalogues(users=40, items=20, seed=0, per_user=5, shared=0.0)
    with pytest.raises(ValueError, match="shared users=0"):
        recommend.cold_start_errors(first, second)
