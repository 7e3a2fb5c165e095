"""Learners and their submissions, joined with records and with decisions from review: rows of marks, and a SQLite file."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import re
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tlcourse.checks import UNJUDGED
from tlcourse.files import replacing, write_whole

DECISIONS = "decisions.csv"
_DECISION_COLUMNS = ("learner", "task", "points", "comment")


@dataclass(frozen=True)
class Entry:
    """One line of the roster: a learner's file and the key of its record."""

    learner: str
    learner_id: str
    file: str
    digest: str
    key: str
    notes: tuple[str, ...]
    problem: str


@dataclass(frozen=True)
class Marks:
    """One learner's marks.

    Args:
        entry: The line of the roster.
        results: One per task, as in the record, with decisions from review put in.
        notes: What was odd about the file.
        open: `(task or "", reason)` of what needs review.
    """

    entry: Entry
    results: tuple[dict[str, Any], ...]
    notes: tuple[str, ...]
    open: tuple[tuple[str, str], ...]

    @property
    def points(self) -> float:
        """Points earned so far; final when nothing needs review."""
        return sum(result["points"] for result in self.results)

    @property
    def max_points(self) -> float:
        """Points of all tasks."""
        return sum(result["max_points"] for result in self.results)

    @property
    def file_name(self) -> str:
        """A name for this learner's files that is safe on every system and that no two learners share."""
        readable = re.sub(r"[^A-Za-z0-9]+", "-", self.entry.learner).strip("-")[:40] or "learner"
        identity = f"{self.entry.learner}\0{self.entry.learner_id}\0{self.entry.file}"
        return f"{readable}-{hashlib.sha256(identity.encode()).hexdigest()[:8]}"


def write_roster(path: Path, entries: Iterable[Entry]) -> None:
    """Write the roster as JSON lines."""
    lines = [json.dumps(asdict(entry), sort_keys=True) for entry in entries]
    write_whole(path, "".join(f"{line}\n" for line in lines).encode())


def read_roster(path: Path) -> list[Entry]:
    """Read a roster.

    Raises:
        ValueError: If the file is not a roster.
    """
    try:
        rows = [json.loads(line) for line in path.read_bytes().splitlines()]  # of bytes: cut at newlines only
        return [Entry(**{**row, "notes": tuple(row["notes"])}) for row in rows]
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(
            f"The roster is damaged ({error}). Remove it and grade again; records are kept. Received: path={str(path)!r}."
        ) from error


def read_decisions(path: Path) -> dict[tuple[str, str], tuple[float, str]]:
    """Read the decisions from review: a CSV file with the columns learner, task, points, comment.

    Returns:
        `{(learner, task): (points, comment)}`; empty when there is no file.

    Raises:
        ValueError: If columns are missing, points are not a finite number, or the file is not UTF-8.
    """
    if not path.exists():
        return {}
    data = path.read_bytes()
    try:
        reader = csv.DictReader(io.StringIO(data.decode("utf-8-sig")))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ValueError(
            f"{path}, line {line}, is not UTF-8. Save the file as CSV UTF-8. Received: path={str(path)!r}."
        ) from error
    if reader.fieldnames is None or not set(_DECISION_COLUMNS) <= set(reader.fieldnames):
        raise ValueError(f"{path} needs the columns {', '.join(_DECISION_COLUMNS)}. Received: columns={reader.fieldnames}.")
    decisions = {}
    for row in reader:
        try:
            points = float(row["points"])
            if not math.isfinite(points):
                raise ValueError("not finite")
            decisions[(row["learner"], row["task"])] = (points, row["comment"] or "")
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"{path}, line {reader.line_num}: points must be a number. Received: points={row['points']!r}."
            ) from error
    return decisions


def join(
    roster: Iterable[Entry],
    records: Mapping[str, dict[str, Any]],
    decisions: Mapping[tuple[str, str], tuple[float, str]],
) -> list[Marks]:
    """Put roster, records and decisions together, one row per learner."""
    rows = []
    for entry in roster:
        record = records.get(entry.key)
        results = (
            [_decided(result, decisions.get((entry.learner, result["task"]))) for result in record["results"]] if record else []
        )
        open_ = [(result["task"], result["message"]) for result in results if result["outcome"] == UNJUDGED]
        if record is None:
            open_.append(("", entry.problem or "This submission was not graded yet."))
        notes = (*entry.notes, *(record["notes"] if record else ()))
        rows.append(Marks(entry, tuple(results), tuple(notes), tuple(open_)))
    return rows


def _decided(result: dict[str, Any], decision: tuple[float, str] | None) -> dict[str, Any]:
    if decision is None:
        return result
    points, comment = decision
    points = min(max(points, 0), result["max_points"])
    message = comment or "This was decided in review."
    return {**result, "points": points, "outcome": "decided in review", "message": message, "misconception": None,
            "explanation": "", "expected": "", "received": ""}  # fmt: skip


def write_gradebook(path: Path, rows: Iterable[Marks], about: Mapping[str, str]) -> None:
    """Write a new SQLite gradebook from the rows, as a whole or not at all.

    Tables: `about(name, value)`, `learners(number, learner, learner_id, file, digest, record, points, max_points, needs_review)`,
    `results(learner_number, task, title, outcome, points, max_points, misconception, message)`, `notes(learner_number, note)`.
    """
    with replacing(path) as file, closing(sqlite3.connect(file.name)) as book:
        book.executescript(_TABLES)
        book.executemany("INSERT INTO about VALUES (?, ?)", sorted(about.items()))
        for number, row in enumerate(rows, start=1):
            e = row.entry
            values = (number, e.learner, e.learner_id, e.file, e.digest, e.key, row.points, row.max_points, bool(row.open))
            book.execute("INSERT INTO learners VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
            book.executemany(
                "INSERT INTO results VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [(number, *(r[name] for name in _RESULT_COLUMNS)) for r in row.results],
            )
            book.executemany("INSERT INTO notes VALUES (?, ?)", [(number, note) for note in row.notes])
        book.commit()


_RESULT_COLUMNS = ("task", "title", "outcome", "points", "max_points", "misconception", "message")
_TABLES = """
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE learners (number INTEGER PRIMARY KEY, learner TEXT NOT NULL, learner_id TEXT NOT NULL, file TEXT NOT NULL,
    digest TEXT NOT NULL, record TEXT NOT NULL, points REAL NOT NULL, max_points REAL NOT NULL, needs_review INTEGER NOT NULL);
CREATE TABLE results (learner_number INTEGER NOT NULL REFERENCES learners, task TEXT NOT NULL, title TEXT NOT NULL,
    outcome TEXT NOT NULL, points REAL NOT NULL, max_points REAL NOT NULL, misconception TEXT, message TEXT NOT NULL);
CREATE TABLE notes (learner_number INTEGER NOT NULL REFERENCES learners, note TEXT NOT NULL);
"""
