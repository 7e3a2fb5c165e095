"""The command line: help for everybody, nothing loaded that is not needed, the right folder, the right exit status."""

from __future__ import annotations

import subprocess
import sys

import nbformat
import pytest

import tlcourse.course
from tlcourse.cli import main

COMMANDS = ("course", "lab", "fetch", "cache", "lesson", "notebooks", "release", "grade", "report", "env")


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course of one lesson, as it lies inside an installed package, and a working folder beside it."""
    place = tmp_path / "_course"
    for folder in tlcourse.course.FOLDERS:
        (place / folder).mkdir(parents=True)
    cell = nbformat.v4.new_code_cell("1 / int(__import__('os').environ.get('DIVISOR', '1'))")
    notebook = nbformat.v4.new_notebook(cells=[cell])
    nbformat.write(notebook, place / "notebooks/00_first.ipynb")
    monkeypatch.setattr(tlcourse.course, "find_course", lambda: place)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return place


@pytest.fixture
def started(monkeypatch):
    """Commands that would have been started, with their folder."""
    calls = []
    monkeypatch.setattr(subprocess, "call", lambda command, cwd: calls.append((command, cwd)) or 0)
    return calls


def test_help_names_every_command_and_each_explains_itself(capsys):
    for arguments in (["--help"], *([command, "--help"] for command in COMMANDS)):
        with pytest.raises(SystemExit) as stopped:
            main(arguments)
        assert stopped.value.code == 0
        text = capsys.readouterr().out
        assert all(command in text for command in (COMMANDS if len(arguments) == 1 else arguments[:1]))


@pytest.mark.parametrize("arguments", [[], ["nothing"], ["course", "--profile", "fast"]])
def test_wrong_use_exits_with_2_and_shows_what_there_is(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "usage: tlcourse" in capsys.readouterr().err


def test_help_loads_neither_frameworks_nor_notebook_tools():
    heavy = {"tensorflow", "keras", "numpy", "matplotlib", "nbformat", "nbclient", "nbconvert", "jupytext", "rich", "pooch"}
    program = (
        "import sys, tlcourse.cli\n"
        "try: tlcourse.cli.main(['--help'])\n"
        f"except SystemExit: print('loaded:', sorted({heavy!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "loaded: []"


def test_course_prints_the_index_and_tells_success_from_failure(course, tmp_path, monkeypatch, capsys):
    assert main(["course", "--out", str(tmp_path / "out")]) == 0
    index = tmp_path / "out/embedded/index.html"
    assert index.exists()
    assert f"1 of 1 notebooks ran to the end. Pages: {index}" in capsys.readouterr().out
    monkeypatch.setenv("DIVISOR", "0")
    assert main(["course", "--out", str(tmp_path / "out"), "--fresh"]) == 1
    shown = capsys.readouterr()
    assert "0 of 1 notebooks ran to the end" in shown.out
    assert "lesson 00_first failed at cell 1 of 1: ZeroDivisionError" in shown.err


def test_lab_of_an_installed_package_works_on_a_copy_and_opens_the_first_lesson(course, started, tmp_path, capsys):
    mine = tmp_path / "work/tlcourse-course/notebooks/00_first.ipynb"
    assert main(["lab", "--no-browser"]) == 0
    assert "1 file copied" in capsys.readouterr().out
    mine.write_text("my work")
    assert main(["lab"]) == 0
    assert mine.read_text() == "my work"
    (first, folder), (second, _) = started
    assert "--LabApp.default_url=/lab/tree/notebooks/00_first.ipynb" in first
    assert second == first[:-1]
    assert folder.resolve() == mine.parents[1]


def test_lab_copies_into_the_folder_that_was_named(course, started, tmp_path):
    assert main(["lab", "--folder", str(tmp_path / "elsewhere")]) == 0
    assert (tmp_path / "elsewhere/notebooks/00_first.ipynb").exists()
    assert not (tmp_path / "elsewhere/solutions").exists()
    assert f"--ServerApp.root_dir={tmp_path / 'elsewhere'}" in started[0][0]
    assert "--allow-root" not in started[0][0]
    assert main(["lab", "00", "--folder", str(tmp_path / "elsewhere"), "--allow-root"]) == 0
    assert "--allow-root" in started[1][0]


def test_lab_of_a_lesson_that_does_not_exist_copies_and_starts_nothing(course, started, tmp_path, capsys):
    assert main(["lab", "77"]) == 1
    assert "00_first" in capsys.readouterr().err
    assert list((tmp_path / "work").iterdir()) == []
    assert not started


def test_an_interruption_is_answered_in_one_line(course, monkeypatch, capsys):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(tlcourse.course, "run_course", interrupted)
    assert main(["course"]) == 130
    assert "What was finished is kept" in capsys.readouterr().err


def test_env_says_profile_versions_and_gpu(capsys):
    assert main(["env"]) == 0
    assert {line.split()[0] for line in capsys.readouterr().out.splitlines()} >= {
        "version",
        "profile",
        "keras",
        "python",
        "GPU",
    }


def test_notebooks_side_by_side_share_the_cores_and_one_alone_has_all(monkeypatch):
    from tlcourse import cli

    monkeypatch.setattr(cli.os, "cpu_count", lambda: 8)
    monkeypatch.setattr(cli.os, "environ", {})
    cli._share_cores(1)
    assert cli.os.environ == {}
    cli.os.environ["TF_NUM_INTRAOP_THREADS"] = "3"
    cli._share_cores(4)
    assert cli.os.environ == {"TF_NUM_INTRAOP_THREADS": "3", "TF_NUM_INTEROP_THREADS": "2"}


def test_lesson_writes_five_files_once_and_says_what_comes_next(course, capsys):
    assert main(["lesson", "97_speech"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert [(course / name).exists() for name in shown[:-1]] == [True] * 5
    assert "make notebooks" in shown[-1]
    assert main(["lesson", "97_speech"]) == 1
    assert "Lesson 97 exists" in capsys.readouterr().err


def test_version_names_the_package(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out == f"tlcourse {tlcourse.__version__}\n"


@pytest.mark.parametrize(("typed", "meant"), [("coruse", "course"), ("gradee", "grade"), ("docter", "doctor")])
def test_a_misspelt_command_is_answered_with_the_one_that_was_meant(typed, meant, capsys):
    with pytest.raises(SystemExit):
        main([typed])
    assert f"Did you mean {meant!r}?" in capsys.readouterr().err


def test_help_lists_commands_of_authors_and_instructors_apart(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    text = capsys.readouterr().out
    learners, instructors, authors = (text.index(f"for {who}") for who in ("learners", "instructors", "authors"))
    assert learners < text.index("\n  lab ") < text.index("\n  doctor ") < instructors < text.index("\n  grade ") < authors
    assert authors < min(text.index("\n  notebooks "), text.index("\n  lesson "))


def test_the_cache_is_shown_with_sizes_and_dates_for_people(capsys, monkeypatch, tmp_path):
    from tlcourse import features

    entry = features.CacheEntry("k", "tiny_resnet", (200, 256), 3 * 2**20, 1.7e9, 1.7e9, tmp_path)
    monkeypatch.setattr(features, "cache_entries", lambda: [entry])
    assert main(["cache"]) == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if "tiny_resnet" in line)
    assert line.split()[:5] == ["tiny_resnet", "200", "x", "256", "3.0"]
    assert line.count("2023-11-1") == 2
