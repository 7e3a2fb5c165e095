"""Unpack archives whole or not at all, and refuse members that would leave the folder."""

from __future__ import annotations

import stat
import tarfile
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any


class UnsafeArchiveError(OSError):
    """An archive holds a member that does not belong in its folder."""


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a zip or tar archive into an existing folder.

    Args:
        archive: The file.
        folder: Where its members go.

    Raises:
        UnsafeArchiveError: If a member is absolute, climbs out with `..`, or is a link or device. Nothing is unpacked then.
        OSError: If the file is no archive, or damaged.
    """
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as file:
                for entry in file.infolist():
                    _require_inside(entry.filename, archive, link=stat.S_ISLNK(entry.external_attr >> 16))
                file.extractall(folder)
        elif tarfile.is_tarfile(archive):
            with tarfile.open(archive) as tar:
                members = tar.getmembers()
                for member in members:
                    _require_inside(member.name, archive, link=not (member.isfile() or member.isdir()))
                for member in members:
                    member.mode = 0o755 if member.isdir() else 0o644
                    member.uid = member.gid = 0
                    member.uname = member.gname = ""
                tar.extractall(folder, members=members, **_FILTER)
        else:
            raise OSError(
                f"Expected a zip or tar archive. Received: {archive.name!r}, {archive.stat().st_size} bytes of another kind."
            )
    except (zipfile.BadZipFile, tarfile.TarError, EOFError) as error:
        raise OSError(f"The archive {archive.name!r} is damaged ({type(error).__name__}: {error}).") from error


_FILTER: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}  # Python 3.11.4 and later


def _require_inside(name: str, archive: Path, *, link: bool) -> None:
    path = PurePosixPath(name.replace("\\", "/"))
    leaves = path.is_absolute() or ".." in path.parts or any(":" in part for part in path.parts[:1])
    if link or leaves:
        raise UnsafeArchiveError(
            f"The archive {archive.name!r} holds {name!r}, a link or a path outside its folder. Nothing was unpacked. "
            "The file is not what it should be. Delete it, and report it to its owners."
        )
