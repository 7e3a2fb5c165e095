"""Read data of any common kind as batches: arrays, tf.data, PyDataset, a folder of images.

A split is never loaded as a whole: it is read batch by batch, and each reading of a pipeline counts as one pass.
"""

from __future__ import annotations

import os
import types
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tlcourse.audit.data.structures import as_arrays, is_array, is_array_structure, leaves, size_of, take, to_numpy
from tlcourse.audit.report import NotChecked, in_short
from tlcourse.transparency import opaque

BATCH_SIZE = 64
ENDLESS_LIMIT = 20_000  # examples read of a source that repeats for ever
_IMAGE_SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff"}


@dataclass(frozen=True)
class Batch:
    """Some consecutive examples.

    Args:
        inputs: Inputs of the model: one array `(batch, ...)`, or a tuple, list or dict of arrays.
        labels: One array `(batch, ...)`, a structure of arrays, or None.
        start: Position of the first example in its pass.
        size: Number of examples.
    """

    inputs: Any
    labels: Any
    start: int
    size: int


@dataclass
class Split:
    """One set of examples that can be read several times.

    Args:
        name: "train", "validation" or "test".
        kind: "arrays", "tf.data", "PyDataset", "folder" or "iterable".
        original: The object that the caller passed.
        length: Number of examples, if it is known without reading them.
        batch_size: Batch size of the source; None if it has none (arrays, folders).
        files: Paths of the images in the order in which they are read, for folders and for pipelines that know them.
        class_names: Names of the classes, if the source knows them.
        endless: Whether the source repeats for ever. Only its first examples are read.
        unreadable: Files that could not be read, as (path, reason); filled while a folder is read.
    """

    name: str
    kind: str
    original: Any
    _read: Callable[[], Iterator[tuple[Any, Any]]]
    length: int | None = None
    batch_size: int | None = None
    files: tuple[Path, ...] = ()
    class_names: tuple[str, ...] = ()
    endless: bool = False
    unreadable: list[tuple[Path, str]] = field(default_factory=list)

    def iter_batches(self) -> Iterator[Batch]:
        """Read the split once, from the beginning. Inputs and labels become NumPy arrays."""
        start = 0
        for inputs, labels in self._read():
            inputs, labels = to_numpy(inputs), to_numpy(labels)
            size = size_of(inputs)
            yield Batch(inputs, labels, start, size)
            start += size
            if self.endless and start >= ENDLESS_LIMIT:
                return


def make_split(name: str, data: Any, model: Any = None) -> Split | NotChecked:
    """Wrap data of any supported kind.

    Args:
        name: "train", "validation" or "test".
        data: `(x, y)`, `(x, y, sample_weight)`, only x, a tlcourse Dataset, a `tf.data.Dataset` (batched or not), a
            `keras.utils.PyDataset`, an iterable of batches that can be read again, or the path of a folder that holds one folder
            per class.
        model: The model. Its inputs say in which size images of a folder are read, and whether a pipeline is batched.

    Returns:
        A `Split`, or `NotChecked` with the reason if the data cannot be read without taking it away from `fit()`.
    """
    if isinstance(data, (str, os.PathLike)):
        return _folder(name, Path(data), model)
    if all(hasattr(data, part) for part in ("images", "labels", "class_names")):
        split = _arrays(name, data.images, data.labels, data)
        split.class_names = tuple(data.class_names)
        return split
    if all(hasattr(data, part) for part in ("waveforms", "labels", "class_names")):
        split = _arrays(name, data.waveforms, data.labels, data)
        split.class_names = tuple(data.class_names)
        return split
    if hasattr(data, "element_spec") and hasattr(data, "cardinality"):
        return _tf_data(name, data, model)
    if _is_py_dataset(data):
        return _py_dataset(name, data)
    if isinstance(data, (tuple, list)) and len(data) in (2, 3) and is_array_structure(data[0]):
        return _arrays(name, data[0], data[1], data)
    if isinstance(data, dict) or is_array(data):
        return _arrays(name, data, None, data)
    if isinstance(data, (types.GeneratorType, Iterator)) or callable(data):
        return NotChecked(
            name, "A generator can be read only once, and reading it here would take the examples away from fit()."
        )
    if isinstance(data, Iterable):
        return Split(name, "iterable", data, lambda: (_pair(batch) for batch in data))
    return NotChecked(name, f"Data of type {type(data).__name__} cannot be read. Pass (x, y), a tf.data.Dataset or a folder.")


def _arrays(name: str, x: Any, y: Any, original: Any) -> Split:
    inputs, labels = as_arrays(x), as_arrays(y)
    count = size_of(inputs)

    def read() -> Iterator[tuple[Any, Any]]:
        for start in range(0, count, BATCH_SIZE):
            chosen = slice(start, min(start + BATCH_SIZE, count))
            yield take(inputs, chosen), take(labels, chosen)

    return Split(name, "arrays", original, read, length=count)


