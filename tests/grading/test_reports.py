"""Gradebook, exports and pages: the right numbers, and nothing of a learner's that is more than text."""

from __future__ import annotations

import csv
import html.parser
import io
import json
import re
import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tlcourse.checks import EARNED, NOT_EARNED, UNJUDGED
from tlcourse.grading.results import exports, pages
from tlcourse.grading.results.gradebook import Entry, Marks, join, read_decisions, read_roster, write_gradebook, write_roster

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>\x1b[31m\u202e&{{7*7}}"


def result(task, outcome, points=0, **more):
    base = {"task": task, "title": "a title", "outcome": outcome, "points": points, "max_points": 2, "message": "why"}
    return {**base, "expected": "", "received": "", "misconception": None, "explanation": "", **more}


def entry(learner, key="k", **more):
    return Entry(learner, more.get("learner_id", ""), more.get("file", "x.ipynb"), "d", key, (), more.get("problem", ""))


def record(*results):
    return {"results": list(results), "notes": ["Cell 3: Left out: !ls"]}


def rows_of(*learners, outcomes=((EARNED, 2), (NOT_EARNED, 0)), **more):
    results = [result(f"2.{i + 1}", outcome, points) for i, (outcome, points) in enumerate(outcomes)]
    return join([entry(learner, **more) for learner in learners], {"k": record(*results)}, {})


def read_csv(text):
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


class Tags(html.parser.HTMLParser):
    """All tags and attributes of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes = set(), set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


def assert_harmless(page):
    tags = Tags(page)
    assert not tags.tags & {"script", "img", "iframe", "object", "svg", "form", "link", "base"}
    assert not {name for name in tags.attributes if name.startswith("on")}
    assert "default-src &#x27;none&#x27;" in page or "default-src 'none'" in page
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", page)


def test_pages_hold_the_text_of_learners_as_text():
    parts = result(
        "2.1", NOT_EARNED, message=EVIL, expected=EVIL, received=EVIL, misconception="x", explanation=EVIL, title=EVIL
    )
    row = Marks(entry(EVIL, file=EVIL), (parts, result("2.2", UNJUDGED, message=EVIL)), (EVIL,), (("2.2", EVIL),))
    feedback, report = pages.feedback_page(row, EVIL), pages.class_page([row], EVIL, {EVIL: EVIL}, {"x": EVIL})
    for page in (feedback, report):
        assert_harmless(page)
        assert "&lt;script&gt;" in page


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60))
def test_no_text_of_a_learner_makes_a_tag(text):
    row = Marks(entry(text, file=text), (result("2.1", NOT_EARNED, message=text, received=text),), (text,), (("2.1", text),))
    plain = Tags(pages.feedback_page(rows_of("Ann")[0], "t")).tags | {"section", "ul", "li", "h2"}
    assert Tags(pages.feedback_page(row, "t")).tags <= plain
    assert_harmless(pages.class_page([row], text, {}, {}))


def test_a_feedback_page_says_points_reason_misconception_and_what_is_open():
    results = {
        "k": record(result("2.1", EARNED, 2), result("2.2", NOT_EARNED, misconception="a-slug", explanation="use `fit`"))
    }
    page = pages.feedback_page(join([entry("Ann")], results, {})[0], "the exercise")
    for words in ("2 of 4 points", "✓ Task 2.1", "✗ Task 2.2", "use <code>fit</code></p>", "Left out: !ls"):
        assert words in page
    assert "a-slug" not in page  # an id of ours; learners read what it means
    assert "needs review" not in page
    assert "the rest needs review" in pages.feedback_page(rows_of("Ann", outcomes=[(UNJUDGED, 0)])[0], "t")


def test_the_class_report_counts():
    named = record(result("2.1", NOT_EARNED, misconception="m"))
    rows = join([entry("Ann"), entry("Bob"), entry("Cy", "right")], {"k": named, "right": record(result("2.1", EARNED, 2))}, {})
    page = pages.class_page(rows, "the exercise", {"seed": "s"}, {"m": "it means this"})
    assert "<td>1</td><td>2</td><td>0</td><td>33 %" in page
    assert "<td>2.1</td><td>m</td><td>2</td><td>it means this</td>" in page
    assert "median is 0 of 2" in page


@pytest.mark.parametrize("value", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\n=1", "|calc", "%x"])
def test_no_text_becomes_a_formula(value):
    for text in (exports.to_csv(rows_of(value)), exports.to_canvas(rows_of(value), value), exports.to_moodle(rows_of(value))):
        for line in read_csv(text):
            assert not any(cell.strip()[:1] in "=+@" and cell.strip() for cell in line), line
            assert not any(cell.startswith(("\t", "\r", "-")) for cell in line), line


def test_names_with_commas_quotes_and_lines_stay_in_their_cell():
    name = 'Doe, "Jo"; a'
    for text, column in (
        (exports.to_csv(rows_of(name)), 0),
        (exports.to_canvas(rows_of(name), "t"), 0),
        (exports.to_moodle(rows_of(name)), 1),
    ):
        assert read_csv(text)[-1][column] == name
    assert len(read_csv(exports.to_csv(rows_of("a\nb")))) == 2


def test_canvas_gets_its_columns_and_the_points_possible():
    lines = read_csv(exports.to_canvas(rows_of("Ann", learner_id="77"), "Lesson 02"))
    assert lines[0] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Lesson 02"]
    assert lines[1][0].strip() == "Points Possible"
    assert lines[1][-1] == "4"
    assert lines[2] == ["Ann", "77", "", "", "", "2"]


def test_moodle_gets_participants_and_grades():
    lines = read_csv(exports.to_moodle(rows_of("Ann", learner_id="77")))
    assert lines[0] == list(exports.MOODLE_COLUMNS)
    assert lines[1][:5] == ["Participant 77", "Ann", "", "2", "4"]


def test_gradescope_gets_score_and_tests():
    data = exports.to_gradescope(rows_of("Ann")[0])
    assert data["score"] == 2
    assert [(test["score"], test["max_score"], test["status"]) for test in data["tests"]] == [
        (2, 2, "passed"),
        (0, 2, "failed"),
    ]


def test_what_is_open_gets_no_mark_anywhere():
    rows = rows_of("Ann", outcomes=[(EARNED, 2), (UNJUDGED, 0)])
    assert read_csv(exports.to_canvas(rows, "t"))[-1][-1] == ""
    assert read_csv(exports.to_moodle(rows))[-1][3] == ""
    assert read_csv(exports.to_csv(rows))[-1][2:7] == ["2", "4", "2", "", "2.2"]
    data = exports.to_gradescope(rows[0])
    assert "score" not in data
    assert [(test.get("score"), test.get("status")) for test in data["tests"]] == [(2, "passed"), (None, None)]


def test_names_of_files_are_safe_and_different():
    names = ["../../etc/passwd", "a/b", "a\\b", "CON", "", ".", "é", "è", "x" * 300, "\x00", "Ann", "ann"]
    made = [rows_of(name)[0].file_name for name in names]
    assert len({name.lower() for name in made}) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9-]{5,60}", name) for name in made)


def test_exports_stay_in_their_folder(tmp_path):
    exports.write_exports(tmp_path / "out", rows_of("../../../evil", "/etc/evil"), "t")
    pages.write_pages(tmp_path / "out", rows_of("../../../evil"), "t", {}, {})
    assert {path.name for path in tmp_path.iterdir()} == {"out"}
    assert len(list((tmp_path / "out/gradescope").iterdir())) == 2


def test_what_needs_review_for_one_reason_is_one_line():
    same = rows_of("Ann", outcomes=[(UNJUDGED, 0), (UNJUDGED, 0)])
    assert pages.class_page(same, "t", {}, {}).count("<td>why</td>") == 1
    assert "<td>all</td><td>why</td>" in pages.class_page(same, "t", {}, {})
    part = rows_of("Ann", outcomes=[(EARNED, 2), (UNJUDGED, 0)])
    assert "<td>2.2</td><td>why</td>" in pages.class_page(part, "t", {}, {})


def test_the_gradebook_can_be_asked(tmp_path):
    path = tmp_path / "book.sqlite"
    for _ in range(2):  # made again each time
        write_gradebook(path, rows_of("Ann", "Robert'); DROP TABLE learners;--"), {"seed": "s"})
    with sqlite3.connect(path) as book:
        assert book.execute("SELECT learner, points, max_points, needs_review FROM learners ORDER BY number").fetchall() == [
            ("Ann", 2.0, 4.0, 0),
            ("Robert'); DROP TABLE learners;--", 2.0, 4.0, 0),
        ]
        assert book.execute("SELECT outcome, count(*) FROM results GROUP BY outcome").fetchall() == [
            (EARNED, 2),
            (NOT_EARNED, 2),
        ]
        assert book.execute("SELECT value FROM about").fetchall() == [("s",)]
    book.close()


def test_a_decision_in_review_is_seen(tmp_path):
    path = tmp_path / "decisions.csv"
    assert read_decisions(path) == {}
    path.write_text("learner,task,points,comment\nAnn,2.2,1.5,half of it\n", encoding="utf-8-sig")
    results = {"k": record(result("2.1", EARNED, 2), result("2.2", UNJUDGED))}
    (row,) = join([entry("Ann")], results, read_decisions(path))
    assert (row.points, row.open) == (3.5, ())
    assert "half of it" in pages.feedback_page(row, "t")
    assert read_csv(exports.to_canvas([row], "t"))[-1][-1] == "3.5"
    path.write_text("learner,task,points,comment\nAnn,2.2,many,x\n")
    with pytest.raises(ValueError, match="line 2: points must be a number"):
        read_decisions(path)
    path.write_text("who,task\n")
    with pytest.raises(ValueError, match="needs the columns"):
        read_decisions(path)


def test_a_decision_gives_no_more_than_the_task_has():
    results = {"k": record(result("2.1", UNJUDGED))}
    (row,) = join([entry("Ann")], results, {("Ann", "2.1"): (99.0, "")})
    assert row.points == 2


def test_a_learner_without_a_record_is_listed_and_not_at_zero():
    (row,) = join([entry("Ann", "none", problem="The file cannot be read (denied).")], {}, {})
    assert row.open == (("", "The file cannot be read (denied)."),)
    assert read_csv(exports.to_canvas([row], "t"))[-1][-1] == ""
    assert "cannot be read" in pages.feedback_page(row, "t")


def test_a_roster_is_read_as_it_was_written(tmp_path):
    entries = [entry("Ann \u202e\n"), entry("Bob", problem="p")]
    write_roster(tmp_path / "roster", entries)
    assert read_roster(tmp_path / "roster") == entries
    (tmp_path / "roster").write_text(json.dumps({"learner": "x"}))
    with pytest.raises(ValueError, match="is damaged"):
        read_roster(tmp_path / "roster")
