"""Progress: every check and hint is noted in one file of the learner, which nothing overwrites and no automatic run writes."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tlcourse.cli import main
from tlcourse.tasks import all_tasks, journal, session
from tlcourse.tasks.progress import progress


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("TLCOURSE_HOME", str(tmp_path))
    monkeypatch.delenv("TLCOURSE_CHECK", raising=False)
    monkeypatch.delenv("TLCOURSE_PROGRESS", raising=False)
    monkeypatch.setattr(session, "_said", set())
    return tmp_path


TASK = "6.1"


def note(outcome, task=TASK):
    return journal.note(task, outcome=outcome)


def test_every_task_of_the_course_is_left_at_first():
    shown = progress()
    assert {lesson.topic: lesson.left for lesson in shown.lessons} == {
        topic: tuple(task.id for task in tasks) for topic, tasks in all_tasks().items()
    }
    assert sum(lesson.points for lesson in shown.lessons) == 0
    assert not journal.journal_path().exists()  # looking writes nothing


def test_a_task_stays_earned_and_counts_its_points():
    note("not earned")
    assert progress().lessons[6].tried == (TASK,)
    note("earned")
    note("not earned")
    lesson = progress().lessons[6]
    assert (lesson.earned, lesson.tried) == ((TASK,), ())
    points = {task.id: task.points for task in all_tasks()["06_overfitting"]}
    assert (lesson.points, lesson.max_points) == (points[TASK], sum(points.values()))
    assert progress().entries[TASK].attempts == 3


def test_check_and_hint_note_what_they_did():
    session.hint("0.1")
    session.hint("0.1")
    feedback = session.check("0.1", lambda *args: None)
    entry = progress().entries["0.1"]
    assert (entry.outcome, entry.attempts, entry.hints) == (feedback.outcome, 1, 2)


def test_an_untouched_task_is_no_attempt():
    def stub(*args):
        raise NotImplementedError("Task 0.1: later")

    session.check("0.1", stub)
    session.check("0.1", ...)
    assert progress().entries == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [("TLCOURSE_CHECK", "raise"), ("TLCOURSE_PROGRESS", "off")],
)
def test_runs_that_are_not_a_learner_note_nothing(name, value, monkeypatch, home):
    monkeypatch.setenv(name, value)
    note("earned")
    assert list(home.iterdir()) == []


def test_lines_that_are_no_notes_are_named_and_stay(home):
    path = journal.journal_path()
    odd = [
        b"\xff\xfe",
        b"[1, 2]",
        b'{"task": "../x", "outcome": "earned", "time": ""}',
        b'{"task": "6.1", "outcome": "won", "time": ""}',
    ]
    odd += [b'{"task": "6.1", "hint": true, "time": ""}', b'{"task": "6.1", "outcome": "earned"', b"[" * 5000]
    path.write_bytes(b"\n".join(odd))  # the last line has no end, as after a full disk
    before = path.read_bytes()
    note("earned")
    assert path.read_bytes().startswith(before)
    shown = progress()
    assert shown.entries[TASK].attempts == 1
    assert f"{len(odd)} of its lines could not be read and are left as they are (line 1, 2, 3, 4, 5 ...)" in str(shown)


def test_a_place_that_cannot_be_written_is_said_once_and_the_check_goes_on(home, monkeypatch, capsys):
    (home / "file").write_text("")
    monkeypatch.setenv("TLCOURSE_HOME", str(home / "file"))
    assert not session.check("0.1", lambda *args: None).earned
    session.check("0.1", lambda *args: None)
    said = capsys.readouterr().err
    assert said.count("Your progress could not be kept in") == 1
    assert "The check itself is not affected." in said


def test_processes_side_by_side_lose_nothing():
    code = "from tlcourse.tasks import journal\nfor i in range(200): journal.note('6.1', outcome='not earned')"
    runs = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(4)]
    assert [run.wait(60) for run in runs] == [0] * 4
    assert progress().entries[TASK].attempts == 800
    assert progress().notes == ()


def test_the_command_shows_exports_and_forgets(capsys):
    note("earned")
    assert main(["progress"]) == 0
    assert "06 overfitting" in capsys.readouterr().out
    assert main(["progress", "--json"]) == 0
    exported = json.loads(capsys.readouterr().out)
    assert exported["format"] == 1
    assert exported["tasks"][TASK]["outcome"] == "earned"
    assert exported["lessons"][6]["earned"] == [TASK]
    assert main(["progress", "--forget"]) == 0
    said = capsys.readouterr().out
    assert f"Removing {journal.journal_path()}" in said
    assert "1 of " in said  # what is lost is said, too
    assert not journal.journal_path().exists()
    assert main(["progress", "--forget"]) == 0
    assert "Nothing was kept" in capsys.readouterr().out


def test_a_notebook_shows_a_table_that_a_screen_reader_can_read():
    note("earned")
    page = progress()._repr_html_()
    assert "<table" in page
    assert "<script" not in page
    assert str(journal.journal_path()) in page
