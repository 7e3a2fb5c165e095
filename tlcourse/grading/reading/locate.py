"""Find the code that answers each task: by source, then by metadata, then by similarity. Text in, places out."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from tlcourse.grading.reading.notebook import Cell, Notebook
from tlcourse.grading.reading.python_code import Code, normalise, read_code

SOURCE, CHECK, METADATA, HEADING, TEXT, NOWHERE = "source", "check cell", "metadata", "heading", "text", "not found"
BY_RUNNING = "running all cells"
_LIKE = 0.6  # share of equal words from which a cell counts as an edited copy of the released one


@dataclass(frozen=True)
class Released:
    """What learners were given for one task: its number, the name that the answer defines, the text of the answer cell."""

    task: str
    answer_name: str
    stub: str
    is_value: bool = False

    @property
    def grade_id(self) -> str:
        """The name of the answer cell in nbgrader's metadata."""
        return "task-" + self.task.replace(".", "-")


@dataclass(frozen=True)
class Place:
    """Where one answer is.

    Args:
        how: How it was found: "source", "check cell", "metadata", "heading", "text" or "not found".
        expression: What the answer is called there, or "".
        after: Position in `Located.codes` after which the answer is complete. The last one when not found, because running
            code may define names that its text does not show. -1 without any code.
        cells: Numbers of the cells that define it, from 1. When not found, the cells where it should be.
        notes: What was odd, in words.
    """

    how: str
    expression: str = ""
    after: int = -1
    cells: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}


@dataclass(frozen=True)
class Located:
    """Code to run in order, as `(number of its cell, code)`, where each answer is, and what was odd, in words."""

    codes: tuple[tuple[int, Code], ...]
    places: Mapping[str, Place]
    notes: tuple[str, ...]
    idle: frozenset[int] = field(default=frozenset())  # positions that are left out: checks, unfilled copies


def locate(notebook: Notebook, released: Sequence[Released]) -> Located:
    """Find the answers of all tasks of an exercise in one submission."""
    notes = list(notebook.notes)
    cells = _text_cells_with_code(_joined(notebook.cells, notes), released, notes)
    codes = [(cell, read_code(cell.source)) for cell in cells if cell.kind == "code"]
    for cell, code in codes:
        notes += [f"Cell {cell.number}: {note}" for note in code.notes]
    stubs = {normalise(task.stub) for task in released}
    untouched = {i for i, (cell, _) in enumerate(codes) if normalise(cell.source) in stubs}
    places = {task.task: _place(task, codes, untouched, cells) for task in released}
    used = {number for place in places.values() for number in place.cells}
    idle = {i for i, (_, code) in enumerate(codes) if code.only_checks or not code.text.strip()}
    idle |= {i for i in untouched if codes[i][0].number not in used}
    return Located(tuple((cell.number, code) for cell, code in codes), places, tuple(notes[:40]), frozenset(idle))


def _place(task: Released, codes: list[tuple[Cell, Code]], untouched: set[int], cells: Sequence[Cell]) -> Place:
    binding = [i for i, (_, code) in enumerate(codes) if task.answer_name in code.binds]
    filled = [i for i in binding if i not in untouched]
    checks = [(i, dict(code.checks)[task.task]) for i, (_, code) in enumerate(codes) if task.task in dict(code.checks)]
    if filled:
        return _by_source(task, codes, filled, [i for i, _ in checks])
    other = [(i, name) for i, name in checks if name != task.answer_name and _bound_before(name, i, codes)]
    if other:
        i, name = other[-1]
        made = [codes[j][0].number for j in range(i + 1) if name.split(".")[0] in codes[j][1].binds]
        return Place(CHECK, name, i, tuple(made[-1:]), (f"The check cell uses {name[:60]!r} instead of {task.answer_name!r}.",))
    if binding:  # only the cell as it was released
        return Place(SOURCE, task.answer_name, binding[-1], (codes[binding[-1]][0].number,))
    for how, candidates in (
        (METADATA, [i for i, (cell, _) in enumerate(codes) if cell.grade_id == task.grade_id]),
        (HEADING, _under_heading(task, codes, cells)),
        (TEXT, _alike(task, codes)),
    ):
        for i in candidates:
            names = [name for name in codes[i][1].functions if name not in _helpers(task)]
            if names:
                note = f"{names[-1]!r} was graded as {task.answer_name!r}."
                return Place(how, names[-1], i, (codes[i][0].number,), (note,))
    marked = [i for i, (cell, _) in enumerate(codes) if cell.grade_id == task.grade_id] or _under_heading(task, codes, cells)
    suspects = tuple(codes[i][0].number for i in marked if not codes[i][1].only_checks)
    return Place(NOWHERE, task.answer_name, len(codes) - 1, suspects)


