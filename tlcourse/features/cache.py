"""Features on disk: one `.npy` and one `.json` an entry, written whole or not at all, least recently used thrown out first.

This file needs no TensorFlow: `tlcourse cache` lists and clears without starting it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from filelock import FileLock, Timeout

from tlcourse.config import data_home

DEFAULT_LIMIT = 2 * 10**9
_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


class CacheWarning(UserWarning):
    """The cache could not be used as it should have been; the features are right all the same."""


@dataclass(frozen=True)
class CacheEntry:
    """One cached feature array: `size` in bytes, `created` and `last_used` in seconds since 1970."""

    key: str
    backbone: str
    shape: tuple[int, ...]
    size: int
    created: float
    last_used: float
    path: Path


def cache_folder(directory: Path | str | None = None) -> Path:
    """Return the folder of cached features: `directory`, or `features` in the data home."""
    return Path(directory) if directory is not None else data_home() / "features"


def cache_limit() -> int:
    """Return the size limit of the cache in bytes: `TLCOURSE_CACHE_LIMIT`, or 2 GB; 0 turns the cache off.

    Raises:
        ValueError: Where the variable is not a size such as `500MB`, `2 GB` or a number of bytes.
    """
    text = os.environ.get("TLCOURSE_CACHE_LIMIT", "").strip()
    if not text:
        return DEFAULT_LIMIT
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?B)?", text, re.IGNORECASE)
    if not match:
        raise ValueError(
            f"TLCOURSE_CACHE_LIMIT must be a size such as 500MB, 2GB or 0; received TLCOURSE_CACHE_LIMIT={text!r}."
        )
    return int(float(match[1]) * _UNITS[(match[2] or "").upper()])


def cache_entries(directory: Path | str | None = None) -> list[CacheEntry]:
    """List what is cached, most recently used first.

    Args:
        directory: Folder of the cache; `None` for the one in the data home. It need not exist.
    """
    entries = []
    for described in cache_folder(directory).glob("*.json"):
        try:
            about = json.loads(described.read_text())
            array = described.with_suffix(".npy")
            size = array.stat().st_size + described.stat().st_size
            used = described.stat().st_mtime
            entries.append(
                CacheEntry(described.stem, about["backbone"], tuple(about["shape"]), size, about["created"], used, array)
            )
        except (OSError, ValueError, KeyError, TypeError):
            continue  # damaged, or removed by another process meanwhile; reading it again rebuilds it
    return sorted(entries, key=lambda entry: entry.last_used, reverse=True)


def clear_cache(directory: Path | str | None = None) -> int:
    """Delete every cached feature array, damaged ones included, and return how many bytes that freed.

    Arrays that are mapped in some process stay readable there on Linux and macOS; Windows keeps their files.
    """
    return sum(_remove(path) for path in cache_folder(directory).glob("*") if path.suffix in (".npy", ".json", ".part"))


def trim_cache(limit: int | None = None, directory: Path | str | None = None, keep: str | None = None) -> int:
    """Delete the least recently used entries until the cache holds at most `limit` bytes.

    Args:
        limit: In bytes; `None` for `cache_limit()`.
        directory: Folder of the cache.
        keep: Key of an entry that stays, whatever its size.

    Returns:
        Bytes freed.
    """
    limit = cache_limit() if limit is None else limit
    entries = cache_entries(directory)
    total, freed = sum(entry.size for entry in entries), 0
    for entry in reversed(entries):
        if total - freed <= limit:
            break
        if entry.key != keep:
            freed += _remove(entry.path.with_suffix(".json")) + _remove(entry.path)
    return freed


def read_entry(folder: Path, key: str) -> np.ndarray | None:
    """Map the features under `key` read-only, or return `None` where there are none or they are damaged.

    A damaged entry is removed with a `CacheWarning` that says so.
    """
    array, described = folder / f"{key}.npy", folder / f"{key}.json"
    if not described.exists():
        return None
    try:
        about = json.loads(described.read_text())
        features = np.load(array, mmap_mode="r", allow_pickle=False)
        if list(features.shape) != about["shape"] or _checksum(features) != about["checksum"]:
            raise ValueError("the contents do not match their checksum")
    except (OSError, ValueError, KeyError, TypeError, EOFError) as problem:
        warnings.warn(
            f"Cached features {array} are damaged ({problem}). They are deleted and computed again.", CacheWarning, stacklevel=4
        )
        _remove(described)
        _remove(array)
        return None
    os.utime(described)  # its time of change is when the entry was last used
    return features


def write_entry(folder: Path, key: str, features: np.ndarray, backbone: str) -> np.ndarray:
    """Write `features` under `key` and map them read-only; nothing half-written stays behind.

    Raises:
        OSError: Where the disk is full or not writable.
    """
    array, described = folder / f"{key}.npy", folder / f"{key}.json"
    about = {
        "backbone": backbone,
        "shape": list(features.shape),
        "created": time.time(),
        "checksum": _checksum(features),
    }
    for left_over in folder.glob(f"{key}.*.part"):  # of a process that was killed: this one holds the lock
        _remove(left_over)
    # The description comes last: an entry without one does not exist.
    _write_whole(array, lambda file: np.save(file, features, allow_pickle=False))
    _write_whole(described, lambda file: file.write(json.dumps(about).encode()))
    return np.load(array, mmap_mode="r", allow_pickle=False)


@contextmanager
def entry_lock(folder: Path, key: str) -> Iterator[None]:
    """Hold the lock of `key` against other processes; says so where it has to wait.

    Raises:
        OSError: Where the folder cannot be made or holds no locks.
    """
    locks = folder / "locks"
    locks.mkdir(parents=True, exist_ok=True)
    lock = FileLock(locks / f"{key[:2]}.lock")  # lock files are never deleted, so there are at most 256
    try:
        lock.acquire(timeout=1)
    except Timeout:
        print("Waiting for another process that is computing features...", flush=True)
        lock.acquire()
    except NotImplementedError as problem:
        raise OSError(f"the file system of {locks} has no locks") from problem
    try:
        yield
    finally:
        lock.release()


def _write_whole(path: Path, write: Callable[[BinaryIO], object]) -> None:
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with open(part, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _remove(path: Path) -> int:
    try:
        size = path.stat().st_size
        path.unlink()
    except OSError:  # gone already, or still mapped on Windows
        return 0
    return size


def _checksum(features: np.ndarray) -> str:
    return hashlib.blake2b(np.ascontiguousarray(features).data, digest_size=16).hexdigest()
