"""What an instructor sees while a class is graded, and the example class of the guide."""

from __future__ import annotations

import re
import runpy

import pytest

from tests.submissions.corpus import ROOT
from tlcourse.grading.reading.notebook import UnreadableNotebook, read_notebook
from tlcourse.grading.reading.submissions import find_submissions
from tlcourse.grading.results.progress import ClassProgress


def test_progress_without_a_terminal_is_a_line_for_each_tenth(capsys):
    with ClassProgress(40, 2) as progress:
        for number in range(40):
            progress.running(2)
            progress.done(needs_review=number % 10 == 0)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 10
    assert re.match(r"graded 4/40, 2 from before  running 2  about \d+:\d\d left  need review: 1", lines[0])
    assert re.match(r"graded 40/40, 2 from before  running 0  \d+:\d\d elapsed  need review: 4", lines[-1])


def test_progress_of_nothing_says_nothing(capsys):
    with ClassProgress(0, 8):
        pass
    assert capsys.readouterr().out == ""


def test_the_example_class_of_the_guide_has_thirty_learners(tmp_path, capsys):
    runpy.run_path(str(ROOT / "tools/example_class.py"))["main"]("03", tmp_path / "class")
    submissions = find_submissions(tmp_path / "class", "03_what_layers_know")
    assert len({one.learner for one in submissions}) == 30
    assert sum("late" in str(one.notes) for one in submissions) == 3
    damaged = 0
    for one in submissions:
        try:
            read_notebook(one.content)
        except UnreadableNotebook:
            damaged += 1
    assert damaged == 2


@pytest.mark.parametrize("name", ["release", "grade", "report"])
def test_the_guide_names_every_option_and_no_other(name, capsys):
    from tlcourse.cli import main

    with pytest.raises(SystemExit):
        main([name, "--help"])
    known = set(re.findall(r"--[a-z-]+", capsys.readouterr().out))
    guide = (ROOT / "docs/instructors.md").read_text()
    commands = re.findall(rf"^tlcourse {name} (.*)$", guide, re.MULTILINE)
    assert commands
    assert {option for command in commands for option in re.findall(r"--[a-z-]+", command)} <= known
