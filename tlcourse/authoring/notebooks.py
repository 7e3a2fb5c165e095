"""Cells of a source to the text of a notebook: fixed metadata, no outputs, cell ids derived from content. Text in, text out."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from tlcourse.authoring.markers import SOLUTION_TAG, SourceError, has_solution, make_stub, strip_markers
from tlcourse.authoring.sources import SourceCell, read_source
from tlcourse.config import REPOSITORY

LINKS_TAG = "links"  # the cell that leads to Colab and to the other notebooks
LESSON, EXERCISE, SOLUTION = "notebooks", "exercises", "solutions"
NBGRADER_SOURCE = "source"
# What nbgrader takes out of the learners' version and puts back when it grades: a check that is not earned stops its cell, and nothing
# lands on standard error, for which nbgrader would take all points away.
_HIDDEN = """\
### BEGIN HIDDEN TESTS
import os
import warnings
os.environ["TLCOURSE_CHECK"] = "raise"
warnings.simplefilter("ignore")
### END HIDDEN TESTS
"""
_INSTALL = f"""\
# Setup: installs the package where it is missing, then says what this machine is and which data are used.
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("tlcourse") is None:
    command = [sys.executable, "-m", "pip", "install", "-q", "git+https://{REPOSITORY}"]
    pip = subprocess.run(command, capture_output=True, text=True)
    if pip.returncode != 0:
        raise RuntimeError(
            "The package tlcourse is not installed in this Python, and it could not be downloaded.\\n"
            "With internet: see below what pip said, then run this cell again.\\n"
            "Without internet: if the course was set up on this machine before, type `make lab` in its folder and open "
            "the notebook there; if not, it has to be set up once with internet (`make course`).\\n"
            "pip said: " + pip.stderr.strip()[-600:]
        )

import tlcourse

seed = tlcourse.start("{{topic}}")"""
_NOT_NOTED = """

import os

os.environ["TLCOURSE_PROGRESS"] = "off"  # what a solution earns is not your progress"""
_PROGRESS = """\
## Your progress

What you earned, tried and have left in the whole course. It is kept in a file on your machine, and nowhere else."""
_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def build_notebook(text: str, name: str, topic: str, folder: str, topics: Sequence[str] = ()) -> str:
    """Turn one source into the text of one notebook.

    Args:
        text: The source, py:percent.
        name: Path of the source, for messages.
        topic: Number and name, such as "02_feature_extraction"; also the notebook's file name.
        folder: `"notebooks"` for a lesson; "exercises" or "solutions" for the two sides of an exercise; "source" for an exercise from
            which nbgrader makes its own two sides.
        topics: Of all lessons, in order, to link the neighbours of this one.

    Returns:
        JSON text, the same bytes for the same arguments.

    Raises:
        SourceError: If the source cannot become this notebook; the message names file and cell.
    """
    source = read_source(text, name)
    if source[0].kind != "markdown" or not source[0].text.startswith("# "):
        raise SourceError(f"{source[0].where}: the first cell is markdown and starts with the title, `# ...`.")
    cells = [
        _markdown(source[0].text),
        _markdown(f"{badge(folder, topic)}\n\n{way_on(folder, topic, topics)}", {"tags": [LINKS_TAG]}),
        _code(_INSTALL.format(topic=topic) + (_NOT_NOTED if folder == SOLUTION else ""), {"tags": ["setup"]}),
    ]
    for cell in source[1:]:
        if folder in (EXERCISE, NBGRADER_SOURCE) and SOLUTION_TAG in cell.tags:
            continue
        cells.append(_markdown(cell.text) if cell.kind == "markdown" else _code_cell(cell, folder))
    if folder == EXERCISE:
        cells += [_markdown(_PROGRESS), _code("tlcourse.progress()", {"tags": ["progress"]})]
    _name_cells(cells)
    return (
        json.dumps({"cells": cells, "metadata": _METADATA, "nbformat": 4, "nbformat_minor": 5}, indent=1, ensure_ascii=False)
        + "\n"
    )


