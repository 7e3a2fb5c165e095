"""One frozen type for images of which every pixel has a class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tlcourse.datasets.drawing import frozen_view

VOID = 255  # pixels that count in no loss and in no measure


@dataclass(frozen=True, eq=False)
class MaskedImages:
    """Images with one mask each: the class of every pixel.

    Args:
        name: What figures and messages call it.
        images: `(n, height, width, 3)` uint8, RGB.
        masks: `(n, height, width)` uint8, from 0 to the number of classes - 1, or 255 where a pixel has no class (void).
        class_names: One for each class.
        groups: `(n,)` or None; images of one group, such as the frames of one video, stay on one side of a split.
        licence: Of the images.
        origin: Where they come from.
        profile: "embedded", "full", or "own".

    Raises:
        TypeError: If images or masks are no uint8 arrays.
        ValueError: If shapes do not fit each other, or a mask has a value that is no class.
    """

    name: str
    images: np.ndarray
    masks: np.ndarray
    class_names: tuple[str, ...]
    groups: np.ndarray | None = None
    licence: str = ""
    origin: str = ""
    profile: str = ""

    def __post_init__(self) -> None:
        images, masks = np.asarray(self.images), np.asarray(self.masks)
        for field, array in (("images", images), ("masks", masks)):
            if array.dtype != np.uint8:
                raise TypeError(f"Expected {field} of dtype uint8. Received: {field}.dtype={array.dtype}.")
        if images.ndim != 4 or images.shape[-1] != 3:
            raise ValueError(f"Expected images (n, height, width, 3). Received: images.shape={images.shape}.")
        if masks.shape != images.shape[:3]:
            raise ValueError(
                f"Expected one mask an image, of the same height and width, shape {images.shape[:3]}. "
                f"Received: masks.shape={masks.shape}."
            )
        found = np.flatnonzero(np.bincount(masks.ravel(), minlength=256))
        wrong = [int(value) for value in found if len(self.class_names) <= value != VOID]
        if wrong:
            raise ValueError(
                f"Expected classes from 0 to {len(self.class_names) - 1}, or {VOID} for void. A mask that was resized with "
                f"interpolation has such values; use nearest neighbour. Received: np.unique(masks)={found.tolist()}."
            )
        groups = None if self.groups is None else np.asarray(self.groups)
        if groups is not None and groups.shape != (len(images),):
            raise ValueError(f"Expected one group an image, shape ({len(images)},). Received: groups.shape={groups.shape}.")
        for field, value in (("images", images), ("masks", masks), ("groups", groups)):
            object.__setattr__(self, field, None if value is None else frozen_view(value))
        object.__setattr__(self, "class_names", tuple(str(name) for name in self.class_names))

    def __len__(self) -> int:
        return len(self.images)

    def __repr__(self) -> str:
        height, width = self.images.shape[1:3]
        groups = "" if self.groups is None else f", {len(np.unique(self.groups))} groups"
        return f"<{self.name}: {len(self):,} images of {height} x {width} with masks, {self.num_classes} classes{groups}, {self.profile}>"

    @property
    def num_classes(self) -> int:
        """Number of classes, void not counted."""
        return len(self.class_names)

    def subset(self, indices: Sequence[int] | np.ndarray) -> MaskedImages:
        """Return some of the images with their masks, in this order.

        Args:
            indices: Positions or a mask.
        """
        picked = np.asarray(indices)
        if picked.size == 0:
            picked = picked.astype(np.int64)
        groups = None if self.groups is None else self.groups[picked]
        return replace(self, images=self.images[picked], masks=self.masks[picked], groups=groups)
