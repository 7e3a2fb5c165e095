"""A learner's copy: new versions arrive, and no work of the learner is lost or half-written."""

from __future__ import annotations

import pytest

from tlcourse.course import copy_course


@pytest.fixture
def course(tmp_path):
    for folder in ("notebooks", "exercises", "solutions"):
        (tmp_path / "course" / folder).mkdir(parents=True)
        (tmp_path / "course" / folder / "02_x.ipynb").write_text(f"{folder}, first version")
    return tmp_path / "course"


def test_solutions_come_only_when_they_are_asked_for(course, tmp_path):
    copied = copy_course(course, tmp_path / "mine")
    assert sorted(copied.new) == ["exercises/02_x.ipynb", "notebooks/02_x.ipynb"]
    assert not (tmp_path / "mine/solutions").exists()
    assert copy_course(course, tmp_path / "mine", solutions=True).new == ["solutions/02_x.ipynb"]


def test_an_untouched_notebook_is_brought_up_to_date(course, tmp_path):
    copy_course(course, tmp_path / "mine")
    (course / "exercises/02_x.ipynb").write_text("second version")
    assert copy_course(course, tmp_path / "mine").replaced == ["exercises/02_x.ipynb"]
    assert (tmp_path / "mine/exercises/02_x.ipynb").read_text() == "second version"


def test_a_changed_notebook_stays_and_the_new_version_lies_beside_it(course, tmp_path):
    copy_course(course, tmp_path / "mine")
    mine = tmp_path / "mine/exercises/02_x.ipynb"
    mine.write_text("my work")
    assert str(copy_course(course, tmp_path / "mine")) == "0 files copied"  # nothing new: nothing beside
    (course / "exercises/02_x.ipynb").write_text("second version")
    assert copy_course(course, tmp_path / "mine").beside == ["exercises/02_x.new.ipynb"]
    assert mine.read_text() == "my work"
    assert mine.with_suffix(".new.ipynb").read_text() == "second version"
    assert copy_course(course, tmp_path / "mine").beside == []


def test_work_in_the_new_version_is_kept_too(course, tmp_path):
    copy_course(course, tmp_path / "mine")
    mine = tmp_path / "mine/exercises/02_x.ipynb"
    mine.write_text("my work")
    (course / "exercises/02_x.ipynb").write_text("second version")
    copy_course(course, tmp_path / "mine")
    mine.with_suffix(".new.ipynb").write_text("my work in the second version")
    (course / "exercises/02_x.ipynb").write_text("third version")
    assert copy_course(course, tmp_path / "mine").beside == ["exercises/02_x.new2.ipynb"]
    assert mine.with_suffix(".new.ipynb").read_text() == "my work in the second version"
    assert mine.with_suffix(".new2.ipynb").read_text() == "third version"


def test_a_copy_of_before_there_was_a_ledger_loses_nothing(course, tmp_path):
    mine = tmp_path / "mine/exercises/02_x.ipynb"
    mine.parent.mkdir(parents=True)
    mine.write_text("my work")
    assert copy_course(course, tmp_path / "mine").beside == ["exercises/02_x.new.ipynb"]
    assert mine.read_text() == "my work"


@pytest.mark.parametrize("damage", ["", "[]", "{not json"])
def test_a_damaged_ledger_costs_no_work(course, tmp_path, damage):
    copy_course(course, tmp_path / "mine")
    (tmp_path / "mine/.tlcourse.json").write_text(damage)
    (tmp_path / "mine/exercises/02_x.ipynb").write_text("my work")
    copy_course(course, tmp_path / "mine")
    assert (tmp_path / "mine/exercises/02_x.ipynb").read_text() == "my work"


def test_the_contents_come_along_and_a_readme_of_the_learners_stays(course, tmp_path):
    (course / "README.md").write_text("contents")
    assert "README.md" in copy_course(course, tmp_path / "mine").new
    (tmp_path / "other").mkdir()
    (tmp_path / "other/README.md").write_text("my own")
    assert copy_course(course, tmp_path / "other").beside == ["README.new.md"]
    assert (tmp_path / "other/README.md").read_text() == "my own"
