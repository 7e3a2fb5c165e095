"""Read examples twice, and see whether images move between the readings while their masks or boxes stay."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from tlcourse.audit.data.boxes import box_leaf
from tlcourse.audit.data.hashing import digests_of
from tlcourse.audit.data.masks import mask_leaf
from tlcourse.audit.data.sources import Batch, Split
from tlcourse.audit.data.structures import image_leaf

MOVES = "moves"
_SIDE = 48
_MOST = 192  # images that are kept
_SAME = 0.8  # likeness of two readings of one image that differ in colour or noise only
_TURNED = 0.85  # likeness that one of the tried moves must reach
_BETTER = 0.2  # by how much it must be more like than the image at its old place


@dataclass(frozen=True)
class Moved:
    """What two readings of the same masks or boxes showed.

    Args:
        pairs: Examples whose mask or boxes came back unchanged.
        moved: Those whose image came back at another place.
        unclear: Those whose image changed, nobody can tell how.
        what: "masks" or "boxes".
    """

    pairs: int
    moved: int
    unclear: int
    what: str


class Moves:
    """Keeps small images of the first examples by their masks or boxes, and compares the second reading with them."""

    def __init__(self, split: Split, model: Any) -> None:
        self._first: dict[int, np.ndarray] = {}
        self._pairs: list[tuple[np.ndarray, np.ndarray]] = []
        self._split = split
        self.what = ""

    def update(self, batch: Batch, pass_number: int) -> None:
        if pass_number == 1 and len(self._first) >= _MOST:
            return
        images, keys = image_leaf(batch.inputs), self._keys(batch)
        if images is None or keys is None:
            return
        if pass_number == 1:
            self._keep(images, keys)
        elif len(self._pairs) < _MOST:
            self._compare(images, keys)

    def read_again(self, batches: int = 4) -> None:
        """Read the first batches of a source with an index once more."""
        for index in range(min(batches, len(self._split.original))):
            element = self._split.original[index]
            batch = Batch(np.asarray(element[0]), element[1], 0, len(element[0]))
            self.update(batch, 2)

    def result(self) -> Moved:
        """Judge the pairs of images."""
        verdicts = [_verdict(one, other) for one, other in self._pairs[:48]]
        return Moved(len(verdicts), verdicts.count("moved"), verdicts.count("unclear"), self.what)

    def _keys(self, batch: Batch) -> np.ndarray | None:
        """Return a digest of the mask or the boxes of every example; 0 where they say nothing about a place."""
        if (found := mask_leaf(batch.inputs, batch.labels)) is not None:
            self.what, array = "masks", found[1]
        elif (boxes := box_leaf(batch.labels)) is not None:
            self.what, array = "boxes", boxes[1]
        else:
            return None
        flat = array.reshape(len(array), -1)
        return np.where(np.ptp(flat.astype("float32"), axis=1) > 0, digests_of(array), np.uint64(0))

    def _keep(self, images: np.ndarray, keys: np.ndarray) -> None:
        for image, key in zip(images, keys.tolist(), strict=True):
            before = self._first.get(key)
            if before is not None:  # a source that repeats
                self._pairs.append((before, _small(image)))
            elif key:
                self._first[key] = _small(image)

    def _compare(self, images: np.ndarray, keys: np.ndarray) -> None:
        for image, key in zip(images, keys.tolist(), strict=True):
            if (before := self._first.get(key)) is not None:
                self._pairs.append((before, _small(image)))


def make_moves(split: Split, model: Any) -> Moves | None:
    """Return the collector for training data that may change from reading to reading; None for all others."""
    return Moves(split, model) if split.name == "train" and split.kind == "PyDataset" else None


def make_moves_of_two_passes(split: Split, model: Any) -> Moves | None:
    """Return the collector for training pipelines, which are read twice; None for all others."""
    return Moves(split, model) if split.name == "train" and split.kind == "tf.data" else None


def _small(image: np.ndarray) -> np.ndarray:
    from scipy.ndimage import zoom

    grey = image.astype("float32").mean(axis=-1)
    return zoom(grey, (_SIDE / grey.shape[0], _SIDE / grey.shape[1]), order=1)


def _edges(image: np.ndarray) -> np.ndarray:
    """Return how fast brightness changes, without contrast: this stays where colours, brightness or noise change."""
    from scipy.ndimage import gaussian_filter

    down, right = np.gradient(gaussian_filter(image, 1.0))
    steep = np.hypot(down, right)
    return steep / max(float(steep.std()), 1e-9)


def _likeness(one: np.ndarray, other: np.ndarray) -> float:
    a, b = one - one.mean(), other - other.mean()
    size = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / size if size else 1.0


def _verdict(before: np.ndarray, after: np.ndarray) -> str:
    """Tell whether an image stayed at its place ("same"), moved ("moved"), or changed otherwise ("unclear")."""
    one, other = _edges(before), _edges(after)
    inner = slice(6, -6)
    stays = max(_likeness(one[inner, inner], other[inner, inner]), abs(_likeness(before, after)))
    if stays >= _SAME:
        return "same"
    best = max(_likeness(_edges(moved)[inner, inner], other[inner, inner]) for moved in _moves(before))
    best = max(best, _shifted_likeness(one, other))
    return "moved" if best >= _TURNED and best >= stays + _BETTER else "unclear"


def _moves(image: np.ndarray) -> list[np.ndarray]:
    """Return an image mirrored, turned and enlarged in common ways."""
    from scipy.ndimage import affine_transform

    mirrored = [image[:, ::-1], image[::-1], image[::-1, ::-1], image.T, image.T[::-1], image.T[:, ::-1]]
    centre = (np.array(image.shape) - 1) / 2
    for degrees, factor in product(range(-30, 31, 5), (0.8, 0.9, 1.0, 1.1, 1.25)):
        if degrees == 0 and factor == 1.0:
            continue
        angle = np.deg2rad(degrees)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) / factor
        mirrored.append(affine_transform(image, turn, centre - turn @ centre, order=1, mode="reflect"))
    return mirrored


def _shifted_likeness(one: np.ndarray, other: np.ndarray) -> float:
    """Return the largest likeness over all shifts, in whole pixels, that leave at least half of the image."""
    a, b = (np.fft.fft2(part - part.mean()) for part in (one, other))
    power = np.fft.ifft2(a.conj() * b).real
    peak = divmod(int(power.argmax()), _SIDE)
    down, right = (shift - _SIDE if shift > _SIDE // 2 else shift for shift in peak)
    if abs(down) > _SIDE // 2 or abs(right) > _SIDE // 2:
        return 0.0
    rows = slice(max(0, down), _SIDE + min(0, down)), slice(max(0, -down), _SIDE + min(0, -down))
    columns = slice(max(0, right), _SIDE + min(0, right)), slice(max(0, -right), _SIDE + min(0, -right))
    return _likeness(one[rows[1], columns[1]], other[rows[0], columns[0]])
