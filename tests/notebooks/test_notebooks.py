"""Exercises stop where the learner's work begins; lessons and solutions run to the end on real data too."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from tlcourse.course import execute, list_runnable

ROOT = Path(__file__).resolve().parents[2]
EXERCISES = sorted((ROOT / "exercises").glob("*.ipynb"))
RUNNABLE = list_runnable(ROOT)

pytestmark = pytest.mark.notebook


@pytest.mark.parametrize("path", EXERCISES, ids=lambda path: path.stem)
def test_an_unfinished_exercise_stops_first_at_the_name_of_its_first_task(path):
    outcome = execute(path, profile="embedded")
    first = f"{int(path.stem[:2])}.1"
    assert re.search(rf"NotImplementedError: Task {re.escape(first)}: \S", outcome.error), outcome.error or "it ran to the end"


@pytest.mark.mirror
@pytest.mark.parametrize("notebook", RUNNABLE, ids=lambda notebook: notebook.title)
def test_it_runs_to_the_end_on_real_data(notebook, monkeypatch, tmp_path):
    real = Path(os.environ["TLCOURSE_MIRROR_DATA"])
    shutil.copytree(real / "keras/models", tmp_path / "models")  # Keras writes its settings into its home
    monkeypatch.setenv("TLCOURSE_MIRROR", str(real))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    outcome = execute(notebook.path, profile="full")
    assert outcome.ok, outcome.error
    assert outcome.peak_mib is None or outcome.peak_mib < 4096
