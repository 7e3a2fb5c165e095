"""From the bytes of a submission to its cells, whatever state it is in. Not about which cell answers which task."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

MAX_BYTES = 64 * 2**20
MAX_CELLS = 5_000
MAX_SOURCE = 2 * 2**20


class UnreadableNotebook(ValueError):  # noqa: N818 - named after what it says about the file
    """No cells can be read from a submission. The message says why."""


@dataclass(frozen=True)
class Cell:
    """One cell: its position in the file from 1, kind ("code", "markdown", "raw"), text, and nbgrader's name of it or ""."""

    number: int
    kind: str
    source: str
    grade_id: str = ""


@dataclass(frozen=True)
class Notebook:
    """The cells of a submission in order, and what was odd about it, in words."""

    cells: tuple[Cell, ...]
    notes: tuple[str, ...] = field(default=())


def read_notebook(submission: bytes) -> Notebook:
    """Read the cells of a notebook of any minor version of format 4, or of format 3.

    Ids and kernel may be missing, repeated or wrong.

    Args:
        submission: UTF-8 with or without byte order mark, UTF-16, or latin-1.

    Raises:
        UnreadableNotebook: If it is empty, cut off, too large or not a notebook.
    """
    if not submission.strip(b" \t\r\n\x00"):
        raise UnreadableNotebook("The file is empty.")
    if len(submission) > MAX_BYTES:
        raise UnreadableNotebook(f"The file has {len(submission) / 2**20:.0f} MiB. At most {MAX_BYTES // 2**20} MiB are read.")
    notes: list[str] = []
    tree = _parse(_decode(submission, notes))
    if not isinstance(tree, dict):
        raise UnreadableNotebook("The file is JSON but not a notebook: it has no cells.")
    cells = _cells(tree, notes)
    _note_oddities(tree, cells, notes)
    return Notebook(tuple(cells), tuple(notes))


def _decode(submission: bytes, notes: list[str]) -> str:
    if submission.startswith((b"\xff\xfe", b"\xfe\xff")):
        notes.append("The file is UTF-16, not UTF-8.")
        return submission.decode("utf-16", errors="replace")
    try:
        return submission.decode("utf-8-sig")
    except UnicodeDecodeError:
        notes.append("The file is not UTF-8. It was read as latin-1.")
        return submission.decode("latin-1")


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except RecursionError as error:
        raise UnreadableNotebook("The file is nested too deeply to be a notebook.") from error
    except ValueError as error:
        start = text.lstrip()[:1]
        if start != "{":
            raise UnreadableNotebook("The file is not a notebook: it does not begin like one.") from error
        at = getattr(error, "pos", None)
        cut = (at is not None and at >= len(text.rstrip()) - 1) or "Unterminated" in str(error)
        reason = "is cut off: its end is missing" if cut else f"is damaged ({str(error)[:120]})"
        raise UnreadableNotebook(f"The file {reason}.") from error


def _cells(tree: dict[str, Any], notes: list[str]) -> list[Cell]:
    raw = tree.get("cells")
    if raw is None and isinstance(tree.get("worksheets"), list):
        notes.append("The file has the old format 3.")
        sheets = [sheet for sheet in tree["worksheets"] if isinstance(sheet, dict)]
        raw = [cell for sheet in sheets for cell in sheet.get("cells") or []]
    if not isinstance(raw, list):
        raise UnreadableNotebook("The file is JSON but not a notebook: it has no cells.")
    if len(raw) > MAX_CELLS:
        raise UnreadableNotebook(f"The notebook has {len(raw)} cells. At most {MAX_CELLS} are read.")
    cells, broken = [], 0
    for number, cell in enumerate(raw, start=1):
        source = _source(cell) if isinstance(cell, dict) else None
        if source is None or len(source) > MAX_SOURCE:
            broken += 1
            continue
        kind = cell.get("cell_type")
        cells.append(Cell(number, kind if kind in ("code", "markdown") else "raw", source, _grade_id(cell)))
    if broken:
        notes.append(f"{broken} cells have no readable text. They were left out.")
    return cells


def _source(cell: dict[str, Any]) -> str | None:
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        return None
    source = source.encode("utf-8", errors="replace").decode("utf-8")  # lone surrogates, which no compiler accepts
    return re.sub(r"\r\n?", "\n", source).replace("\x00", "").replace("\ufeff", "")


def _grade_id(cell: dict[str, Any]) -> str:
    metadata = cell.get("metadata")
    mark = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    name = mark.get("grade_id") if isinstance(mark, dict) else None
    return name[:100] if isinstance(name, str) else ""


def _note_oddities(tree: dict[str, Any], cells: list[Cell], notes: list[str]) -> None:
    metadata = tree.get("metadata")
    kernel = metadata.get("kernelspec") if isinstance(metadata, dict) else None
    if isinstance(metadata, dict) and "colab" in metadata:
        notes.append("The file was saved by Colab.")
    if isinstance(kernel, dict):
        language = str(kernel.get("language") or kernel.get("name") or "")[:40]
        if language and not language.lower().startswith("python"):
            notes.append(f"The file names another kernel ({language!r}). It was run as Python.")
    if not any(cell.kind == "code" and cell.source.strip() for cell in cells):
        notes.append("The notebook has no code.")
