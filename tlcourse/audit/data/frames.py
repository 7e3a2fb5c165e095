"""Numbered images: which of them are neighbours in time, and whether neighbours look alike as frames of one video do."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tlcourse.audit.data.sources import Split

_PAIRS = 64
_FAR = (8, 40)  # numbers between two frames that are compared with neighbours
_FEWEST = 12
_SIDE = 24
_IMAGES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")


@dataclass(frozen=True)
class Numbered:
    """Images in order.

    Args:
        series: Name of the video or folder of each image, `(n,)` integers.
        numbers: Place of each image in its series, `(n,)`.
        load: `load(i)` returns a small grey version of image `i`, `(24, 24)`.
        names: Name of each image, for the report.
    """

    series: np.ndarray
    numbers: np.ndarray
    load: Callable[[int], np.ndarray | None]
    names: Sequence[str]


@dataclass(frozen=True)
class Neighbours:
    """What was measured.

    Args:
        share: Share of the validation images that have a training image directly before or after them.
        count: Number of these images.
        total: Number of validation images in series that training images are in too.
        ratio: Difference between neighbours over the difference between images of one series that are far apart: about 1 for
            images that are numbered in no order, far below 1 for frames of a video.
        example: Names of a validation image and its neighbour in the training set.
    """

    share: float
    count: int
    total: int
    ratio: float
    example: tuple[str, str]


def files_of(split: Split) -> list[Path] | None:
    """Return the image files that a split reads, in any order; None if they are not known."""
    if split.files:
        return list(split.files)
    paths = paths_in(split.original, _IMAGES) or _paths_kept(split.original)
    return [Path(path) for path in paths] if paths else None


def numbered_files(files: Sequence[Path]) -> Numbered | None:
    """Read the number at the end of each file name; None if some have none."""
    found = [re.fullmatch(r"(.*?)(\d+)(\D*)", file.stem) for file in files]
    if not all(found):
        return None
    keys = [
        (str(file.parent.name), match[1], match[3]) if match else ("", "", "") for file, match in zip(files, found, strict=True)
    ]
    place = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    return Numbered(
        np.array([place[key] for key in keys]),
        np.array([int(match[2]) if match else 0 for match in found]),
        lambda i: _from_file(files[i]),
        [file.name for file in files],
    )


def numbered_rows(rows: np.ndarray, labels: np.ndarray | None) -> Numbered:
    """Number the images of one array by their rows. Rows of one label that follow each other are a series."""
    changes = np.zeros(len(rows), int) if labels is None else np.cumsum(np.r_[0, labels[1:] != labels[:-1]])
    return Numbered(changes, np.arange(len(rows)), lambda i: _thumbnail(rows[i]), [f"row {i}" for i in range(len(rows))])


def neighbours(images: Numbered, train: np.ndarray, other: np.ndarray) -> Neighbours | None:
    """Measure how many images of `other` have a neighbour in `train`, and how much alike neighbours are.

    Args:
        images: All images of both sets.
        train: Positions of the training images in `images`.
        other: Positions of the others.

    Returns:
        The measurements, or None if there are too few numbered images to tell.
    """
    step = _step(images)
    in_train = {(images.series[i], images.numbers[i]): i for i in train.tolist()}
    kept = np.isin(images.series[other], images.series[train])
    close = []
    for i in other[kept].tolist():
        near = [in_train.get((images.series[i], images.numbers[i] + sign * step)) for sign in (1, -1)]
        if (found := next((j for j in near if j is not None), None)) is not None:
            close.append((i, found))
    if len(close) < _FEWEST:
        return None
    chosen = np.random.default_rng(0).permutation(len(close))[:_PAIRS]
    near_pairs = [close[k] for k in chosen]
    here = {(s, n): i for i, (s, n) in enumerate(zip(images.series.tolist(), images.numbers.tolist(), strict=True))}
    far_pairs = []
    for i, _ in near_pairs:
        gaps = [sign * gap for gap in range(_FAR[0], _FAR[1] + 1, 4) for sign in (1, -1)]
        far = [j for gap in gaps if (j := here.get((images.series[i], images.numbers[i] + gap * step))) is not None]
        far_pairs += [(i, j) for j in far[:: max(1, len(far) // 3)][:3]]
    if len(far_pairs) < _FEWEST:
        return None
    apart = _difference(images, far_pairs)
    if not apart:
        return None
    i, j = near_pairs[0]
    return Neighbours(
        len(close) / int(kept.sum()),
        len(close),
        int(kept.sum()),
        _difference(images, near_pairs) / apart,
        (images.names[i], images.names[j]),
    )


def _step(images: Numbered) -> int:
    """Return the usual distance between the numbers of consecutive images."""
    gaps = [np.diff(np.sort(images.numbers[images.series == s])) for s in np.unique(images.series)]
    positive = np.concatenate([gap[gap > 0] for gap in gaps] or [np.array([1])])
    return int(np.median(positive)) if len(positive) else 1


def _difference(images: Numbered, pairs: list[tuple[int, int]]) -> float:
    """Return the median root mean square difference between the images of pairs."""
    kept: dict[int, np.ndarray | None] = {}
    for i in {i for pair in pairs for i in pair}:
        kept[i] = images.load(i)
    found = [
        float(np.sqrt(np.mean((one - other) ** 2)))
        for i, j in pairs
        if (one := kept[i]) is not None and (other := kept[j]) is not None
    ]
    return float(np.median(found)) if found else 0.0


def _from_file(path: Path) -> np.ndarray | None:
    from PIL import Image

    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("L").resize((_SIDE, _SIDE), Image.Resampling.BOX), dtype="float32")
    except (OSError, ValueError):
        return None


def _thumbnail(image: np.ndarray) -> np.ndarray:
    from tlcourse.audit.data.hashing import prints_of

    found = prints_of(image[None])
    return found.thumbnails[0].astype("float32") * float(found.contrast[0])


def _paths_kept(source: Any) -> list[str]:
    """Return the image files that are listed in an attribute of a source of one's own."""
    for value in getattr(source, "__dict__", {}).values():
        if isinstance(value, (list, tuple, np.ndarray)) and len(value) and isinstance(value[0], (str, Path)):
            names = [str(name) for name in value]
            if all(name.lower().endswith(_IMAGES) for name in names):
                return names
    return []


def paths_in(dataset: Any, endings: tuple[str, ...]) -> list[str]:
    """Return the file names with these endings that a pipeline begins with, if nothing cuts it on the way."""
    waiting: list[Any] = [dataset]
    found: list[str] = []
    while waiting:
        stage = waiting.pop()
        if re.match(r"_?(Take|Skip|Shard|Filter|Choose)", type(stage).__name__):
            return []
        for tensor in getattr(stage, "_tensors", None) or ():
            if getattr(getattr(tensor, "dtype", None), "name", "") == "string" and len(tensor.shape) == 1:
                names = [name.decode("utf-8", "replace") for name in tensor.numpy().tolist()]
                if names and all(name.lower().endswith(endings) for name in names[:10]):
                    found += names
        waiting.extend(stage._inputs() if hasattr(stage, "_inputs") else [])
    return found
