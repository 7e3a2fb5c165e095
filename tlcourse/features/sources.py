"""Where images come from: an array, a folder, or a stream of batches; each is read block by block."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from tlcourse.datasets import ImageFolder
from tlcourse.datasets.folders import open_images
from tlcourse.features.ahead import read_ahead
from tlcourse.features.digest import digest_of_images
from tlcourse.features.inputs import check_images

_READER = 1  # raise it where the same files are read as other images


class ArraySource:
    """Images in memory, or mapped from disk.

    Args:
        images: `(n, ...)`.
    """

    whole = True

    def __init__(self, images: np.ndarray) -> None:
        self.images = images
        self.total: int | None = len(images)

    def digest(self, size: int) -> str:
        """Digest every byte of the images."""
        return digest_of_images(self.images)

    def form(self, size: int) -> tuple[tuple[int, ...], Any]:
        """Return shape and dtype of a whole block."""
        return (min(size, len(self.images)), *self.images.shape[1:]), self.images.dtype

    def blocks(self, size: int, start: int = 0) -> Iterator[np.ndarray]:
        """Yield `size` images at a time, from `start` on."""
        for place in range(start, len(self.images), size):
            yield self.images[place : place + size]


class FolderSource(ArraySource):
    """Image files, of which one block at a time is in memory.

    Args:
        folder: The files, and how they are read.
    """

    def __init__(self, folder: ImageFolder) -> None:
        self.images: Any = folder
        self.total = len(folder)

    def form(self, size: int) -> tuple[tuple[int, ...], Any]:
        """Return shape and dtype of a whole block."""
        return (min(size, len(self.images)), self.images.size, self.images.size, 3), np.dtype(np.uint8)

    def blocks(self, size: int, start: int = 0) -> Iterator[np.ndarray]:
        """Yield `size` images at a time, from `start` on; the next ones are read while the caller works."""
        return read_ahead(super().blocks(size, start))

    def digest(self, size: int) -> str:
        """Digest every byte of the files, and how they are read."""
        about = (_READER, self.images.size, self.images.value_range, len(self.images))
        digest = hashlib.blake2b(repr(about).encode(), digest_size=16)
        for file in self.images.files:
            data = file.read_bytes()
            digest.update(len(data).to_bytes(8, "little"))
            digest.update(data)
        return digest.hexdigest()


class StreamSource:
    """Batches from a pipeline or generator. Whether they are those of another time shows only when they are read.

    Args:
        iterate: Begins a pass over arrays `(batch, ...)`.
        again: Whether a second pass is possible.
        hint: What else is known about the stream, such as its length.
    """

    whole = False

    def __init__(self, iterate: Callable[[], Iterator[np.ndarray]], again: bool, hint: str) -> None:
        self.total: int | None = None
        self.again = again
        self._iterate, self._hint = iterate, hint
        self._begun: Iterator[np.ndarray] | None = None

    def digest(self, size: int) -> str:
        """Digest the first block.

        Raises:
            ValueError: If the stream is empty, or a second pass begins with other images.
        """
        begun = _rebatched(self._iterate(), size)
        first = next(begun, None)
        if first is None:
            raise ValueError("There are no images to extract features from. Received: images=an empty stream.")
        found = digest_of_images(first)
        if self.again:
            second = next(_rebatched(self._iterate(), size), None)
            if second is None or digest_of_images(second) != found:
                raise ValueError(
                    "The pipeline gives other images each time it is run, because it shuffles or augments: features would not match "
                    "their labels. Build it without shuffle() and without random layers. Received: images=a changing stream."
                )
        self._begun, self._form = chain([first], begun), (first.shape, first.dtype)
        return hashlib.blake2b(f"{found} {size} {self._hint}".encode(), digest_size=16).hexdigest()

    def form(self, size: int) -> tuple[tuple[int, ...], Any]:
        """Return shape and dtype of the first block, which `digest` has read."""
        return self._form

    def blocks(self, size: int, start: int = 0) -> Iterator[np.ndarray]:
        """Yield blocks of `size` images, from the first one on.

        Raises:
            RuntimeError: If the stream was read and cannot be read again.
        """
        begun, self._begun = self._begun, None
        if begun is None and not self.again:
            raise RuntimeError(
                "The generator has been read and cannot be read again. Make it again and call extract_features again."
            )
        return begun if begun is not None else _rebatched(self._iterate(), size)


Source = ArraySource | StreamSource


def source_of(images: Any, backbone: Any) -> Source:
    """Return the source for what a caller handed over, checked against what the backbone takes.

    Args:
        images: An array or `Dataset`, a folder or `ImageFolder`, a `tf.data.Dataset`, a `keras.utils.PyDataset`, or an iterable with a
            length.
        backbone: A Keras model.

    Raises:
        TypeError: If `images` is none of these.
        ValueError: If the images do not fit the backbone, or a stream is endless.
        FileNotFoundError: If there is no such folder.
    """
    if not hasattr(images, "__iter__") and not hasattr(images, "__getitem__"):  # a PyDataset may have `images` of its own
        images = getattr(images, "images", images)  # of a Dataset
    if isinstance(images, np.ndarray):
        check_images(backbone, images)
        return ArraySource(images)
    if isinstance(images, str | os.PathLike):
        images = _opened(Path(images), backbone)
    if isinstance(images, ImageFolder):
        check_images(backbone, np.broadcast_to(np.uint8(0), (len(images), images.size, images.size, 3)))
        return FolderSource(images)
    return _stream_of(images, backbone)


def _opened(path: Path, backbone: Any) -> ImageFolder:
    shape = tuple(backbone.inputs[0].shape)[1:3] if getattr(backbone, "inputs", None) else (None, None)
    if len(shape) != 2 or None in shape or shape[0] != shape[1]:
        raise ValueError(
            f"Backbone {backbone.name!r} does not say which size of image to read. Pass open_image_folder(path, size). "
            f"Received: images={str(path)!r}."
        )
    return open_images(path, shape[0])


def _stream_of(images: Any, backbone: Any) -> StreamSource:
    import keras

    rank = len(backbone.inputs[0].shape) if getattr(backbone, "inputs", None) else 4
    if hasattr(images, "as_numpy_iterator"):  # tf.data
        count = int(images.cardinality())
        if count == -1:
            raise ValueError("The pipeline is endless. Cut it with take(count). Received: images=a pipeline that repeats.")
        if images.options().deterministic is False:
            raise ValueError(
                "The order of the pipeline may change from one pass to the next, so features would not match their labels. Set "
                "deterministic=True in its options. Received: images=a pipeline with deterministic=False."
            )
        return StreamSource(lambda: (_batch(item, rank) for item in images.as_numpy_iterator()), True, f"tf.data {count}")
    if isinstance(images, keras.utils.PyDataset):
        number = images.num_batches
        if number is None:
            raise ValueError(
                "The PyDataset is endless: its length is None. Give it a length. Received: images=an endless PyDataset."
            )
        return StreamSource(lambda: (_batch(images[i], rank) for i in range(number)), True, f"PyDataset {number}")
    sized = hasattr(images, "__len__") and hasattr(images, "__iter__")
    if not sized or isinstance(images, list | tuple | dict | set | bytes) or hasattr(images, "__array__"):
        kind = type(images).__name__
        raise TypeError(
            "`images` must be a NumPy array, a Dataset, a folder, a tf.data.Dataset, a PyDataset, or batches from an object with "
            "__len__ and __iter__. A list or tensor becomes an array by np.asarray(images) or np.stack(images); a generator gets a "
            f"length by a class around it. Received: images={kind}."
        )
    return StreamSource(lambda: _counted(images, rank), iter(images) is not images, f"sized {len(images)}")


def _counted(images: Any, rank: int) -> Iterator[np.ndarray]:
    """Yield the batches of a sized iterable, and make sure that there are as many as it says."""
    expected, received = len(images), 0
    for item in images:
        received += 1
        yield _batch(item, rank)
    if received != expected:
        raise ValueError(f"The iterable says that it has {expected} items. Received: items={received}.")


def _batch(item: Any, rank: int) -> np.ndarray:
    """Return the images of a batch, without its labels; a single image becomes a batch of one."""
    images = item[0] if isinstance(item, list | tuple) and item else item
    if isinstance(images, dict):
        raise TypeError(f"Batches must be arrays of images, or (images, labels). Received: batch={sorted(images)}.")
    array = np.asarray(images)
    return array[None] if array.ndim == rank - 1 else array


def _rebatched(batches: Iterator[np.ndarray], size: int) -> Iterator[np.ndarray]:
    """Cut batches of any size into blocks of `size`, the last one shorter."""
    waiting: list[np.ndarray] = []
    count = 0
    for batch in batches:
        if waiting and batch.shape[1:] != waiting[0].shape[1:]:
            raise ValueError(
                f"All images of a stream must have the same shape, {waiting[0].shape[1:]}. Received: images.shape={batch.shape[1:]}."
            )
        waiting.append(batch)
        count += len(batch)
        if count >= size:
            joined = waiting[0] if len(waiting) == 1 else np.concatenate(waiting)
            whole = count - count % size
            for start in range(0, whole, size):
                yield joined[start : start + size]
            waiting, count = ([joined[whole:]], count - whole) if count > whole else ([], 0)
    if count:
        yield np.concatenate(waiting)
