"""`make lesson`: five files that say what is to be written, never over what exists, and nothing passes before they are filled."""

from __future__ import annotations

import shutil

import pytest

from tlcourse.authoring import SourceError, lint_source, write_lesson
from tlcourse.authoring.opening import read_opening
from tlcourse.authoring.skeleton import TO_WRITE
from tlcourse.checks.bank import run_source
from tlcourse.checks.bank_file import load_bank

FILES = {
    "content/lessons/97_speech.py",
    "content/exercises/97_speech.py",
    "content/banks/97_speech.py",
    "tlcourse/tasks/tasks_97_speech.py",
    "tests/lessons/test_97_speech.py",
}


@pytest.fixture
def written(tmp_path):
    return {path.relative_to(tmp_path).as_posix(): path for path in write_lesson(tmp_path, "97_speech")}


def test_the_five_files_of_a_lesson_are_written_and_say_what_is_missing(written):
    assert set(written) == FILES
    assert all(TO_WRITE in path.read_text() for path in written.values())


@pytest.mark.parametrize("folder", ["lessons", "exercises"])
def test_no_notebook_is_made_of_them_before_they_are_filled_and_one_is_after(written, folder):
    name = f"content/{folder}/97_speech.py"
    text = written[name].read_text()
    with pytest.raises(SourceError, match="still to be written"):
        lint_source(text, name)
    filled = text.replace(f"{TO_WRITE} a", "A").replace(TO_WRITE, "")
    option = "# <details><summary>An option</summary>Why.</details>\n"
    lint_source(filled.replace("# ## Read on", option * 4 + "# ## Read on"), name)


def test_the_first_cell_has_the_form_that_the_readme_needs(written):
    opening = read_opening(written["content/lessons/97_speech.py"])
    assert (opening.title, opening.minutes, len(opening.abilities)) == ("Speech", 40, 2)


def test_bank_task_and_test_fail_with_words(written):
    (answer,) = load_bank(written["content/banks/97_speech.py"]).banks["97.1"].right
    space = {}
    exec(written["tlcourse/tasks/tasks_97_speech.py"].read_text(), space)
    (task,) = space["TASKS"]
    for fails in (lambda: run_source(task, answer.name, answer.source), lambda: task.make_case(0)):
        with pytest.raises(NotImplementedError, match=TO_WRITE):
            fails()
    exec(written["tests/lessons/test_97_speech.py"].read_text(), space)
    with pytest.raises(pytest.fail.Exception, match=TO_WRITE):
        space["test_what_the_lesson_writes_out_agrees_with_the_package"]()


@pytest.mark.parametrize("topic", ["", "97", "speech", "7_speech", "97-speech", "97_Speech", "97_speech_", "97_a b", "../97_x"])
def test_a_malformed_name_is_refused_and_nothing_is_written(tmp_path, topic):
    with pytest.raises(ValueError, match=r"two digits and lower-case words.* Received: topic="):
        write_lesson(tmp_path, topic)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("left", sorted(FILES))
def test_a_number_that_is_taken_is_refused_whatever_file_has_it(written, tmp_path, left):
    for name, path in written.items():
        if name != left:
            path.unlink()
    before = written[left].read_bytes()
    with pytest.raises(ValueError, match=rf"Lesson 97 exists: {left}"):
        write_lesson(tmp_path, "97_sound")
    assert written[left].read_bytes() == before
    shutil.rmtree(tmp_path / left.split("/")[0])
