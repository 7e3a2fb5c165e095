"""Features on disk: one `.npy` and one `.json` an entry; the least recently used are deleted first.

This file needs no TensorFlow: `tlcourse cache` lists and clears without starting it.
"""

from __future__ import annotations

import json
import os
import re
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from tlcourse.config import data_home
from tlcourse.features.partial import Block, PartialEntry, checksum_of
from tlcourse.files import write_whole

DEFAULT_LIMIT = 2 * 10**9
_ABANDONED = 24 * 3600  # seconds after which nobody will go on with a part
_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


class CacheWarning(UserWarning):
    """The cache could not be used as it should have been; the features are right even so."""


@dataclass(frozen=True)
class CacheEntry:
    """One cached feature array.

    Args:
        key: Digest of the backbone and of the images.
        backbone: Name of the backbone.
        shape: Shape of the features, `(n, features)`.
        size: Size in bytes.
        created: Seconds since 1970.
        last_used: Seconds since 1970.
        path: The `.npy` file.
    """

    key: str
    backbone: str
    shape: tuple[int, ...]
    size: int
    created: float
    last_used: float
    path: Path


@dataclass(frozen=True)
class Cached:
    """What is stored under a key: features mapped from disk, and for streams the blocks that they were computed in."""

    features: np.ndarray
    blocks: list[Block]


def cache_folder(directory: Path | str | None = None) -> Path:
    """Return the folder of cached features: `directory`, or `features` in the data home."""
    return Path(directory) if directory is not None else data_home() / "features"


def cache_limit() -> int:
    """Return the size limit of the cache in bytes: `TLCOURSE_CACHE_LIMIT`, or 2 GB; 0 turns the cache off.

    Raises:
        ValueError: If the variable is not a size such as `500MB`, `2 GB` or a number of bytes.
    """
    text = os.environ.get("TLCOURSE_CACHE_LIMIT", "").strip()
    if not text:
        return DEFAULT_LIMIT
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?B)?", text, re.IGNORECASE)
    if not match:
        raise ValueError(
            f"TLCOURSE_CACHE_LIMIT must be a size such as 500MB, 2GB or 0. Received: TLCOURSE_CACHE_LIMIT={text!r}."
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
    """Delete every cached feature array, damaged and unfinished ones included.

    Arrays that are mapped in some process stay readable there on Linux and macOS; Windows keeps their files.

    Args:
        directory: Folder of the cache; `None` for the one in the data home.

    Returns:
        Bytes freed.
    """
    suffixes = (".npy", ".json", ".part", ".new")
    return sum(_remove(path) for path in cache_folder(directory).glob("*") if path.suffix in suffixes)


def trim_cache(limit: int | None = None, directory: Path | str | None = None, keep: str | None = None) -> int:
    """Delete the least recently used entries until the cache holds at most `limit` bytes, and parts that nobody went on with.

    Args:
        limit: Size in bytes; `None` for `cache_limit()`.
        directory: Folder of the cache.
        keep: Key of an entry that stays, whatever its size.

    Returns:
        Bytes freed.
    """
    limit = cache_limit() if limit is None else limit
    entries = cache_entries(directory)
    total, freed = sum(entry.size for entry in entries), 0
    abandoned = [path for path in cache_folder(directory).glob("*.part") if _age(path) > _ABANDONED]
    freed_parts = sum(_remove(path) for path in abandoned)
    for entry in reversed(entries):
        if total - freed <= limit:
            break
        if entry.key != keep:
            freed += _remove(entry.path.with_suffix(".json")) + _remove(entry.path)
    return freed + freed_parts


def read_entry(folder: Path, key: str) -> Cached | None:
    """Map the features under `key` read-only; `None` where there are none or they are damaged.

    A damaged entry is removed with a `CacheWarning` that says so.
    """
    array, described = folder / f"{key}.npy", folder / f"{key}.json"
    if not described.exists():
        return None
    try:
        about = json.loads(described.read_text())
        features = np.load(array, mmap_mode="r", allow_pickle=False)
        blocks = [Block(*fields) for fields in about.get("blocks", [])]
        if list(features.shape) != about["shape"] or checksum_of(array) != about["checksum"]:
            raise ValueError("the contents do not match their checksum")
    except (OSError, ValueError, KeyError, TypeError, EOFError) as problem:
        warnings.warn(
            f"Cached features {array} are damaged ({problem}). They are deleted and computed again.", CacheWarning, stacklevel=4
        )
        _remove(described)
        _remove(array)
        return None
    os.utime(described)  # its time of change is when the entry was last used
    return Cached(features, blocks)


def write_entry(folder: Path, key: str, entry: PartialEntry, backbone: str, *, stream: bool) -> np.ndarray:
    """Turn a complete part into the entry under `key`, and map its features read-only.

    Args:
        folder: Folder of the cache.
        key: Digest of the backbone and of the images.
        entry: All features.
        backbone: Name of the backbone.
        stream: Whether the images are known only by their blocks.

    Raises:
        OSError: If the disk is full or not writable.
    """
    array, described = folder / f"{key}.npy", folder / f"{key}.json"
    about = {"backbone": backbone, "shape": [entry.rows, entry.width], "created": time.time()}
    blocks = [[block.rows, block.checksum, block.images] for block in entry.blocks] if stream else []
    described.unlink(missing_ok=True)  # the description comes last: an entry without one does not exist
    about |= {"checksum": entry.finish(array), "blocks": blocks}
    write_whole(described, json.dumps(about))
    return np.load(array, mmap_mode="r", allow_pickle=False)


@contextmanager
def entry_lock(folder: Path, key: str) -> Iterator[None]:
    """Hold the lock of `key` against other processes; says so where it has to wait.

    Raises:
        OSError: If the folder cannot be made or holds no locks.
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


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:  # gone already
        return 0


def _remove(path: Path) -> int:
    try:
        size = path.stat().st_size
        path.unlink()
    except OSError:  # gone already, or still mapped on Windows
        return 0
    return size
