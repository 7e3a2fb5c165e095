"""The two markers of a source: solution regions become stubs, cells tagged `solution` stay in `solutions/` only."""

from __future__ import annotations

import ast
import re

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
SOLUTION_TAG = "solution"
_LOOKS_LIKE_MARKER = re.compile(
    r"#\s*(BEGIN|END|START|STOP)\b.*\b(SOLUTION|ANSWER)|#\s*(BEGIN|END)\s+(HIDDEN|MARK)", re.IGNORECASE
)


class SourceError(ValueError):
    """A source that cannot become a notebook; the message names file and cell."""


def has_solution(code: str) -> bool:
    """Tell whether a cell holds a solution region."""
    return any(line.strip() == BEGIN for line in code.splitlines())


def check_markers(code: str, where: str) -> None:
    """Raise `SourceError` where markers are unbalanced, nested, misspelt or empty."""
    inside, filled = False, False
    for line in code.splitlines():
        text = line.strip()
        if text == BEGIN:
            if inside:
                raise SourceError(f"{where}: {BEGIN!r} stands inside a region that is still open. Close it with {END!r} first.")
            inside, filled = True, False
        elif text == END:
            if not inside:
                raise SourceError(f"{where}: {END!r} without {BEGIN!r} before it in the same cell.")
            if not filled:
                raise SourceError(f"{where}: the region between {BEGIN!r} and {END!r} is empty.")
            inside = False
        elif _LOOKS_LIKE_MARKER.search(text):
            raise SourceError(
                f"{where}: {text!r} is no marker. The two markers are {BEGIN!r} and {END!r}, each on a line of its own."
            )
        elif inside and text:
            filled = True
    if inside:
        raise SourceError(f"{where}: {BEGIN!r} is not closed. Add {END!r} in the same cell.")


def refuse_markers(text: str, where: str) -> None:
    """Raise `SourceError` where a text cell holds a marker: its answer would reach learners as text."""
    for line in text.splitlines():
        if line.strip() in (BEGIN, END) or _LOOKS_LIKE_MARKER.search(line):
            raise SourceError(f"{where}: {line.strip()!r} stands in a markdown cell. Is a line `# %%` missing before the code?")


def strip_markers(code: str) -> str:
    """Return a cell as `solutions/` shows it: the solution, without its markers."""
    return "\n".join(line for line in code.splitlines() if line.strip() not in (BEGIN, END))


def make_stub(code: str, task: str) -> str:
    """Return a cell as `exercises/` shows it: each region becomes one line that raises and names its task.

    In the body of a class the line stands in an `__init__`, so the cell itself runs, and only the use of the class raises. Outside
    functions and classes each name that the solution assigns becomes `name = ...`, which `check` takes as not filled in.

    Args:
        code: The cell, with balanced markers.
        task: What the exception says, such as `"Task 2.1: freeze the backbone"`.
    """
    lines: list[str] = []
    region: list[str] | None = None
    for line in code.splitlines():
        text = line.strip()
        if text == BEGIN:
            indent = line[: len(line) - len(line.lstrip())]
            region = []
        elif text == END:
            lines += _stub_lines(lines, region or [], indent, task)
            region = None
        elif region is None:
            lines.append(line)
        else:
            region.append(line)
    return "\n".join(lines)


def _stub_lines(above: list[str], region: list[str], indent: str, task: str) -> list[str]:
    fail = f"raise NotImplementedError({_quoted(task)})"
    if not indent:
        names = _assigned("\n".join(region))
        return [f"{name} = ...  # {task}" for name in names] or [fail]
    if _in_class_body(above, indent):
        return [f"{indent}def __init__(self, *args, **kwargs):", f"{indent}    {fail}"]
    return [f"{indent}{fail}"]


def _assigned(code: str) -> list[str]:
    """Return the names that code assigns outside functions and classes, in order."""
    targets = [t for node in ast.parse(code).body if isinstance(node, ast.Assign) for t in node.targets]
    names = [
        inner.id
        for target in targets
        for inner in ast.walk(target)
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)
    ]
    return list(dict.fromkeys(names))


def _in_class_body(lines: list[str], indent: str) -> bool:
    """Tell whether a line at this indent would stand directly in a class: the nearest line above that is indented less opens one."""
    outer = (line for line in reversed(lines) if line.strip() and len(line) - len(line.lstrip()) < len(indent))
    return next(outer, "").lstrip().startswith("class ")


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
