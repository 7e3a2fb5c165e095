"""Records on disk: an append-only journal of JSON lines, safe against being killed anywhere, and the sorted file made from it.

One line is one record, and a record depends only on what its key names. So lines of several machines may be put together in any
order, and the sorted file is the same bytes however the work was divided or interrupted.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tlcourse.files import write_whole

_REQUIRED = {"key": str, "master": str, "submission": str, "results": list, "seeds": dict, "points": int}


class DamagedRecords(ValueError):  # noqa: N818 - says what the file is
    """A file of records holds a line that is not a record."""


def to_line(record: dict[str, Any]) -> bytes:
    """Return a record as one line, the same bytes for the same record."""
    return json.dumps(record, sort_keys=True, ensure_ascii=True, allow_nan=False).encode() + b"\n"


class Journal:
    """Append-only file of records.

    Args:
        path: The file. It is made with its folder when the first record comes.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self) -> dict[str, dict[str, Any]]:
        """Return all records by key. An unfinished last line, left by a kill or a full disk, is cut off first."""
        if not self.path.exists():
            return {}
        data = self.path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        if len(whole) < len(data):
            with open(self.path, "r+b") as file:
                file.truncate(len(whole))
        return read_lines(whole, str(self.path))

    def append(self, record: dict[str, Any]) -> None:
        """Add one record. When this returns, it is on the disk."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        line = memoryview(to_line(record))
        with open(self.path, "ab", buffering=0) as file:  # a buffer would write its rest when the file is closed
            start = file.tell()
            try:
                while line:
                    line = line[file.write(line) :]
                os.fsync(file.fileno())
            except OSError:  # a full disk: leave no half line before the next one
                os.ftruncate(file.fileno(), start)
                raise


def read_lines(data: bytes, name: str) -> dict[str, dict[str, Any]]:
    """Read records from JSON lines; of lines with the same key, the first counts.

    Raises:
        DamagedRecords: If a line is not a record.
    """
    records: dict[str, dict[str, Any]] = {}
    for number, line in enumerate(data.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            good = all(type(record[name]) is kind for name, kind in _REQUIRED.items())
        except (ValueError, KeyError, TypeError, RecursionError):
            good = False
        if not good:
            raise DamagedRecords(f"{name}, line {number}, is not a record. Remove this line; its submission is graded again.")
        records.setdefault(record["key"], record)
    return records


def write_sorted(path: Path, records: Iterable[dict[str, Any]]) -> None:
    """Write records in the order of their keys, as a whole or not at all."""
    ordered = sorted(records, key=lambda record: record["key"])
    write_whole(path, b"".join(to_line(record) for record in ordered))
