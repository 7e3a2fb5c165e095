"""Folders as learning platforms hand them out, and what learners may have put into them."""

from __future__ import annotations

import os

import pytest

from tlcourse.grading.reading.submissions import find_submissions

TOPIC = "02_feature_extraction"


def put(folder, *names, data=b"{}"):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data + name.encode())
    return folder


def found(folder):
    return [(one.learner, one.learner_id, one.path.relative_to(folder).as_posix()) for one in find_submissions(folder, TOPIC)]


def test_canvas(tmp_path):
    put(tmp_path, "doejane_123_456_02_feature_extraction.ipynb", "roe_LATE_7_8_02_feature_extraction-1.ipynb")
    assert found(tmp_path) == [
        ("doejane", "123", "doejane_123_456_02_feature_extraction.ipynb"),
        ("roe", "7", "roe_LATE_7_8_02_feature_extraction-1.ipynb"),
    ]
    assert find_submissions(tmp_path, TOPIC)[1].notes == ("Canvas marks this submission as late.",)


def test_moodle(tmp_path):
    put(
        tmp_path,
        "Jane van der Doe_991_assignsubmission_file_/02_feature_extraction.ipynb",
        "Roe_2_assignsubmission_file/my work.ipynb",
    )
    assert [one[:2] for one in found(tmp_path)] == [("Jane van der Doe", "991"), ("Roe", "2")]


def test_github_classroom(tmp_path):
    put(tmp_path, "lesson-02-jane/exercises/02_feature_extraction.ipynb", "lesson-02-jane/exercises/00_start_here.ipynb")
    put(
        tmp_path,
        "lesson-02-jane/.git/x.ipynb",
        "lesson-02-jane/exercises/.ipynb_checkpoints/02_feature_extraction-checkpoint.ipynb",
    )
    assert found(tmp_path) == [("lesson-02-jane", "", "lesson-02-jane/exercises/02_feature_extraction.ipynb")]
    assert "Of 2 notebooks" in find_submissions(tmp_path, TOPIC)[0].notes[0]


def test_plain_files_and_one_file(tmp_path):
    put(tmp_path, "jane.ipynb", "roe.IPYNB", "notes.txt", "__MACOSX/jane.ipynb", "._jane.ipynb")
    assert [one[0] for one in found(tmp_path)] == ["jane", "roe"]
    assert [one.learner for one in find_submissions(tmp_path / "jane.ipynb", TOPIC)] == ["jane"]


def test_of_several_attempts_the_newest_counts(tmp_path):
    names = [f"doe_1_{n}_02_feature_extraction{tail}.ipynb" for n, tail in ((5, ""), (6, "-1"), (7, "-10"), (8, "-2"))]
    put(tmp_path, *names)
    ((_, _, path),) = found(tmp_path)
    assert path == names[2]


def test_names_that_look_like_paths_or_commands_are_names(tmp_path):
    put(tmp_path, "=cmd|' -C calc'!A0.ipynb", "..ipynb.ipynb", "a, b.ipynb", "$(reboot).ipynb", "-rf.ipynb")
    assert len(found(tmp_path)) == 5


@pytest.mark.skipif(os.name != "posix", reason="links and pipes")
def test_links_pipes_and_folders_are_not_read(tmp_path):
    (tmp_path / "outside.txt").write_text("secret")
    folder = put(tmp_path / "class", "honest.ipynb")
    (folder / "link.ipynb").symlink_to(tmp_path / "outside.txt")
    os.mkfifo(folder / "pipe.ipynb")
    (folder / "folder.ipynb").mkdir()
    (folder / "elsewhere").symlink_to(tmp_path)
    submissions = {one.learner: one for one in find_submissions(folder, TOPIC)}
    assert set(submissions) == {"honest", "link", "pipe"}
    assert not submissions["honest"].problem
    for name in ("link", "pipe"):
        assert submissions[name].content == b""
        assert "not a regular file" in submissions[name].problem


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read_is_a_problem_of_one(tmp_path):
    put(tmp_path, "a.ipynb", "b.ipynb")
    (tmp_path / "a.ipynb").chmod(0)
    assert [bool(one.problem) for one in find_submissions(tmp_path, TOPIC)] == [True, False]


def test_a_folder_without_notebooks_is_said_to_be_one(tmp_path):
    put(tmp_path, "all.zip")
    with pytest.raises(FileNotFoundError, match="Unpack archives"):
        find_submissions(tmp_path, TOPIC)
    with pytest.raises(FileNotFoundError, match="no folder"):
        find_submissions(tmp_path / "nothing", TOPIC)


def test_in_a_copy_of_the_repository_the_exercise_is_graded_not_the_solution(tmp_path):
    for folder in ("exercises", "notebooks", "solutions"):
        path = tmp_path / "ada" / folder / "02_feature_extraction.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(folder)
    (submission,) = find_submissions(tmp_path, "02_feature_extraction")
    assert submission.content == b"exercises"
