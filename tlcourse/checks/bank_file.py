"""Read a bank of answers: a py:percent file in which every cell is an answer. Nothing that a cell says is run here.

    # %% task 2.1
    # %% right: predict
    def extract_in_batches(model, images, batch_size):
        return model.predict(images, batch_size=batch_size)
    # %% wrong: scaled-twice: divided by 255
    # As "predict", but:
    return model.predict(images / 255.0, batch_size=batch_size)

A wrong answer is named for its misconception, and by words of its own where there are several. An answer that begins with
`# As "...", but:` is an earlier answer of the same task with some statements replaced, see `with_changes`. A cell
`# %% hidden` defines `HIDDEN` for the grader: it is the instructor's own code and the only one that is run.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tlcourse.checks.bank import Bank, Hidden, LessonBank, Right, Wrong

_HEADING = re.compile(r"^# %% ?(.*)$")
_CHANGED = re.compile(r'^# As "(.+)", but:\n')


def load_bank(path: Path) -> LessonBank:
    """Read one `content/banks/NN_topic.py`.

    Raises:
        ValueError: If a cell is of no known kind, or an answer cannot be put together; the message names file and line.
    """
    banks: dict[str, Bank] = {}
    hidden, task = Hidden(), ""
    for line, heading, text in _cells(path.read_text(encoding="utf-8")):
        kind, _, rest = (part.strip() for part in heading.partition(":"))
        try:
            if kind == "hidden":
                hidden = _run_hidden(text, path)
            elif re.fullmatch(r"task \d{1,2}\.\d{1,2}", kind):
                task = kind.removeprefix("task ")
                banks[task] = Bank([], [])
            elif kind not in ("right", "wrong") or not rest:
                raise ValueError(
                    "A cell starts with `# %% task N.k`, `# %% right: name`, `# %% wrong: misconception: name` or `# %% hidden`. "
                    f"Received: heading={heading!r}."
                )
            elif not task:
                raise ValueError(f"An answer needs a cell `# %% task N.k` above it. Received: heading={heading!r}.")
            else:
                _add(banks[task], kind, rest, text)
        except ValueError as error:
            raise ValueError(f"{path}, line {line}: {error}") from error
    return LessonBank(path, banks, hidden)


def with_changes(source: str, changes: str) -> str:
    """Return an answer with some of its statements replaced.

    Each statement of `changes` takes the place of the last statement of `source` that begins in the same way: that assigns the
    same name, calls the same function, loops over the same name, defines the same function, or returns, too. A statement that
    begins like none of them is put before the one that the next statement of `changes` replaces.

    Args:
        source: Source text, one statement a line.
        changes: Source text of the statements that differ.

    Raises:
        ValueError: If two changes begin in the same way, or the last one begins like no statement of `source`.
    """
    places = {_beginning(node): node for node in _statements(ast.parse(source).body)}
    lines = source.splitlines()
    edits: dict[int, tuple[int, list[str]]] = {}
    waiting: list[str] = []
    for statement in ast.parse(changes).body:
        waiting += changes.splitlines()[_first_line(statement) - 1 : statement.end_lineno]
        place = places.get(_beginning(statement))
        if place is None:
            continue
        start = _first_line(place) - 1
        if start in edits:
            raise ValueError(f"Two changes begin in the same way: write this answer in full. Received: changes={changes!r}.")
        edits[start] = place.end_lineno or start + 1, _indent(waiting, place.col_offset)
        waiting = []
    if waiting:
        raise ValueError(
            f"The last change must begin like one of the answer's statements: {', '.join(map(repr, places))}. "
            f"Received: changes={changes!r}."
        )
    for start, (end, new) in sorted(edits.items(), reverse=True):
        lines[start:end] = new
    return "\n".join(lines) + "\n"


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield every statement in the order of the source, outer ones before those inside."""
    for statement in body:
        yield statement
        for inner in ("body", "orelse", "finalbody"):
            yield from _statements(getattr(statement, inner, []))


def _first_line(statement: ast.stmt) -> int:
    return min([statement.lineno, *(mark.lineno for mark in getattr(statement, "decorator_list", []))])


def _indent(lines: list[str], columns: int) -> list[str]:
    return textwrap.indent("\n".join(lines), " " * columns).splitlines()


def _cells(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield the line, the heading and the text of each cell; what stands above the first cell is left out."""
    lines = text.splitlines()
    starts = [number for number, line in enumerate(lines) if _HEADING.match(line)]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        found = _HEADING.match(lines[start])
        yield start + 1, found[1] if found else "", "\n".join(lines[start + 1 : end]).strip("\n") + "\n"


def _add(bank: Bank, kind: str, rest: str, text: str) -> None:
    misconception, _, words = (part.strip() for part in rest.partition(":")) if kind == "wrong" else ("", "", rest)
    name = words or misconception.replace("-", " ")
    answers: list[Right | Wrong] = [*bank.right, *bank.wrong]
    known = {answer.name: answer.source for answer in answers}
    if name in known:
        raise ValueError(f"Each answer of a task needs a name of its own. Received: name={name!r}, twice.")
    changed = _CHANGED.match(text)
    if changed:
        if changed[1] not in known:
            raise ValueError(
                f"After `# As` stands the name of an answer above, one of {', '.join(map(repr, known))}. Received: name={changed[1]!r}."
            )
        text = with_changes(known[changed[1]], text[changed.end() :])
    if kind == "right":
        bank.right.append(Right(name, text))
    else:
        bank.wrong.append(Wrong(name, misconception, text))


def _beginning(statement: ast.stmt) -> str:
    """Return how a statement begins: what another statement must share to take its place."""
    match statement:
        case ast.Assign(targets=targets):
            return " = ".join(ast.unparse(target) for target in targets) + " ="
        case ast.AnnAssign(target=target):
            return f"{ast.unparse(target)} ="
        case ast.AugAssign(target=target):
            return f"{ast.unparse(target)} changed in place"
        case ast.For(target=target):
            return f"for {ast.unparse(target)} in"
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return f"def {name}"
        case ast.Expr(value=ast.Call(func=function)):
            return f"{ast.unparse(function)}("
        case ast.Expr() | ast.Import() | ast.ImportFrom():
            return ast.unparse(statement)
    return type(statement).__name__.lower()


def _run_hidden(text: str, path: Path) -> Hidden:
    names: dict[str, Any] = {"__name__": "hidden"}
    exec(compile(text, str(path), "exec"), names)
    return names["HIDDEN"]
