"""Read a py:percent source into cells, each with the task it belongs to. jupytext does the parsing and nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tlcourse.authoring.markers import SOLUTION_TAG, SourceError, check_markers, refuse_markers

TASK_HEADING = re.compile(r"^## (Task (\d{1,2}\.\d{1,2}): (.+?))\s*$", re.MULTILINE)
CHECK_CALL = re.compile(r'^check\("(\d{1,2}\.\d{1,2})", *[\w.]+.*\)\s*$', re.MULTILINE)
_CELL_KINDS = ("markdown", "code")


@dataclass(frozen=True)
class SourceCell:
    """One cell of a source: `kind` is "markdown" or "code"; `task` is the heading it stands under ("Task 2.1: title"), or ""."""

    kind: str
    text: str
    tags: tuple[str, ...]
    task: str
    where: str

    @property
    def task_id(self) -> str:
        """The number of the task, such as "2.1", or ""."""
        return self.task.split(":")[0].removeprefix("Task ") if self.task else ""

    @property
    def checked_task(self) -> str:
        """The number of the task that this cell checks, or ""."""
        found = CHECK_CALL.search(self.text) if self.kind == "code" else None
        return found[1] if found else ""


def read_source(text: str, name: str) -> list[SourceCell]:
    """Parse a source.

    Args:
        text: Text in the form py:percent.
        name: Path of the source, for messages, such as `content/exercises/02_feature_extraction.py`.

    Raises:
        SourceError: If the source has no cells, a cell of an unknown kind, an unknown tag, or wrong markers.
    """
    import jupytext

    cells: list[SourceCell] = []
    task = ""
    for number, cell in enumerate(jupytext.reads(text, fmt="py:percent").cells, start=1):
        first = cell.source.strip().splitlines()[0][:60] if cell.source.strip() else "(empty)"
        where = f"{name}, cell {number} ({first})"
        if not cell.source.strip():
            raise SourceError(f"{where}: the cell is empty. Remove it.")
        if cell.cell_type not in _CELL_KINDS:
            raise SourceError(f"{where}: cells are markdown or code. Received: {cell.cell_type!r}.")
        tags = tuple(cell.metadata.get("tags", ()))
        unknown = set(tags) - {SOLUTION_TAG}
        if unknown:
            raise SourceError(f"{where}: the only tag is {SOLUTION_TAG!r}. Received: {', '.join(sorted(unknown))}.")
        if cell.cell_type == "markdown":
            refuse_markers(cell.source, where)
            found = TASK_HEADING.search(cell.source)
            task = found[1] if found else ("" if re.search(r"^#{1,2} ", cell.source, re.MULTILINE) else task)
        else:
            check_markers(cell.source, where)
        cells.append(SourceCell(cell.cell_type, cell.source.strip("\n"), tags, task, where))
    if not cells:
        raise SourceError(f"{name}: no cells. A source starts with a line `# %% [markdown]`.")
    return cells
