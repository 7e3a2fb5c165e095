"""Several notebooks at a time: side by side, none lost, and nothing left running."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import nbformat
import pytest

from tlcourse.cli import main
from tlcourse.course import run_course
from tlcourse.course.pages import Record
from tlcourse.course.parallel import run_parallel
from tlcourse.course.progress import Progress

WORK = """
import os, time
from pathlib import Path

def meet(task, tell):
    mine, other = map(Path, task)
    mine.touch()
    for _ in range(600):
        if other.exists():
            return mine.name
        time.sleep(0.05)
    raise RuntimeError("the other never came")

def count(task, tell):
    for i in range(task):
        tell(i)
    if task == 3:
        os._exit(7)
    if task == 4:
        raise OSError(28, "No space left on device")
    return task * 10

def wait(task, tell):
    tell("started")
    time.sleep(600)
"""


@pytest.fixture
def work(tmp_path, monkeypatch):
    """A module that a fresh process can import."""
    (tmp_path / "example_work.py").write_text(WORK)
    monkeypatch.syspath_prepend(tmp_path)
    import importlib

    return importlib.reload(importlib.import_module("example_work"))


def events_of(work, tasks, jobs):
    seen = []
    run_parallel(work, tasks, jobs, lambda *event: seen.append(event))
    return seen


def test_two_jobs_run_side_by_side(work, tmp_path):
    a, b = str(tmp_path / "a"), str(tmp_path / "b")
    seen = events_of(work.meet, [(a, b), (b, a)], 2)  # each waits for the other
    assert sorted(value for event, _, value in seen if event == "result") == ["a", "b"]


def test_no_more_run_than_there_are_jobs_and_each_tells_in_order(work):
    seen = events_of(work.count, [1, 2, 5, 2], 2)
    running = peak = 0
    for event, _, _ in seen:
        running += {"begin": 1, "result": -1}.get(event, 0)
        peak = max(peak, running)
    assert (running, peak) == (0, 2)
    assert [value for event, number, value in seen if event == "news" and number == 2] == [0, 1, 2, 3, 4]
    assert {number: value for event, number, value in seen if event == "result"} == {0: 10, 1: 20, 2: 50, 3: 20}


def test_a_process_that_ends_without_a_word_is_told_and_stops_no_other(work):
    seen = events_of(work.count, [3, 1], 1)
    assert ("died", 0, 7) in seen
    assert ("result", 1, 10) in seen


def test_an_error_of_the_work_reaches_the_caller(work):
    with pytest.raises(OSError, match="No space"):
        events_of(work.count, [4], 2)
    assert multiprocessing.active_children() == []


def test_an_interruption_leaves_no_process_behind(work):
    def interrupt(event, number, value):
        if event == "news" and number == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_parallel(work.wait, [0, 1], 2, interrupt)
    assert multiprocessing.active_children() == []


def write(path: Path, *cells: str) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in cells])
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)


@pytest.fixture
def course(tmp_path, monkeypatch):
    """Three notebooks that leave a line in a file each time they are run; the second one fails."""
    for number, last in enumerate(["print(6 * 7)", "1 / 0", "print('three')"]):
        log = f"open({str(tmp_path / 'ran.txt')!r}, 'a').write('{number}\\n')"
        write(tmp_path / f"course/notebooks/{number}.ipynb", log, last)
    for folder in ("exercises", "solutions"):
        (tmp_path / "course" / folder).mkdir()
    monkeypatch.setattr("tlcourse.course._package_digest", lambda: "a package that nobody edits meanwhile")
    return tmp_path / "course"


def test_a_run_with_two_jobs_gives_the_same_pages_and_a_second_one_runs_what_failed_or_changed(course, tmp_path, capsys):
    index, records = run_course(course, tmp_path / "out", jobs=2)
    assert [record.title for record in records] == ["lesson 0", "lesson 1", "lesson 2"]
    assert ["ZeroDivisionError" in record.error for record in records] == [False, True, False]
    assert ">42" in (index.parent / records[0].page).read_text()
    assert index.read_text().count("ran to the end") == 2
    assert sorted((tmp_path / "ran.txt").read_text().split()) == ["0", "1", "2"]
    write(course / "notebooks/2.ipynb", f"open({str(tmp_path / 'ran.txt')!r}, 'a').write('new\\n')")
    capsys.readouterr()
    run_course(course, tmp_path / "out", jobs=2)
    assert sorted((tmp_path / "ran.txt").read_text().split()) == ["0", "1", "1", "2", "new"]
    lines = [line.split()[:6] for line in capsys.readouterr().out.splitlines() if line[0] != " "]
    assert lines[0] == ["same", "1", "of", "3", "lesson", "0"]
    assert sorted((line[0], *line[4:]) for line in lines[1:]) == [("FAILED", "lesson", "1"), ("done", "lesson", "2")]
    assert [line[1:4] for line in lines[1:]] == [["2", "of", "3"], ["3", "of", "3"]]


def test_a_notebook_whose_process_died_is_reported_as_failed_and_run_again(course, tmp_path, monkeypatch):
    import tlcourse.course as room

    def all_die(work, tasks, jobs, on_event):
        for number in range(len(tasks)):
            on_event("begin", number, None)
            on_event("died", number, -9)

    with monkeypatch.context() as patched:
        patched.setattr(room, "run_parallel", all_die)
        index, records = run_course(course, tmp_path / "out", jobs=2, only="0")
    assert "ended with status -9. Out of memory?" in records[0].error
    assert (index.parent / records[0].page).exists()
    _, records = run_course(course, tmp_path / "out", only="0")
    assert records[0].error == ""


def test_the_line_names_what_runs_and_where_it_is(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("tlcourse.course.progress.time.perf_counter", lambda: now[0])
    progress = Progress([("lesson 00", 60.0), ("lesson 02", 120.0), ("lesson 03", 90.0)], jobs=2)
    progress.begin("lesson 00")
    progress.begin("lesson 02")
    progress.cell("lesson 00", 3, 10)
    now[0] += 30
    expected = "0:30 elapsed  about 1:45 remaining  lesson 00 cell 3/10  lesson 02 starting"
    assert progress.line() == expected  # (30 + 90 + 90) / 2 seconds
    progress.end(Record("lesson 00", "", 40.0, None, "", "", ""))
    progress.keep("lesson 03")
    assert progress.line() == "0:30 elapsed  about 1:30 remaining  lesson 02 starting"


def test_the_command_line_says_what_a_job_costs_and_refuses_none(capsys):
    with pytest.raises(SystemExit):
        main(["course", "--help"])
    assert "what cores and memory allow, at up to 2 GiB each" in " ".join(capsys.readouterr().out.split())
    assert main(["course", "--jobs", "0"]) == 1
    assert "jobs=0" in capsys.readouterr().err
