"""Write a file as a whole or not at all, and read a text file line by line. Not about folders."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


def write_whole(path: Path | str, data: bytes | str) -> None:
    """Write `data` to `path`. If that fails, `path` is what it was before.

    Args:
        path: The file. Its folder is made where it is missing.
        data: Bytes, or text that is written as UTF-8.

    Raises:
        OSError: If the file cannot be written, such as on a full disk.
    """
    with replacing(path) as file:
        file.write(data.encode() if isinstance(data, str) else data)


def lines_of(path: Path | str) -> list[str]:
    """Read the lines of a UTF-8 text file, cut at newlines only.

    `str.splitlines` also cuts at ten other characters, such as U+2028, which texts and vocabularies may hold.

    Args:
        path: The file. Line ends of Windows are removed where every line has them.

    Returns:
        The lines without their ends; none for an empty file.

    Raises:
        OSError: If the file cannot be read.
        UnicodeDecodeError: If it is not UTF-8.
    """
    lines = Path(path).read_bytes().decode("utf-8-sig").split("\n")
    if not lines[-1]:
        lines.pop()
    return [line[:-1] for line in lines] if lines and all(line.endswith("\r") for line in lines) else lines


@contextmanager
def replacing(path: Path | str) -> Iterator[BinaryIO]:
    """Open a temporary file beside `path`, which takes the place of `path` when the block ends without an error.

    A reader sees the old file or the new one, never a part. An error or an interruption inside the block removes the temporary
    file. The permissions of an old file are kept.

    Args:
        path: The file. Its folder is made where it is missing.

    Yields:
        A file open for writing bytes. `file.name` is its path, for writers that open it themselves, such as sqlite3.

    Raises:
        OSError: If the file cannot be written, such as on a full disk.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    # Unique, because two processes may write the same file; cut, because names have at most 255 bytes.
    draft = target.with_name(f".{target.name[:40]}.{uuid.uuid4().hex[:12]}.new")
    try:
        with open(draft, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, draft)
        os.replace(draft, target)
    finally:
        draft.unlink(missing_ok=True)
