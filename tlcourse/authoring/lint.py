"""Habits that every source keeps: short cells, an opening and an ending that learners can rely on, nothing tied to one machine."""

from __future__ import annotations

import ast
import re

from tlcourse.authoring.markers import SourceError
from tlcourse.authoring.skeleton import TO_WRITE
from tlcourse.authoring.sources import SourceCell, read_source

CELL_LINES, DEFINITION_LINES, LINE_LENGTH = 15, 30, 100
_MAY_BE_LONG = re.compile(r"# *\||#? *(- )?\S+$")  # rows of tables, and links that stand by themselves
OPENING = ("After this lesson you can", "minutes", "presumes")
ENDING = ("## What to remember", "## Quiz", "## Read on")
_FORBIDDEN = {
    r"KERAS_BACKEND": "the reader chooses the backend",
    r"/home/|/root/|/Users/|[\"'](/[\w.-]+/|~/)|\b[A-Z]:\\": "a path of one machine",
    r"import \*": "names that come from nowhere",
    r"FAST_MODE": "a second course inside the course",
}


def lint_source(text: str, name: str) -> None:
    """Raise `SourceError` where a source breaks a habit.

    Args:
        text: The source.
        name: Its path; sources below `lessons/` also need the opening and the ending of a lesson.
    """
    _require_short_lines(text, name)
    cells = read_source(text, name)
    for cell in cells:
        if TO_WRITE in cell.text:
            raise SourceError(f"{cell.where}: {TO_WRITE!r} stands for words that are still to be written. Write them.")
        for pattern, reason in _FORBIDDEN.items():
            if re.search(pattern, cell.text):
                raise SourceError(f"{cell.where}: {pattern!r} is not wanted in a notebook: {reason}.")
        if cell.kind == "code":
            _require_short(cell)
            _require_quiet_end(cell)
    if "lessons/" in name:
        _require_frame(cells, name)
    else:
        _require_checks(cells, name)


def _require_short_lines(text: str, name: str) -> None:
    for number, line in enumerate(text.splitlines(), start=1):
        if len(line) > LINE_LENGTH and not _MAY_BE_LONG.match(line):
            raise SourceError(
                f"{name}, line {number}: a line has at most {LINE_LENGTH} characters, else cells scroll sideways. Break it. "
                f"Received: length={len(line)}."
            )


def _require_short(cell: SourceCell) -> None:
    lines = [line for line in cell.text.splitlines() if line.strip()]
    defines = any(re.match(r"(def|class|@)", line) for line in lines)
    limit = DEFINITION_LINES if defines else CELL_LINES
    if len(lines) > limit:
        kind = "a cell with a definition" if defines else "a cell"
        raise SourceError(f"{cell.where}: {kind} has at most {limit} lines. Received: {len(lines)}. Split it.")


def _require_quiet_end(cell: SourceCell) -> None:
    """Refuse a cell whose last line is a call of `fit`: Jupyter would print `<keras...History at 0x...>` below it."""
    try:
        last = ast.parse(cell.text).body[-1:]
    except SyntaxError:  # a magic, or text that the notebook itself will complain about
        return
    call = last[0].value if last and isinstance(last[0], ast.Expr) else None
    name = getattr(call.func, "attr", getattr(call.func, "id", "")) if isinstance(call, ast.Call) else ""
    if name == "fit" and not cell.text.rstrip().endswith(";"):
        raise SourceError(
            f"{cell.where}: the cell ends with a call of `fit`, whose result Jupyter prints as `<History at 0x...>`. Put a semicolon "
            f"behind it, or give the result a name. Received: {cell.text.rstrip().splitlines()[-1].strip()!r}."
        )


def _require_frame(cells: list[SourceCell], name: str) -> None:
    missing = [words for words in OPENING if words not in cells[0].text]
    if missing:
        raise SourceError(
            f"{name}: the first cell says what one can do after, how long it takes and what it presumes. Missing: {missing}."
        )
    prose = "\n".join(cell.text for cell in cells if cell.kind == "markdown")
    missing = [heading for heading in ENDING if heading not in prose]
    if missing:
        raise SourceError(f"{name}: a lesson ends with {', '.join(ENDING)}. Missing: {', '.join(missing)}.")
    places = [prose.rindex(heading) for heading in ENDING]
    if places != sorted(places):
        raise SourceError(f"{name}: a lesson ends with {', '.join(ENDING)}, in this order.")
    quiz = prose.split("## Quiz", 1)[1].split("## Read on", 1)[0]
    if quiz.count("<details>") < 6 or quiz.count("<details>") != quiz.count("</details>"):
        raise SourceError(
            f"{name}: the quiz has an explanation for every option, each in <details><summary>option</summary>...</details>."
        )


def _require_checks(cells: list[SourceCell], name: str) -> None:
    tasks = [cell.task_id for cell in cells if cell.task_id]
    checked = [cell.checked_task for cell in cells if cell.checked_task]
    if list(dict.fromkeys(tasks)) != checked:
        raise SourceError(
            f"{name}: every task has one check cell, in order. Tasks: {list(dict.fromkeys(tasks))}. Checks: {checked}."
        )