def _code_cell(cell: SourceCell, folder: str) -> dict[str, Any]:
    if not has_solution(cell.text):
        graded = folder != LESSON and cell.checked_task
        hidden = _HIDDEN if graded and folder == NBGRADER_SOURCE else ""
        return _code(hidden + cell.text, _nbgrader(cell.checked_task, grade=True) if graded else {})
    if folder == LESSON:
        raise SourceError(f"{cell.where}: a lesson has no solutions. Markers belong in content/exercises.")
    if not cell.task:
        raise SourceError(f"{cell.where}: no task above this solution. Put a heading `## Task 2.1: title` before it.")
    if folder == NBGRADER_SOURCE:
        return _code(cell.text, _nbgrader(cell.task_id, grade=False))
    text = make_stub(cell.text, cell.task) if folder == EXERCISE else strip_markers(cell.text)
    return _code(text, _nbgrader(cell.task_id, grade=False))


def _nbgrader(task_id: str, *, grade: bool) -> dict[str, Any]:
    """Cell metadata of nbgrader, schema 3: answers are solution cells, check cells carry the points."""
    from tlcourse.tasks import find_task

    name = ("check-" if grade else "task-") + task_id.replace(".", "-")
    data: dict[str, Any] = {
        "grade": grade,
        "grade_id": name,
        "locked": grade,
        "schema_version": 3,
        "solution": not grade,
        "task": False,
    }
    if grade:
        data["points"] = find_task(task_id).points
    return {"nbgrader": data}


def way_on(folder: str, topic: str, topics: Sequence[str]) -> str:
    """Return the links of a notebook to the contents, to the other notebook of its lesson, and to the lessons before and after.

    Args:
        folder: As in `build_notebook`.
        topic: Number and name of the lesson.
        topics: Of all lessons, in order.
    """
    at = topics.index(topic) if topic in topics else -1
    links = ["[Contents](../README.md#lessons)"]
    other, folder_of_other = ("Exercise", EXERCISE) if folder == LESSON else ("Lesson", LESSON)
    if at > 0:
        links.append(f"[Previous: {topics[at - 1][:2]}](../{LESSON}/{topics[at - 1]}.ipynb)")
    links.append(f"[{other}](../{folder_of_other}/{topic}.ipynb)")
    if 0 <= at < len(topics) - 1:
        links.append(f"[Next: {topics[at + 1][:2]}](../{LESSON}/{topics[at + 1]}.ipynb)")
    return " · ".join(links)


def badge(folder: str, topic: str, words: str = "Open in Colab") -> str:
    """Return the badge that opens a notebook in Colab, in markdown; `words` are read where images are not shown."""
    owner_and_name = REPOSITORY.split("/", 1)[1]
    link = f"https://colab.research.google.com/github/{owner_and_name}/blob/main/{folder}/{topic}.ipynb"
    return f"[![{words}](https://colab.research.google.com/assets/colab-badge.svg)]({link})"


def _markdown(text: str, metadata: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": "", "metadata": metadata or {}, "source": text.splitlines(keepends=True)}


def _code(text: str, metadata: dict[str, Any]) -> dict[str, Any]:
    lines = text.splitlines(keepends=True)
    return {"cell_type": "code", "execution_count": None, "id": "", "metadata": metadata, "outputs": [], "source": lines}


def _name_cells(cells: list[dict[str, Any]]) -> None:
    """Name each cell after its content, so a new cell changes no other; twins are counted; nbgrader names are unique."""
    seen: Counter[str] = Counter()
    grades: Counter[str] = Counter()
    for cell in cells:
        digest = hashlib.sha256(f"{cell['cell_type']}\n{''.join(cell['source'])}".encode()).hexdigest()[:12]
        seen[digest] += 1
        cell["id"] = digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"
        if "nbgrader" in cell["metadata"]:
            mark = cell["metadata"]["nbgrader"]
            grades[mark["grade_id"]] += 1
            if grades[mark["grade_id"]] > 1:
                mark["grade_id"] += f"-{grades[mark['grade_id']]}"
