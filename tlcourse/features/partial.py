"""Features on disk while they are computed: a process that is killed leaves what a later one goes on with.

Two files grow together: the values, with room for the header of a `.npy` file at the beginning, and a journal with one line a block.
A block counts when its line is whole and its values have the checksum of that line. Needs no TensorFlow.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np

from tlcourse.files import write_whole

_HEADER = 128  # bytes of the header of a `.npy` file, padded with blanks
_MAGIC = b"\x93NUMPY\x01\x00"


@dataclass(frozen=True)
class Block:
    """A stretch of rows: how many, the checksum of their features, and the digest of their images where those are a stream."""

    rows: int
    checksum: str
    images: str | None = None


class PartialEntry:
    """The growing features under one key; a context manager that closes its files.

    Args:
        folder: Folder of the cache.
        key: Key of the entry. The caller holds its lock.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self.values, self.journal = folder / f"{key}.values.part", folder / f"{key}.journal.part"
        self.blocks: list[Block] = []
        self.width = 0
        self._load()

    def __enter__(self) -> PartialEntry:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()
        self._lines.close()

    @property
    def rows(self) -> int:
        """Number of rows that are there."""
        return sum(block.rows for block in self.blocks)

    def append(self, features: np.ndarray, images: str | None = None) -> None:
        """Add the features of a block.

        Args:
            features: `(rows, features)`, float32; as many columns as the rows before.
            images: Digest of the block's images, for streams.

        Raises:
            OSError: If the disk is full.
        """
        data = np.ascontiguousarray(features, "<f4").data
        block = Block(len(features), hashlib.blake2b(data, digest_size=16).hexdigest(), images)
        if not self.blocks:
            self.width = features.shape[1]
        self._file.write(data)
        self._file.flush()
        self._lines.write(_line(block, self.width))
        self._lines.flush()
        self.blocks.append(block)

    def cut(self, count: int) -> None:
        """Keep the first `count` blocks and drop the others.

        Raises:
            OSError: If the files cannot be changed.
        """
        if count < len(self.blocks):
            self.blocks = self.blocks[:count]
            self._reopen()

    def finish(self, path: Path) -> str:
        """Turn the values into a `.npy` file at `path`, and return the checksum of all values.

        Raises:
            OSError: If the disk is full or not writable.
        """
        header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({self.rows}, {self.width}), }}"
        size = _HEADER - len(_MAGIC) - 2
        self._file.seek(0)
        self._file.write(_MAGIC + size.to_bytes(2, "little") + header.ljust(size - 1).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        checksum = checksum_of(self.values)
        os.replace(self.values, path)
        self.journal.unlink()
        return checksum

    def read(self) -> np.ndarray:
        """Return all values that are there, in memory: `(rows, features)`."""
        return np.fromfile(self.values, "<f4", offset=_HEADER).reshape(-1, self.width)

    def is_finite(self) -> bool:
        """Tell whether no value is NaN or infinite; reads the values piece by piece."""
        with open(self.values, "rb") as file:
            file.seek(_HEADER)
            return all(np.isfinite(np.frombuffer(piece, "<f4")).all() for piece in iter(lambda: file.read(1 << 20), b""))

    def remove(self) -> None:
        """Delete both files."""
        self.values.unlink(missing_ok=True)
        self.journal.unlink(missing_ok=True)

    def _load(self) -> None:
        """Find the blocks that an earlier process completed, and cut off what it did not."""
        try:
            lines = self.journal.read_bytes().split(b"\n")[:-1]  # what follows the last newline was not completed
            with open(self.values, "rb") as file:
                file.seek(_HEADER)
                for line in lines:
                    rows, checksum, images, width = json.loads(line)
                    data = file.read(4 * rows * width)
                    complete = len(data) == 4 * rows * width and hashlib.blake2b(data, digest_size=16).hexdigest() == checksum
                    if not complete or (self.blocks and width != self.width):
                        break
                    self.blocks.append(Block(rows, checksum, images))
                    self.width = width
        except (OSError, ValueError, TypeError):
            pass  # nothing there yet, or damaged: what was read so far stands
        self._reopen()

    def _reopen(self) -> None:
        """Make both files hold the blocks and nothing else, and open them for more."""
        if hasattr(self, "_file"):
            self.__exit__(None, None, None)
        write_whole(self.journal, b"".join(_line(block, self.width) for block in self.blocks))
        self._lines = open(self.journal, "ab")  # noqa: SIM115  # both are closed by __exit__
        self._file = open(self.values, "r+b" if self.values.exists() else "w+b")  # noqa: SIM115
        self._file.truncate(_HEADER + 4 * self.rows * self.width)
        self._file.seek(0, os.SEEK_END)


def checksum_of(array: Path) -> str:
    """Digest the values in a `.npy` file, read piece by piece: a large file does not fill the memory."""
    digest = hashlib.blake2b(digest_size=16)
    with open(array, "rb") as file:
        np.lib.format.read_magic(file)
        np.lib.format.read_array_header_1_0(file)
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def same_images(blocks: Sequence[Block], place: int, digest: str) -> bool:
    """Tell whether the block at `place` is there and was computed from these images."""
    return place < len(blocks) and blocks[place].images == digest


def _line(block: Block, width: int) -> bytes:
    return json.dumps([block.rows, block.checksum, block.images, width]).encode() + b"\n"