def _by_source(task: Released, codes: list[tuple[Cell, Code]], filled: list[int], checks: list[int]) -> Place:
    name = task.answer_name
    sure = filled if task.is_value else [i for i in filled if name in codes[i][1].defines]
    working = [i for i in sure if codes[i][1].compiles] or sure
    last = working[-1] if working else filled[-1]
    check = next((i for i in checks if i > last), None)
    # A value that a later cell binds again before the check (a decorated function, a second step) belongs to the answer.
    after = last if check is None else max([last, *(i for i in filled if last < i <= check)])
    numbers = tuple(dict.fromkeys(codes[i][0].number for i in filled if i <= after))
    notes = []
    if len(filled) > 1:
        notes.append(f"{name!r} is defined {len(filled)} times. The one in cell {codes[last][0].number} counts.")
    return Place(SOURCE, name, after, numbers, tuple(notes))


def _bound_before(expression: str, position: int, codes: list[tuple[Cell, Code]]) -> bool:
    name = re.match(r"\w+", expression)
    return name is not None and any(name[0] in code.binds for _, code in codes[: position + 1])


def _under_heading(task: Released, codes: list[tuple[Cell, Code]], cells: Sequence[Cell]) -> list[int]:
    heading = re.compile(rf"^#+\s*Task {re.escape(task.task)}\b", re.MULTILINE)
    start = next((c.number for c in cells if c.kind != "code" and heading.search(c.source)), None)
    if start is None:
        return []
    after = [c.number for c in cells if c.number > start and c.kind != "code" and re.search(r"^#+\s*Task \d", c.source, re.M)]
    end = after[0] if after else 10**9
    return [i for i, (cell, _) in enumerate(codes) if start < cell.number < end]


def _alike(task: Released, codes: list[tuple[Cell, Code]]) -> list[int]:
    wanted = re.findall(r"\w+|[^\w\s]", task.stub)[:2000]
    scores = []
    for i, (cell, code) in enumerate(codes):
        if code.functions and len(cell.source) < 20_000:
            matcher = difflib.SequenceMatcher(None, wanted, re.findall(r"\w+|[^\w\s]", cell.source)[:2000], autojunk=False)
            shared = sum(block.size for block in matcher.get_matching_blocks()) / max(1, len(wanted))
            scores.append((shared, i))
    return [i for score, i in sorted(scores, reverse=True) if score >= _LIKE]


def _helpers(task: Released) -> set[str]:
    """Return the other names that the released cell defines: they are not answers."""
    return set(read_code(task.stub).defines) - {task.answer_name}


def _joined(cells: Sequence[Cell], notes: list[str]) -> list[Cell]:
    """Join a definition that was split over two code cells, if only the two together are Python."""
    joined: list[Cell] = []
    for cell in cells:
        before = joined[-1] if joined else None
        indented = re.match(r"\n*[ \t]+\S", cell.source) is not None
        if before is not None and cell.kind == before.kind == "code" and indented and not read_code(cell.source).compiles:
            both = f"{before.source.rstrip()}\n{cell.source}"
            if read_code(both).compiles:
                joined[-1] = replace(before, source=both)
                notes.append(
                    f"Cells {before.number} and {cell.number} were joined because a definition was split between them."
                )
                continue
        joined.append(cell)
    return joined


def _text_cells_with_code(cells: Sequence[Cell], released: Sequence[Released], notes: list[str]) -> list[Cell]:
    """Treat a text cell as code where only it defines an answer: one key turns a code cell into text."""
    stubs = {normalise(task.stub) for task in released}
    filled = {
        name for c in cells if c.kind == "code" and normalise(c.source) not in stubs for name in read_code(c.source).binds
    }
    wanted = {task.answer_name for task in released} - filled
    kept = []
    for cell in cells:
        if cell.kind != "code" and any(f"def {name}" in cell.source for name in wanted):
            code = read_code(cell.source)
            if code.compiles and wanted & set(code.defines):
                notes.append(f"Cell {cell.number} is a text cell that holds an answer. It was run as code.")
                cell = replace(cell, kind="code")
        kept.append(cell)
    return kept
