"""How answers are found in a notebook, that it is said how, and that reading runs nothing."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.submissions.corpus import MASTER, RIGHT, all_kinds, answered, to_bytes
from tlcourse.grading.reading.locate import CHECK, HEADING, METADATA, NOWHERE, SOURCE, TEXT, locate
from tlcourse.grading.reading.notebook import UnreadableNotebook, read_notebook
from tlcourse.grading.reading.python_code import read_code

KINDS = {kind.name: kind for kind in all_kinds()}


def places(data):
    return locate(read_notebook(data), MASTER.answers)


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("right", SOURCE),
        ("nothing_filled_in", SOURCE),
        ("renamed_with_its_check", CHECK),
        ("renamed_without_its_check", METADATA),
        ("renamed_and_without_metadata", HEADING),
        ("renamed_without_metadata_headings_and_checks", TEXT),
        ("one_answer_deleted", NOWHERE),
    ],
)
def test_it_is_said_how_an_answer_was_found(name, how):
    assert places(KINDS[name].make()).places["0.1"].how == how


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("latin_1", "latin-1"),
        ("utf_16", "UTF-16"),
        ("format_3", "format 3"),
        ("saved_by_colab", "Colab"),
        ("kernel_of_another_language", "'R'"),
        ("some_cells_are_nonsense", "cells have no readable text"),
        ("definition_split_over_two_cells", "were joined"),
        ("answer_cell_turned_into_text", "text cell that holds an answer"),
        ("magics_and_shell_lines", "Left out: !pip install"),
        ("cells_of_other_languages", "%%bash was not run"),
    ],
)
def test_what_is_odd_about_a_file_is_said(name, word):
    assert any(word in note for note in places(KINDS[name].make()).notes)


def test_a_plain_submission_has_no_notes():
    assert places(KINDS["right"].make()).notes == ()


def test_of_several_definitions_the_one_that_counts_is_named():
    (note,) = places(KINDS["wrong_attempt_above_the_right_one"].make()).places["0.1"].notes
    assert "defined 2 times" in note


def test_an_unfilled_copy_is_left_out():
    located = places(KINDS["unfilled_copy_below_the_answer"].make())
    copies = [i for i, (_, code) in enumerate(located.codes) if "group_split" in code.binds]
    assert located.idle & set(copies) == {copies[1]}


def test_cells_that_only_check_are_left_out_and_cells_that_do_more_are_not():
    assert read_code('check("0.1", f)\nhint("0.1")').only_checks
    assert not read_code('check("0.1", f)\nx = 5').only_checks
    assert not read_code('check("0.1", (f := g))').only_checks
    assert not read_code("print(1)").only_checks


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("%matplotlib inline\nx = 1", "pass\nx = 1"),
        ("if a:\n    !ls\nelse:\n    b", "if a:\n    pass\nelse:\n    b"),
        ("files = !ls -l", "files = []"),
        ("%%time\nx = 1", "\nx = 1"),
        ("%%bash\nls", ""),
        ("np.sum?", "pass"),
        ("x = (7\n     % 3)", "x = (7\n     % 3)"),
        ('x = """\n!ls\n%time\n"""', 'x = """\n!ls\n%time\n"""'),
    ],
)
def test_magics_leave_and_python_stays(source, text):
    assert read_code(source).text == text


@pytest.mark.parametrize(
    "source",
    [
        "def f(): pass",
        "f = lambda: 1",
        "class f: pass",
        "from m import g as f",
        "if True:\n    def f(): pass",
        "try:\n    f = g\nexcept E: pass",
    ],
)
def test_a_name_is_bound_in_every_way_of_binding(source):
    assert "f" in read_code(source).binds


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400) | st.text(max_size=300).map(str.encode))
def test_any_bytes_are_read_or_refused(data):
    try:
        notebook = read_notebook(data)
    except UnreadableNotebook:
        return
    assert notebook.cells is not None


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="()[]{}:=.,%!?\\\n\t \"'#@abdeflns01", max_size=200))
def test_any_text_of_a_cell_is_read(source):
    assert read_code(source).binds is not None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["source", "cell_type", "metadata", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(st.lists(json_values, max_size=5), json_values)
def test_any_cells_are_located_or_refused(cells, metadata):
    data = json.dumps({"cells": cells, "metadata": metadata}).encode()
    assert set(places(data).places) == set(RIGHT)


def test_reading_a_submission_runs_none_of_it(tmp_path):
    trap = tmp_path / "trap"
    places(to_bytes(answered(a=f"open({str(trap)!r}, 'w')\n{RIGHT['0.1']}", b="@print\ndef bootstrap_interval(): pass")))
    assert not trap.exists()
