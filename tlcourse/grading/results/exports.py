"""Marks for other systems: plain CSV, Canvas, Moodle, Gradescope. What needs review has no mark there until it is decided."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tlcourse.checks import EARNED
from tlcourse.files import write_whole
from tlcourse.grading.results.gradebook import Marks

CANVAS_COLUMNS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
MOODLE_COLUMNS = ("Identifier", "Full name", "Email address", "Grade", "Maximum grade", "Feedback comments")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def write_exports(folder: Path, rows: Sequence[Marks], assignment: str) -> None:
    """Write all exports into a folder: `marks.csv`, `canvas.csv`, `moodle.csv`, `gradescope/NAME/results.json`."""
    write_whole(folder / "marks.csv", to_csv(rows).encode("utf-8-sig"))
    write_whole(folder / "canvas.csv", to_canvas(rows, assignment).encode("utf-8"))
    write_whole(folder / "moodle.csv", to_moodle(rows).encode("utf-8"))
    for row in rows:
        text = json.dumps(to_gradescope(row), indent=1, ensure_ascii=True)
        write_whole(folder / "gradescope" / row.file_name / "results.json", text.encode())


def to_csv(rows: Sequence[Marks]) -> str:
    """Return one line per learner: total, points of each task, what needs review, file."""
    tasks = _tasks(rows)
    lines: list[list[Any]] = [["learner", "id", "points", "max_points", *tasks, "needs_review", "file", "notes"]]
    for row in rows:
        open_ = {task for task, _ in row.open}
        by_task = {result["task"]: result["points"] for result in row.results if result["task"] not in open_}
        needs = "; ".join(task or "all" for task, _ in row.open)
        head = [row.entry.learner, row.entry.learner_id, _number(row.points), _number(row.max_points)]
        points = ["" if task not in by_task else _number(by_task[task]) for task in tasks]
        lines.append([*head, *points, needs, row.entry.file, " | ".join(row.notes)])
    return _csv(lines)


def to_canvas(rows: Sequence[Marks], assignment: str) -> str:
    """Return a file for Canvas' gradebook import: its five columns, the assignment, and a line of points possible.

    Canvas takes the first five columns by their names and order, finds learners by `ID`, and by `Student` where that is empty
    (its own reader: `lib/gradebook_importer.rb` in `instructure/canvas-lms`).
    """
    highest = max((row.max_points for row in rows), default=0)
    lines: list[list[Any]] = [[*CANVAS_COLUMNS, assignment], ["    Points Possible", "", "", "", "", _number(highest)]]
    lines += [[row.entry.learner, row.entry.learner_id, "", "", "", _final(row)] for row in rows]
    return _csv(lines)


def to_moodle(rows: Sequence[Marks]) -> str:
    """Return a grading worksheet as Moodle's assignments import it."""
    lines: list[list[Any]] = [list(MOODLE_COLUMNS)]
    for row in rows:
        identifier = f"Participant {row.entry.learner_id}" if row.entry.learner_id else ""
        lines.append([identifier, row.entry.learner, "", _final(row), _number(row.max_points), _comment(row)])
    return _csv(lines)


def to_gradescope(row: Marks) -> dict[str, Any]:
    """Return one learner's `results.json` in Gradescope's format (gradescope-autograders.readthedocs.io/en/latest/specs)."""
    open_ = {task for task, _ in row.open}
    tests: list[dict[str, Any]] = [
        {
            "name": f"Task {result['task']}: {result['title']}",
            "number": result["task"],
            "max_score": result["max_points"],
            **({} if result["task"] in open_ else _judged(result)),
            "output_format": "text",
            "output": f"{result['outcome']}: {result['message']} {result['explanation']}".strip(),
            "visibility": "visible",
        }
        for result in row.results
    ]
    output = " ".join(f"{task or 'All tasks'}: could not be judged and needs review." for task, _ in row.open)
    total = {} if row.open else {"score": row.points}
    return {**total, "output": output, "output_format": "text", "visibility": "visible", "tests": tests}


def _judged(result: dict[str, Any]) -> dict[str, Any]:
    """Return the score and status of a task. A task that needs review has neither."""
    passed = result["outcome"] == EARNED or result["points"] == result["max_points"]
    return {"score": result["points"], "status": "passed" if passed else "failed"}


def neutral(value: Any) -> Any:
    """Return text that no spreadsheet reads as a formula. Numbers stay."""
    if not isinstance(value, str):
        return value
    text = "".join(c if c >= " " and c != "\x7f" else " " for c in value)
    return f"'{text}" if text.lstrip().startswith(_FORMULA) or value[:1] in _FORMULA else text


def _csv(lines: Sequence[Sequence[Any]]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerows([neutral(value) for value in line] for line in lines)
    return buffer.getvalue()


def _final(row: Marks) -> Any:
    return "" if row.open else _number(row.points)


def _number(value: float) -> float | int:
    return int(value) if float(value).is_integer() else round(value, 2)


def _tasks(rows: Sequence[Marks]) -> list[str]:
    return list(dict.fromkeys(result["task"] for row in rows for result in row.results))


def _comment(row: Marks) -> str:
    return " ".join(f"{result['task']}: {result['outcome']}." for result in row.results)
