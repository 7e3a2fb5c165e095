"""The course runner: good notebooks make pages, bad ones are named and stop nobody else."""

from __future__ import annotations

import json
import os
from copy import deepcopy
from datetime import date
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup

from tlcourse.cli import main
from tlcourse.course import execute, find_course, list_runnable, read_notebook, run_course
from tlcourse.course import pages as pages_module

CELLS = {
    "good": ["x = 6 * 7", "print(x)"],
    "fails": ["x = 1", "x / 0", "print('never')"],
    "loops": ["while True: pass"],
    "dies": ["import os", "os._exit(3)"],
    "complains": ["import sys; print('only a remark', file=sys.stderr)"],
    "writes": ["open('left_behind.txt', 'w').write('x')"],
    "asks": ["import os; print(os.environ['TLCOURSE_PROFILE'], os.environ['TLCOURSE_CHECK'])"],
}


def write(folder: Path, name: str, cells=None) -> Path:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in (cells or CELLS[name])])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.ipynb"
    nbformat.write(notebook, path)
    return path


@pytest.fixture
def course(tmp_path):
    for folder in ("notebooks", "exercises", "solutions"):
        (tmp_path / "course" / folder).mkdir(parents=True)
    return tmp_path / "course"


def test_a_good_notebook_runs_to_the_end_and_tells_each_cell(tmp_path):
    seen = []
    outcome = execute(write(tmp_path, "good"), profile="embedded", on_cell=lambda done, total: seen.append((done, total)))
    assert outcome.ok
    assert seen == [(1, 2), (2, 2)]
    assert outcome.notebook.cells[1].outputs[0].text == "42\n"


def test_a_failing_cell_is_named_with_its_source_and_error(tmp_path):
    outcome = execute(write(tmp_path, "fails"), profile="embedded")
    assert outcome.error.startswith("cell 2 of 3: ZeroDivisionError: division by zero")
    assert "x / 0" in outcome.error


def test_a_cell_that_never_ends_is_stopped(tmp_path):
    outcome = execute(write(tmp_path, "loops"), profile="embedded", cell_limit=2)
    assert "cell 1 of 1: did not end within 2 s" in outcome.error


def test_a_kernel_that_dies_is_said_to_have_died(tmp_path):
    outcome = execute(write(tmp_path, "dies"), profile="embedded")
    assert "cell 2 of 2: the kernel died" in outcome.error


def test_a_kernel_that_does_not_start_is_said_not_to_have_started_and_stops_no_other(course, tmp_path, monkeypatch):
    broken = tmp_path / "ipython/profile_default/ipython_kernel_config.py"
    broken.parent.mkdir(parents=True)
    broken.write_text("import os; os._exit(1)")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    write(course / "notebooks", "good")
    write(course / "solutions", "good")
    _, records = run_course(course, tmp_path / "out")
    assert [record.error.split(":")[0] for record in records] == ["the kernel did not start"] * 2


def test_words_on_stderr_are_no_failure(tmp_path):
    assert execute(write(tmp_path, "complains"), profile="embedded").ok


def test_a_notebook_leaves_no_file_where_it_lies(tmp_path):
    path = write(tmp_path / "here", "writes")
    assert execute(path, profile="embedded").ok
    assert list(path.parent.iterdir()) == [path]


def test_the_kernel_knows_the_profile_and_that_failing_checks_fail_the_run(tmp_path):
    outcome = execute(write(tmp_path, "asks"), profile="full")
    assert outcome.notebook.cells[0].outputs[0].text == "full raise\n"


