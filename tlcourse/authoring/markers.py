"""The two markers of a source: solution regions become stubs, cells tagged `solution` stay in `solutions/` only."""

from __future__ import annotations

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

    Args:
        code: The cell, with balanced markers.
        task: What the exception says, such as `"Task 2.1: freeze the backbone"`.
    """
    lines, inside = [], False
    for line in code.splitlines():
        text = line.strip()
        if text == BEGIN:
            inside = True
            indent = line[: len(line) - len(line.lstrip())]
            lines.append(f"{indent}raise NotImplementedError({_quoted(task)})")
        elif text == END:
            inside = False
        elif not inside:
            lines.append(line)
    return "\n".join(lines)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
