"""Untouched exercises run to their end; lessons and solutions do so on real data too, and show nothing that a page should not."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from tlcourse.course import execute, list_runnable, read_notebook
from tlcourse.course.noise import noise_in
from tlcourse.tasks import load_tasks

ROOT = Path(__file__).resolve().parents[2]
EXERCISES = sorted((ROOT / "exercises").glob("*.ipynb"))

# What asks for the profile, or is another thing in each: data sets, backbones. Keras' own load_model and load_weights are not among them.
# Lessons that take more than a minute of one core on real data: with `make test-slow`.
LONG_ON_REAL_DATA = ("01", "04", "05", "06", "08", "15", "16")
PROFILE_WORDS = re.compile(r"\b(use_)?profile\b|\bload_(?!model\b|weights\b)\w+")

pytestmark = pytest.mark.notebook


def texts_of(notebook):
    """What the code cells show as plain text, in order."""
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    return [output.get("data", {}).get("text/plain", output.get("text", "")) for output in outputs]


def is_the_same_in_both_profiles(notebook) -> bool:
    """Tell whether a solution and its checks name nothing that depends on the profile, so that both would run the same code."""
    if notebook.kind != "solution":
        return False
    cells = [cell.source for cell in read_notebook(notebook.path).cells if "setup" not in cell.metadata.get("tags", ())]
    tasks = (ROOT / f"tlcourse/tasks/tasks_{notebook.topic}.py").read_text(encoding="utf-8")
    return not PROFILE_WORDS.search("\n".join([*cells, tasks]))


def is_long(notebook) -> bool:
    """Tell whether a notebook is a lesson that takes more than a minute on real data."""
    return notebook.kind == "lesson" and notebook.topic[:2] in LONG_ON_REAL_DATA


def real_runs():
    """Every notebook. Slow are long lessons, and solutions that `make test` ran already and to which real data are nothing new."""
    return [
        pytest.param(n, id=n.title, marks=pytest.mark.slow if is_long(n) or is_the_same_in_both_profiles(n) else ())
        for n in list_runnable(ROOT)
    ]


@pytest.mark.parametrize("path", EXERCISES, ids=lambda path: path.stem)
def test_an_untouched_exercise_runs_to_its_end_with_one_calm_line_a_task(path, monkeypatch, tmp_path):
    monkeypatch.setenv("TLCOURSE_HOME", str(tmp_path))
    outcome = execute(path, profile="embedded", strict=False)
    assert outcome.ok, outcome.error
    texts = texts_of(outcome.notebook)
    calm = [text for text in texts if text.startswith("○ Task ")]
    tasks = load_tasks(int(path.stem[:2]))
    assert calm == [f"○ Task {task.id} ({task.title}): not filled in yet" for task in tasks.values()]
    assert " ".join(tasks) in texts[-1]  # progress: all of them are left
    assert ", 0 tried, " in texts[-1]
    assert noise_in(outcome.notebook) == []
    assert not (tmp_path / "progress.jsonl").exists()


@pytest.fixture(scope="session")
def keras_home(tmp_path_factory):
    """A home of Keras with the real weights: one for all runs, so that their kernels are forked from one process that is warm."""
    home = tmp_path_factory.mktemp("keras")
    shutil.copytree(Path(os.environ["TLCOURSE_MIRROR_DATA"]) / "keras/models", home / "models")  # Keras writes into its home
    return home


@pytest.mark.mirror
@pytest.mark.parametrize("notebook", real_runs())
def test_it_runs_to_the_end_on_real_data(notebook, monkeypatch, keras_home, mirror):
    monkeypatch.setenv("TLCOURSE_MIRROR", str(mirror))
    monkeypatch.setenv("KERAS_HOME", str(keras_home))
    outcome = execute(notebook.path, profile="full")
    assert outcome.ok, outcome.error
    assert noise_in(outcome.notebook) == []
    assert outcome.peak_mib is None or outcome.peak_mib < 4096