def test_figures_land_in_the_page_whatever_backend_the_caller_has(tmp_path, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    figure = write(tmp_path, "figure", ["import matplotlib.pyplot as plt", "plt.plot([1, 2]); plt.show()"])
    outcome = execute(figure, profile="embedded")
    assert any("image/png" in output.get("data", {}) for output in outcome.notebook.cells[1].outputs), outcome.error


@pytest.mark.parametrize("text", ["", "no json", '{"cells": 3}'])
def test_a_file_that_is_no_notebook_is_refused_by_name(tmp_path, text):
    (tmp_path / "x.ipynb").write_text(text)
    with pytest.raises(ValueError, match=r"x\.ipynb.*no notebook"):
        read_notebook(tmp_path / "x.ipynb")
    with pytest.raises(FileNotFoundError, match=r"y\.ipynb"):
        read_notebook(tmp_path / "y.ipynb")


def test_a_run_makes_pages_and_an_index_and_a_failure_stops_no_other(course, tmp_path):
    write(course / "notebooks", "fails")
    write(course / "notebooks", "good")
    index, records = run_course(course, tmp_path / "out")
    assert [bool(record.error) for record in records] == [True, False]
    text = index.read_text()
    assert "ZeroDivisionError" in text
    for record in records:
        assert f"href='{record.page}'" in text
        assert (index.parent / record.page).exists()
    assert ">42" in (index.parent / records[1].page).read_text()


def test_pages_and_index_say_when_and_with_which_versions_a_notebook_ran(course, tmp_path):
    import keras

    write(course / "notebooks", "fails")
    write(course / "notebooks", "good")
    index, records = run_course(course, tmp_path / "out")
    for record, ended in zip(records, ("stopped with an error on ", "ran to the end on "), strict=True):
        assert record.stamp.startswith(ended + date.today().isoformat())
        assert f"keras {keras.__version__}," in record.stamp
        assert record.stamp in index.read_text()
        foot = BeautifulSoup((index.parent / record.page).read_text(), "html.parser").select_one("body > footer")
        assert foot.text == f"This notebook {record.stamp}."


def test_a_second_run_executes_only_what_changed_or_failed(course, tmp_path, monkeypatch):
    write(course / "notebooks", "fails")
    write(course / "notebooks", "good")
    write(course / "solutions", "complains")
    run_course(course, tmp_path / "out")
    ran = []
    import tlcourse.course as room

    real = room.execute
    monkeypatch.setattr(room, "execute", lambda path, **options: ran.append(path.stem) or real(path, **options))
    run_course(course, tmp_path / "out")
    assert ran == ["fails"]
    write(course / "notebooks", "good", ["print('new')"])
    run_course(course, tmp_path / "out", only="good")
    assert ran == ["fails", "good"]
    run_course(course, tmp_path / "out", only="complains", fresh=True)
    assert ran == ["fails", "good", "complains"]


def test_the_index_keeps_pages_that_were_not_asked_for_and_says_when_they_are_old(course, tmp_path):
    write(course / "notebooks", "good")
    write(course / "notebooks", "complains")
    run_course(course, tmp_path / "out")
    index, records = run_course(course, tmp_path / "out", only="good")
    assert [record.title for record in records] == ["lesson good"]
    assert "complains.lesson.html" in index.read_text()
    assert "before the last change" not in index.read_text()
    write(course / "notebooks", "complains", ["print('new')"])
    index, _ = run_course(course, tmp_path / "out", only="good")
    assert index.read_text().count("before the last change") == 1


def test_a_figure_keeps_its_alt_text_on_the_page(tmp_path):
    draw = "import matplotlib.pyplot as plt\n_, ax = plt.subplots()\nalt_text = lambda ax: 'A <b>\"rising\" line'\nprint(alt_text(ax))"
    outcome = execute(write(tmp_path, "figure", [draw]), profile="embedded")
    assert outcome.ok, outcome.error
    before = deepcopy(outcome.notebook)
    pages_module.write_page(outcome.notebook, "figure", tmp_path / "figure.html")
    images = BeautifulSoup((tmp_path / "figure.html").read_text(), "html.parser").select("img")
    assert [image["alt"] for image in images] == ['A <b>"rising" line']
    assert outcome.notebook == before


def test_an_interrupted_run_keeps_what_was_finished(course, tmp_path, monkeypatch):
    write(course / "notebooks", "a_good", CELLS["good"])
    write(course / "notebooks", "b_good", CELLS["good"])
    import tlcourse.course as room

    real = room.execute

    def stop_at_b(path, **options):
        if path.stem == "b_good":
            raise KeyboardInterrupt
        return real(path, **options)

    monkeypatch.setattr(room, "execute", stop_at_b)
    with pytest.raises(KeyboardInterrupt):
        run_course(course, tmp_path / "out")
    names = {path.name for path in (tmp_path / "out/embedded").iterdir()}
    assert names == {"a_good.lesson.html", "a_good.lesson.json"}


def test_a_page_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "page.html"
    path.write_text("old")

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        pages_module.write_whole(path, "new")
    assert path.read_text() == "old"


def test_a_damaged_record_is_run_again_and_harms_nothing(course, tmp_path):
    write(course / "notebooks", "good")
    index, _ = run_course(course, tmp_path / "out")
    (index.parent / "good.lesson.json").write_text("{")
    _, records = run_course(course, tmp_path / "out")
    assert json.loads((index.parent / "good.lesson.json").read_text())["error"] == records[0].error == ""


def test_a_topic_that_does_not_exist_lists_those_that_do():
    with pytest.raises(ValueError, match="00_start_here"):
        list_runnable(find_course(), "77")


def test_the_command_line_answers_wrong_use_in_one_line(capsys):
    assert main(["course", "77"]) == 1
    assert capsys.readouterr().err.startswith("tlcourse: No lesson begins with '77'")
    assert main(["fetch", "nothing"]) == 1
    assert "flower_photos" in capsys.readouterr().err


def test_the_command_line_lists_downloads_cache_and_stale_notebooks(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("TLCOURSE_HOME", str(tmp_path))
    assert main(["fetch"]) == 0
    assert "flower_photos" in capsys.readouterr().out
    assert main(["cache"]) == 0
    assert "0 entries" in capsys.readouterr().out
    assert main(["notebooks", "--check"]) == 0


def test_an_exercise_has_a_page_that_is_written_when_its_lesson_ran_or_the_page_is_missing(course, tmp_path, monkeypatch):
    monkeypatch.setattr("tlcourse.course._package_digest", lambda: "a package that nobody edits meanwhile")
    for folder in ("notebooks", "exercises"):
        write(course / folder, "good")
    index, _ = run_course(course, tmp_path / "out")
    page = index.parent / "good.exercise.html"
    assert "6 * 7" in BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser").get_text()
    page.write_text("as it was")
    run_course(course, tmp_path / "out")
    assert page.read_text() == "as it was"
    page.unlink()
    run_course(course, tmp_path / "out")
    assert page.exists()
    page.write_text("as it was")
    run_course(course, tmp_path / "out", fresh=True)
    assert page.read_text(encoding="utf-8") != "as it was"
