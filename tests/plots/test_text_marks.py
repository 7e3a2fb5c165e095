"""Marks in texts: each with its label in words, in a colour and a line of its own, and nothing in a text runs as HTML."""

from __future__ import annotations

import re

import numpy as np
import pytest
from bs4 import BeautifulSoup
from matplotlib.colors import to_rgb

from tlcourse.plots import PALETTE, mark_spans

TEXT = "Anna Lind went to Rome."
SPANS = [(18, 22, "place"), (0, 9, "person")]  # in any order


def marks_of(shown):
    return BeautifulSoup(shown._repr_html_(), "html.parser").find_all("mark")


def test_print_shows_brackets_in_the_order_of_the_text():
    assert str(mark_spans([TEXT], [SPANS])) == "[Anna Lind: person] went to [Rome: place]."
    two = mark_spans([TEXT, "Nobody."], [SPANS, []], captions=["true:", "said:"], title="One name")
    assert str(two) == two.alt_text == "One name\ntrue: [Anna Lind: person] went to [Rome: place].\nsaid: Nobody."


def test_html_says_the_same_and_each_mark_has_its_label_as_text():
    shown = mark_spans([TEXT], [SPANS], title="One name")
    page = BeautifulSoup(shown._repr_html_(), "html.parser")
    assert page.div["role"] == "group"
    assert page.div["aria-label"] == "One name"
    assert [mark.get_text().replace("\xa0", " ") for mark in page.find_all("mark")] == ["Anna Lind (person)", "Rome (place)"]
    assert re.sub(r"\xa0\(\w+\)", "", page.find_all("p")[1].get_text()) == TEXT


def test_nothing_in_a_text_a_label_or_a_caption_is_html():
    bad = '<script>alert("1")</script>&amp;'
    shown = mark_spans([bad], [[(0, 8, '<b style="x">')]], captions=[bad], title=bad)
    html = shown._repr_html_()
    assert "<script" not in html
    assert "<b " not in html
    assert BeautifulSoup(html, "html.parser").div["aria-label"] == bad


def test_a_label_has_one_look_and_two_labels_have_two():
    labels = ["person", "place", "organisation", "work", "event"]
    text = "a b c d e f"
    shown = mark_spans([text], [[(2 * i, 2 * i + 1, label) for i, label in enumerate([*labels, "person"])]])
    styles = [mark["style"] for mark in marks_of(shown)]
    assert len(set(styles)) == len(labels)
    assert styles[0] == styles[-1]
    lines = [re.search(r"3px (\w+)", style)[1] for style in styles[:4]]
    assert len(set(lines)) == 4  # told apart without any colour


def luminance(rgb):
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in rgb]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


def test_black_letters_stand_out_on_every_tint():
    text = " ".join("abcdefgh")
    shown = mark_spans([text], [[(2 * i, 2 * i + 1, str(i)) for i in range(len(PALETTE))]])
    for number, mark in enumerate(marks_of(shown)):
        tint = [int(value) / 255 for value in re.search(r"rgb\((\d+),(\d+),(\d+)\)", mark["style"]).groups()]
        assert (luminance(tint) + 0.05) / 0.05 > 7  # WCAG AAA
        assert PALETTE[number] in mark["style"]
        assert np.argsort(tint, kind="stable").tolist() == np.argsort(to_rgb(PALETTE[number]), kind="stable").tolist()
        assert "color:#000" in mark["style"]


@pytest.mark.parametrize(
    ("texts", "spans", "options", "error", "message"),
    [
        ("one", [], {}, TypeError, r"list of one: `\[text\]`"),
        (["a"], [], {}, ValueError, r"each of 1 texts. Received: len\(spans\)=0, len\(captions\)=1"),
        (["a"], [[]], {"captions": ["x", "y"]}, ValueError, r"Received: len\(spans\)=1, len\(captions\)=2"),
        (["abc"], [[(1, 4, "x")]], {}, ValueError, r"Text 0: .* Received: span=\(1, 4, 'x'\)"),
        (["abc"], [[(2, 2, "x")]], {}, ValueError, r"\(2, 2, 'x'\)"),
        (["abc"], [[(-1, 2, "x")]], {}, ValueError, r"\(-1, 2, 'x'\)"),
        (["abc"], [[(0, 2, "x"), (1, 3, "y")]], {}, ValueError, "none over another"),
    ],
)
def test_spans_that_cannot_be_marked_are_refused(texts, spans, options, error, message):
    with pytest.raises(error, match=message):
        mark_spans(texts, spans, **options)
