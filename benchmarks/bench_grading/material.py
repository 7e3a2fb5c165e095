"""The submissions that all three graders get: the same answers, in the form that each of them asks for."""

from __future__ import annotations

import json
import random
import re
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tlcourse.authoring import build_source_for_nbgrader  # noqa: E402
from tlcourse.grading.master import Master, load_master  # noqa: E402

TOPIC = "00_start_here"


@dataclass(frozen=True)
class Series:
    """One kind of submissions: its name, the tasks, and how many."""

    name: str
    tasks: tuple[str, ...]
    count: int

    @property
    def master(self) -> Master:
        return load_master(ROOT, "00", self.tasks)


NUMPY = Series("NumPy only", ("0.1", "0.3"), 40)  # answers that import nothing else, and take no time worth speaking of
KERAS = Series("Keras", ("0.4",), 20)


def source_notebook(series: Series) -> dict:
    """Return the exercise for nbgrader, cut down to the tasks of a series.

    Without Keras, the setup cell is left out, because it imports TensorFlow.
    """
    notebook = json.loads(build_source_for_nbgrader(ROOT, TOPIC))
    kept, task = [], ""
    for cell in notebook["cells"]:
        text = "".join(cell["source"])
        if text.startswith("## Task "):
            task = text.removeprefix("## Task ").split(":")[0]
        if cell["metadata"].get("tags") == ["setup"] and series.name == NUMPY.name:
            continue
        if not task or task in series.tasks:
            kept.append(cell)
    return {**notebook, "cells": kept}


def as_released(notebook: dict) -> dict:
    """Return the exercise for nbgrader as learners get it and send it back: without the lines that nbgrader puts into its checks later."""
    text = re.compile(r"### BEGIN HIDDEN TESTS.*?### END HIDDEN TESTS\n", re.DOTALL)
    return {**notebook, "cells": [{**cell, "source": text.sub("", "".join(cell["source"]))} for cell in notebook["cells"]]}


def answers(series: Series) -> list[dict[str, str]]:
    """Return right and wrong answers drawn from the bank, no two submissions the same."""
    rng, banks, drawn = random.Random(0), series.master.bank, []
    for number in range(series.count):
        pools = {task: banks[task].right if rng.random() < 0.7 else banks[task].wrong for task in series.tasks}
        picked = {task: rng.choice([a.source for a in pool if "sklearn" not in a.source]) for task, pool in pools.items()}
        drawn.append({task: f"# submission {number}\n{source.strip()}" for task, source in picked.items()})
    return drawn


def filled(notebook: dict, sources: dict[str, str]) -> bytes:
    """Return a notebook with answers in place."""
    copy = json.loads(json.dumps(notebook))
    for cell in copy["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        task = name.removeprefix("task-").replace("-", ".")
        if name.startswith("task-") and task in sources:
            cell["source"] = sources[task].splitlines(keepends=True)
    return json.dumps(copy).encode()
