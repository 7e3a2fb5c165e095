"""The commands of instructors: what they write, what they say, how they exit."""

from __future__ import annotations

import json

import pytest

from tests.submissions.corpus import RIGHT, ROOT, answered, to_bytes
from tlcourse.cli import main
from tlcourse.grading import commands, gate
from tlcourse.grading.sandbox.backends import bubblewrap_problem

needs_sandbox = pytest.mark.skipif(bool(bubblewrap_problem()), reason=f"needs a sandbox: {bubblewrap_problem()}")


@pytest.fixture
def submissions(tmp_path):
    folder = tmp_path / "submissions"
    folder.mkdir()
    (folder / "ann_1_2_00_start_here.ipynb").write_bytes(to_bytes(answered()))
    wrong = "def lost_their_order(labels, predicted, acc):\n    return acc < 0.5"
    (folder / "bob_3_4_00_start_here.ipynb").write_bytes(to_bytes(answered(c=wrong)))
    return folder


def grade(submissions, out, *more):
    options = ["--out", str(out), "--tasks", "0.3", "--course", str(ROOT), "--cell-seconds", "9", "--probe-seconds", "9"]
    return main(["grade", str(submissions), *options, *more])


@needs_sandbox
def test_a_class_is_graded_reported_and_decided(submissions, tmp_path, capsys):
    out = tmp_path / "marks"
    assert grade(submissions, out) == 0
    said = capsys.readouterr().out
    assert "The gate is open" in said
    assert "kind: bubblewrap; network: none" in said
    assert "2 submissions, 2 of them graded now" in said
    names = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file() and not path.name.startswith(".")}
    assert names >= {"records.jsonl", "gradebook.sqlite", "class.html", "run.json", "exports/marks.csv", "exports/canvas.csv"}
    marks = (out / "exports/marks.csv").read_text("utf-8-sig").splitlines()
    assert [line.split(",")[:4] for line in marks[1:]] == [["ann", "1", "2", "2"], ["bob", "3", "0", "2"]]
    assert "low-accuracy-is-no-proof" in (out / "class.html").read_text()

    (submissions / "cy.ipynb").write_bytes(b"")
    assert grade(submissions, out, "--jobs", "2") == 3
    said = capsys.readouterr().out
    assert "3 submissions, 1 of them graded now" in said
    assert "needs review: 'cy', task 0.3: The submission cannot be read. The file is empty." in said
    (out / "decisions.csv").write_text("learner,task,points,comment\ncy,0.3,1,handed in on paper\n")
    assert main(["report", str(out), "--course", str(ROOT)]) == 0
    assert "cy,,1,2" in (out / "exports/marks.csv").read_text("utf-8-sig")


@needs_sandbox
def test_a_closed_gate_grades_nothing_and_says_why(submissions, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(gate, "with_answers", lambda master, sources: master.solution)
    assert grade(submissions, tmp_path / "marks") == 1
    said = capsys.readouterr().err
    assert "Nothing was graded" in said
    assert "the wrong answer 'compared exactly" in said or "the wrong answer" in said
    assert not (tmp_path / "marks/journal.jsonl").exists()


@needs_sandbox
def test_without_a_sandbox_only_behind_its_flag_and_on_the_record(submissions, tmp_path, capsys):
    assert grade(submissions, tmp_path / "marks", "--unsafe-no-sandbox") == 0
    assert "kind: none; network: open; files: open" in capsys.readouterr().out
    records = [json.loads(line) for line in (tmp_path / "marks/records.jsonl").read_text().splitlines()]
    assert {record["sandbox"]["kind"] for record in records} == {"none"}


@needs_sandbox
def test_release_proves_an_exercise(tmp_path, capsys, monkeypatch):
    course = tmp_path / "course"
    for folder in ("exercises", "solutions", "content/banks"):
        (course / folder).mkdir(parents=True)
        suffix = ".py" if folder == "content/banks" else ".ipynb"
        (course / folder / f"00_start_here{suffix}").write_bytes((ROOT / folder / f"00_start_here{suffix}").read_bytes())
    short = {task: source for task, source in RIGHT.items() if task == "0.3"}
    real = commands_load(short)
    monkeypatch.setattr("tlcourse.grading.master.load_master", real)
    assert main(["release", "00", "--course", str(course)]) == 0
    assert "can go to learners: the solution earns all points" in capsys.readouterr().out


def commands_load(tasks):
    """Load the exercise with a few of its tasks, to save time."""
    from tlcourse.grading.master import load_master

    return lambda course, lesson, only=(): load_master(course, lesson, tasks)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--tasks", "0.9"], "There is no task 0.9"),
        (["--exercise", "77"], "Expected a lesson number or prefix"),
        (["--sandbox", "container"], "image"),
    ],
)
def test_wrong_wishes_are_answered_in_words(submissions, tmp_path, capsys, arguments, words, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    assert grade(submissions, tmp_path / "marks", *arguments) == 1
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--shard", "3/2"], ["--shard", "x"], ["--jobs", "0"], ["--memory", "-5"]])
def test_wrong_use_exits_with_2(submissions, tmp_path, capsys, arguments):
    with pytest.raises(SystemExit) as stopped:
        grade(submissions, tmp_path / "marks", *arguments)
    assert stopped.value.code == 2
    assert "received" in capsys.readouterr().err


def test_the_exercise_is_guessed_from_the_names_of_files(tmp_path):
    for name in ("a_1_2_03_what_layers_know.ipynb", "b_1_2_03_what_layers_know-1.ipynb", "c_00_start_here.ipynb"):
        (tmp_path / name).write_bytes(b"{}")
    assert commands._guess(ROOT, tmp_path) == "03_what_layers_know"
    for path in tmp_path.iterdir():
        path.unlink()
    (tmp_path / "homework.ipynb").write_bytes(b"{}")
    with pytest.raises(ValueError, match="--exercise 03"):
        commands._guess(ROOT, tmp_path)


def test_a_report_on_nothing_is_answered_in_words(tmp_path, capsys):
    assert main(["report", str(tmp_path)]) == 1
    assert "Nothing was graded" in capsys.readouterr().err
