"""The collector of the data findings: digests of every example, perceptual prints of every image, sizes of batches."""

from __future__ import annotations

from typing import Any

import numpy as np

from tlcourse.audit.data.hashing import Prints, digests_of, prints_of
from tlcourse.audit.data.sources import Batch, Split
from tlcourse.audit.data.structures import image_leaf, leaves

_SMALLEST_IMAGE = 8  # pixels a side; below, there is too little to know an image again


def make_fingerprints(split: Split, model: Any) -> Fingerprints | None:
    """Make the collector for data that is the same each time it is read."""
    return None if split.kind == "tf.data" else Fingerprints()


def make_fingerprints_of_two_passes(split: Split, model: Any) -> Fingerprints | None:
    """Make the collector for pipelines, which may bring other examples in the second pass."""
    return Fingerprints() if split.kind == "tf.data" else None


class Fingerprints:
    """Keeps some hundred bytes of every example of the first pass, and eight of the second."""

    def __init__(self) -> None:
        self._digests: dict[int, list[np.ndarray]] = {1: [], 2: []}
        self._prints: list[Prints] = []
        self.batch_sizes: list[int] = []
        self.kind = ""
        self.width = 0  # numbers or words an example

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
            combined = combined * np.uint64(0x9E3779B97F4A7C15) + digests  # the order of the inputs counts; wraps around
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
        """Return `(n,)` uint64 of the inputs of every example; empty where the pass was not made."""
        return np.concatenate(self._digests[pass_number] or [np.zeros(0, np.uint64)])

    @property
    def prints(self) -> Prints | None:
        """Prints of the images, of the first pass; None where the inputs hold no images."""
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
    """Count the numbers of an example; of texts, their words in the middle case."""
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