def _tf_data(name: str, data: Any, model: Any) -> Split:
    batched = _is_batched(data, model)
    dataset = data if batched else data.batch(BATCH_SIZE)
    cardinality = int(data.cardinality())
    spec = leaves(data.element_spec[0] if isinstance(data.element_spec, tuple) else data.element_spec)
    shape: Any = getattr(spec[0][1], "shape", None) if spec else None
    static = shape[0] if batched and shape is not None and len(shape or ()) else None
    return Split(
        name,
        "tf.data",
        data,
        lambda: (_pair(element) for element in dataset),
        length=cardinality if cardinality >= 0 and not batched else None,
        batch_size=static,
        files=tuple(Path(p) for p in getattr(data, "file_paths", None) or ()),
        class_names=tuple(getattr(data, "class_names", None) or ()),
        endless=cardinality == -1,
    )


def _is_batched(data: Any, model: Any) -> bool:
    """Tell whether elements are batches: by the rank of the model's inputs, or by a first axis of unknown size."""
    spec = data.element_spec
    found = leaves(spec[0] if isinstance(spec, tuple) else spec)
    shape = getattr(found[0][1], "shape", None) if found else None
    if shape is None or shape.rank is None:
        return True
    expected = getattr(model, "inputs", None)
    if expected and len(found) == len(expected) and abs(shape.rank - len(expected[0].shape)) <= 1:
        return shape.rank >= len(expected[0].shape)
    # Without such a model: a batch has a first axis of unknown size (its last batch is smaller), and labels of rank one.
    labels = leaves(spec[1]) if isinstance(spec, tuple) and len(spec) > 1 else []
    if labels and getattr(labels[0][1].shape, "rank", None) == 0:
        return False
    return shape.rank > 0 and (shape[0] is None or shape.rank >= 4 or bool(labels))


def _py_dataset(name: str, data: Any) -> Split:
    def read() -> Iterator[tuple[Any, Any]]:
        for index in range(len(data)):
            yield _pair(data[index])

    try:
        endless = data.num_batches is None
    except (AttributeError, NotImplementedError):
        endless = False
    return Split(name, "PyDataset", data, read, endless=endless, class_names=tuple(getattr(data, "class_indices", None) or ()))


def _folder(name: str, path: Path, model: Any) -> Split | NotChecked:
    if not path.is_dir():
        return NotChecked(name, f"There is no folder {str(path)!r}.")
    classes = sorted(folder.name for folder in path.iterdir() if folder.is_dir() and not folder.name.startswith("."))
    found = [
        (file, label)
        for label, folder in enumerate(classes)
        for file in sorted((path / folder).rglob("*"))
        if file.suffix.lower() in _IMAGE_SUFFIXES
    ]
    if not found:
        return NotChecked(name, f"The folder {str(path)!r} holds no folder with images; expected one folder per class.")
    side = _image_size(model)
    unreadable: list[tuple[Path, str]] = []

    def read() -> Iterator[tuple[Any, Any]]:
        unreadable.clear()
        for start in range(0, len(found), BATCH_SIZE):
            opened = [(_read_image(file, side, unreadable), label) for file, label in found[start : start + BATCH_SIZE]]
            good = [(image, label) for image, label in opened if image is not None]
            if good:
                yield np.stack([image for image, _ in good]), np.array([label for _, label in good])

    files = tuple(file for file, _ in found)
    return Split(name, "folder", path, read, len(found), files=files, class_names=tuple(classes), unreadable=unreadable)


def _read_image(file: Path, side: tuple[int, int], unreadable: list[tuple[Path, str]]) -> np.ndarray | None:
    from PIL import Image

    try:
        with Image.open(file) as image:
            resized = opaque(image).resize((side[1], side[0]), Image.Resampling.BILINEAR)
            return np.asarray(resized, dtype="float32")  # (height, width, 3), 0 to 255
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        unreadable.append((file, in_short(error)))
        return None


def _image_size(model: Any) -> tuple[int, int]:
    for tensor in getattr(model, "inputs", None) or ():
        if len(tensor.shape) == 4 and None not in tensor.shape[1:3]:
            return int(tensor.shape[1]), int(tensor.shape[2])
    return 224, 224


def _pair(element: Any) -> tuple[Any, Any]:
    """Split one element of a source as `fit()` does: (x, y), (x, y, sample_weight), or only x."""
    if isinstance(element, tuple) or (isinstance(element, list) and len(element) in (2, 3)):
        return element[0], element[1] if len(element) > 1 else None
    return element, None


def _is_py_dataset(data: Any) -> bool:
    import keras

    return isinstance(data, keras.utils.PyDataset)
