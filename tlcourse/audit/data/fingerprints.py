"""Collect fingerprints while a split is read: a digest of every example, a perceptual hash of every image, sizes of batches."""

from __future__ import annotations

from typing import Any

import numpy as np

from tlcourse.audit.data.hashing import Prints, digests_of, prints_of
from tlcourse.audit.data.sources import Batch, Split
from tlcourse.audit.data.structures import image_leaf, leaves

FINGERPRINTS = "fingerprints"
_SMALLEST_IMAGE = 8  # side in pixels; smaller images have too little detail to be recognised


def make_fingerprints(split: Split, model: Any) -> Fingerprints | None:
    """Return the collector for data that is the same each time it is read; None for pipelines."""
    return None if split.kind == "tf.data" else Fingerprints()


def make_fingerprints_of_two_passes(split: Split, model: Any) -> Fingerprints | None:
    """Return the collector for pipelines, which may give other examples when they are read again; None for other data."""
    return Fingerprints() if split.kind == "tf.data" else None


class Fingerprints:
    """Keeps about a kilobyte of every image, and eight bytes of every other example and of every example of the second pass."""

    def __init__(self) -> None:
        self._digests: dict[int, list[np.ndarray]] = {1: [], 2: []}
        self._prints: list[Prints] = []
        self.batch_sizes: list[int] = []
        self.kind = ""
        self.width = 0  # numbers or words in one example

    def update(self, batch: Batch, pass_number: int) -> None:
        arrays = [leaf for _, leaf in leaves(batch.inputs)]
        image = image_leaf(batch.inputs)
        images = image is not None and min(image.shape[1:3]) >= _SMALLEST_IMAGE
        combined = np.zeros(batch.size, np.uint64)
        prints = None
        for array in arrays:
            if images and array is image and pass_number == 1:
                prints = prints_of(np.asarray(array))
                digests = prints.digests
            else:
                digests = digests_of(_rows(array))
            combined = combined * np.uint64(0x9E3779B97F4A7C15) + digests  # depends on the order of the inputs; wraps around
        self._digests[pass_number].append(combined)
        if pass_number > 1:
            return
        self.batch_sizes.append(batch.size)
        if prints is not None:
            self._prints.append(prints)
        if not self.kind:
            self.kind = "images" if images else _kind_of(arrays)
        self.width = max(self.width, sum(_width(array) for array in arrays))

    def digests(self, pass_number: int = 1) -> np.ndarray:
        """Return the digests of the inputs of every example, `(n,)` uint64; empty if this pass was not made."""
        return np.concatenate(self._digests[pass_number] or [np.zeros(0, np.uint64)])

    @property
    def prints(self) -> Prints | None:
        """Prints of the images in the first pass; None if the inputs hold no images."""
        return Prints.join(self._prints) if self._prints else None

    @property
    def batch_size(self) -> int:
        """The usual size of a batch."""
        return int(np.median(self.batch_sizes)) if self.batch_sizes else 0


def _rows(array: Any) -> np.ndarray:
    if isinstance(array, np.ndarray):
        return array
    rows = np.empty(int(array.shape[0]), dtype=object)
    rows[:] = [tuple(np.ravel(np.asarray(row, dtype=object))) for row in array.to_list()]  # ragged
    return rows


def _width(array: Any) -> int:
    """Return how many numbers one example has; for texts, the median number of words."""
    if isinstance(array, np.ndarray) and array.dtype.kind not in "OSU":
        return int(np.prod(array.shape[1:]))
    rows = _rows(array).reshape(int(array.shape[0]), -1)
    return int(np.median([sum(len(str(value).split()) for value in row) for row in rows])) if rows.size else 0


def _kind_of(arrays: list[Any]) -> str:
    kinds = {getattr(array, "dtype", np.dtype(object)).kind for array in arrays if isinstance(array, np.ndarray)}
    return (
        "numbers"
        if kinds and kinds <= set("fiub") and len(arrays) == sum(isinstance(a, np.ndarray) for a in arrays)
        else "text"
    )
