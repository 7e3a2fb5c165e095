"""Tables: aligned as text, escaped and readable aloud as HTML."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from tlcourse.tables import as_html, as_text

HEADER = ("name", "weights", "from")
ROWS = [("tiny", "2.9", "here"), ('<b>large & "wide"</b>', "1,023.6", "")]


def page(*arguments, **options):
    return BeautifulSoup(as_html(*arguments, **options), "html.parser")


def test_columns_begin_at_the_left_or_end_at_the_right_under_their_name():
    title, header, rule, *lines = as_text("Networks", HEADER, ROWS, right=(1,)).splitlines()
    assert title == "Networks"
    assert set(rule) == {"-"}
    assert len(rule) == max(map(len, [header, *lines]))
    assert [line.index(row[0]) for line, row in zip([header, *lines], [HEADER, *ROWS], strict=True)] == [0, 0, 0]
    ends = [line.index(row[1]) + len(row[1]) for line, row in zip([header, *lines], [HEADER, *ROWS], strict=True)]
    assert len(set(ends)) == 1
    assert header.index("from") == lines[0].index("here") > ends[0]


def test_lines_carry_no_blanks_at_their_end_and_the_note_comes_last():
    lines = as_text("Networks", HEADER, ROWS, note="of all").splitlines()
    assert lines == [line.rstrip() for line in lines]
    assert lines[-1] == "of all"


@pytest.mark.parametrize("place", ["title", "header", "cell", "note"])
def test_whatever_comes_from_elsewhere_is_text_and_never_markup(place):
    evil = "<script>alert('x')</script> & more"
    texts = {"title": "t", "header": "h", "cell": "c", "note": "n"} | {place: evil}
    shown = page(texts["title"], (texts["header"],), [(texts["cell"],)], note=texts["note"])
    assert shown.find("script") is None
    assert evil in shown.get_text()


def test_a_screen_reader_finds_a_caption_and_headings_for_columns_and_rows():
    shown = page("Networks", HEADER, ROWS)
    assert shown.select_one("table > caption").get_text() == "Networks"
    assert [cell.get_text() for cell in shown.select('thead th[scope="col"]')] == list(HEADER)
    assert [cell.get_text() for cell in shown.select('tbody th[scope="row"]')] == [row[0] for row in ROWS]
    assert [[cell.get_text() for cell in row.select("td")] for row in shown.select("tbody tr")] == [list(r[1:]) for r in ROWS]


def test_a_corner_without_a_name_is_no_heading():
    shown = page("Networks", ("", "weights"), [("tiny", "2.9")])
    assert [cell.get_text() for cell in shown.select("thead th")] == ["weights"]
    assert len(shown.select_one("thead tr").find_all(["th", "td"])) == 2


def test_numbers_end_at_the_right_in_html_too():
    shown = page("Networks", HEADER, ROWS, right=(1,))
    sides = [["right" in cell["style"] for cell in row.find_all(["th", "td"])] for row in shown.select("tr")]
    assert sides == [[False, True, False]] * 3


def test_a_table_without_rows_still_says_what_its_columns_are():
    assert as_text("Nothing yet", HEADER, []).splitlines() == ["Nothing yet", "name  weights  from", "-" * 19]
    shown = page("Nothing yet", HEADER, [])
    assert len(shown.select("thead th")) == 3
    assert shown.select("tbody tr") == []


@pytest.mark.parametrize("write", [as_text, as_html])
def test_a_row_of_another_length_is_named(write):
    with pytest.raises(ValueError, match=r"Expected 3 cells in row 1.*row=\('a', 'b'\)"):
        write("Networks", HEADER, [ROWS[0], ("a", "b")])
