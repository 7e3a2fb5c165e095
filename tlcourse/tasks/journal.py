"""What a learner tried in all lessons, in one file of theirs that only grows. Nothing of it leaves the machine."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tlcourse.checks.task import EARNED, OUTCOMES
from tlcourse.config import user_home

_TASK = re.compile(r"\d{1,2}\.\d{1,2}")


@dataclass(frozen=True)
class Entry:
    """What was noted of one task.

    Args:
        outcome: None before the first check; "earned" once it was, whatever came later; else the last outcome.
        attempts: Checks that were judged.
        hints: Steps of the hint ladder that were shown.
        last: Time of the last note, ISO 8601 in UTC.
    """

    outcome: str | None = None
    attempts: int = 0
    hints: int = 0
    last: str = ""


@dataclass(frozen=True)
class Journal:
    """All entries by task, and what could not be read.

    Args:
        entries: Task id -> entry.
        unreadable: Numbers of the lines that are no notes of ours, from 1. They are left as they are.
    """

    entries: Mapping[str, Entry] = field(default_factory=dict)
    unreadable: tuple[int, ...] = ()


def journal_path() -> Path:
    """Return where the file is: in `TLCOURSE_HOME`, or the platform's folder for a user's own data. Creates nothing."""
    return user_home() / "progress.jsonl"


def is_kept() -> bool:
    """Tell whether this process notes what is tried.

    Not where checks raise (`TLCOURSE_CHECK=raise`, as in tests and `make course`), and not where `TLCOURSE_PROGRESS=off`, as in
    solutions, wherever they are opened, and in the grading sandbox.
    """
    return os.environ.get("TLCOURSE_CHECK") != "raise" and os.environ.get("TLCOURSE_PROGRESS") != "off"


def note(task_id: str, **what: Any) -> str:
    """Add one line to the file: `outcome=` of a check, or `hint=` with the number of its step.

    A line is written at once, so notebooks that run side by side lose nothing. Whatever is in the file stays there.

    Returns:
        "" or, where the line could not be written, why, in one sentence. A check never fails because of it.
    """
    if not is_kept():
        return ""
    path = journal_path()
    line = json.dumps({"task": task_id, **what, "time": datetime.now(UTC).isoformat(timespec="seconds")}) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab+") as file:
            if file.seek(0, os.SEEK_END):
                file.seek(-1, os.SEEK_END)
                line = line if file.read(1) == b"\n" else "\n" + line  # the line before was cut off
            file.write(line.encode())
    except OSError as error:
        return f"Your progress could not be kept in {path} ({error.strerror}). The check itself is not affected."
    return ""


def read_journal() -> Journal:
    """Read the file. A file that is not there is an empty journal.

    Raises:
        OSError: If the file is there and cannot be read.
    """
    path = journal_path()
    if not path.exists():
        return Journal()
    entries: dict[str, Entry] = {}
    unreadable = []
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        if not line.strip():
            continue
        record = _record(line)
        if record is None:
            unreadable.append(number)
        else:
            entries[record["task"]] = _added(entries.get(record["task"], Entry()), record)
    return Journal(entries, tuple(unreadable))


def forget() -> None:
    """Remove the file, if there is one."""
    journal_path().unlink(missing_ok=True)


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict) or not isinstance(record.get("task"), str) or not _TASK.fullmatch(record["task"]):
        return None
    checked = record.get("outcome") in OUTCOMES
    hinted = type(record.get("hint")) is int and 1 <= record["hint"] <= 3
    return record if isinstance(record.get("time"), str) and (checked or hinted) else None


def _added(entry: Entry, record: Mapping[str, Any]) -> Entry:
    outcome = record.get("outcome")
    return Entry(
        EARNED if entry.outcome == EARNED else outcome or entry.outcome,
        entry.attempts + (outcome is not None),
        max(entry.hints, record.get("hint", 0)),
        max(entry.last, record["time"]),
    )
