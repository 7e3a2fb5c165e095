"""Masks in the labels (one class a pixel): collecting their values, and how they look where they were blurred."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from tlcourse.audit.data.sources import Batch, Split
from tlcourse.audit.data.structures import image_leaf, leaves

MASKS = "masks"
_KEPT = 16  # masks that are looked at pixel by pixel
_MOST_FRACTIONS = 0.4  # share of pixels between two classes, in a mask that was blurred
_FEWEST_FRACTIONS = 0.0005


class Masks:
    """Keeps the range of all masks of the first pass, and the first few masks whole."""

    def __init__(self, split: Split, model: Any) -> None:
        self.name = ""  # of the array of masks; "" if the labels are one array
        self.low, self.high = np.inf, -np.inf
        self.channels = 0  # of the images
        self.kept = np.zeros((0, 1, 1))  # the first masks, (n, height, width) or (n, height, width, classes)
        self.same_as_input = False  # as for an autoencoder

    def update(self, batch: Batch, pass_number: int) -> None:
        if pass_number > 1:
            return
        image, found = image_leaf(batch.inputs), mask_leaf(batch.inputs, batch.labels)
        if image is None or found is None:
            return
        self.name, masks = found
        self.channels = int(image.shape[-1])
        self.low, self.high = min(self.low, float(masks.min())), max(self.high, float(masks.max()))
        if len(self.kept) < _KEPT:
            some = masks[: _KEPT - len(self.kept)].astype("float32")
            self.same_as_input = self.same_as_input or (masks.shape == image.shape and np.array_equal(masks, image))
            some = some[..., 0] if some.ndim == 4 and some.shape[-1] == 1 else some
            self.kept = some if not len(self.kept) else np.concatenate([self.kept, some])


def mask_leaf(inputs: Any, labels: Any) -> tuple[str, np.ndarray] | None:
    """Return the name and the values of the masks in the labels: one number, or one vector, for each pixel of the images."""
    image = image_leaf(inputs)
    if image is None:
        return None
    found = [
        (name, leaf)
        for name, leaf in leaves(labels)
        if isinstance(leaf, np.ndarray)
        and leaf.ndim in (3, 4)
        and leaf.shape[:3] == image.shape[:3]
        and leaf.dtype.kind in "fiub"
    ]
    named = [(name, leaf) for name, leaf in found if re.search("mask|seg", name, re.IGNORECASE)]
    return next(iter(named or found), None)


def blurred_share(masks: np.ndarray) -> float:
    """Return the share of pixels that lie between two classes, if the masks look blurred by resizing or turning; 0 otherwise.

    Blurred masks have whole numbers almost everywhere, and other numbers along the borders between these.
    """
    from scipy.ndimage import maximum_filter, minimum_filter

    size = (1, 5, 5, 1)[: masks.ndim]
    between = np.abs(masks - np.round(masks)) > 1e-3
    share = float(between.mean())
    if not _FEWEST_FRACTIONS <= share <= _MOST_FRACTIONS:
        return 0.0
    low, high = minimum_filter(masks, size), maximum_filter(masks, size)
    on_border = (low < masks) & (masks < high) & (np.ceil(high) - np.floor(low) >= 1)
    pure_nearby = minimum_filter(between.astype("float32"), size) == 0
    return share if (on_border & pure_nearby)[between].mean() >= 0.9 else 0.0


def thin_classes(masks: np.ndarray) -> list[int]:
    """Return the classes that occur only in thin lines between a lower and a higher class, as rounding after a blur leaves them."""
    from scipy.ndimage import maximum_filter, minimum_filter

    found = []
    low, high = minimum_filter(masks, (1, 3, 3)), maximum_filter(masks, (1, 3, 3))
    for value in np.unique(masks)[1:-1]:
        here = masks == value
        solid = minimum_filter(here.astype("uint8"), (1, 3, 3)).any()
        if here.sum() >= 20 and not solid and ((low < value) & (high > value))[here].mean() >= 0.9:
            found.append(int(value))
    return found
