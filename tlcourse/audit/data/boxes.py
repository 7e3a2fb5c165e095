"""Boxes around objects in the labels: collecting them, and the forms in which four numbers can be a box."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from tlcourse.audit.data.sources import Batch, Split
from tlcourse.audit.data.structures import image_leaf, leaves

BOXES = "boxes"
_MOST = 200_000
_LARGEST_RELATIVE = 1.5  # coordinates beyond it are pixels
_FORMS = ("center_xywh", "cxcywh", "xywh", "xyxy", "yxyx")


class Boxes:
    """Keeps all boxes of the first pass, and the size of the image around each."""

    def __init__(self, split: Split, model: Any) -> None:
        self.name = ""  # of the array of boxes; "" if the labels are one array
        self.shape: tuple[int, ...] = ()  # of the boxes of one batch
        self._rows: list[np.ndarray] = []
        self._sizes: list[np.ndarray] = []
        self._count = 0

    def update(self, batch: Batch, pass_number: int) -> None:
        if pass_number > 1 or self._count >= _MOST:
            return
        image = image_leaf(batch.inputs)
        found = box_leaf(batch.labels)
        if image is None or found is None:
            return
        self.name, boxes = found
        self.shape = boxes.shape
        rows = boxes.reshape(-1, 4).astype("float64")
        self._rows.append(rows)
        self._sizes.append(np.tile([image.shape[2], image.shape[1]], (len(rows), 1)))  # width, height
        self._count += len(rows)

    def boxes(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the boxes `(n, 4)` and the width and height of their images `(n, 2)`, in the unit of the boxes.

        Rows that stand for no object (all numbers equal or negative) are left out.
        """
        if not self._rows:
            return np.zeros((0, 4)), np.zeros((0, 2))
        rows, sizes = np.concatenate(self._rows), np.concatenate(self._sizes).astype("float64")
        kept = np.isfinite(rows).all(axis=1) & (np.ptp(rows, axis=1) > 0) & ~(rows < 0).all(axis=1)
        rows, sizes = rows[kept], sizes[kept]
        if len(rows) and np.quantile(rows, 0.99) <= _LARGEST_RELATIVE:
            sizes = np.ones_like(sizes)
        return rows, sizes


def box_leaf(labels: Any) -> tuple[str, np.ndarray] | None:
    """Return the name and the values of the labels' boxes, `(batch, 4)` or `(batch, boxes, 4)`; None if there are none."""
    found = []
    for name, leaf in leaves(labels):
        if type(leaf).__name__ == "RaggedTensor":
            leaf = leaf.to_tensor(default_value=-1).numpy()
        if isinstance(leaf, np.ndarray) and leaf.ndim in (2, 3) and leaf.shape[-1] == 4 and leaf.dtype.kind in "fiu":
            one_hot = leaf.ndim == 2 and np.isin(leaf, (0, 1)).all()
            if not one_hot:
                found.append((name, leaf))
    named = [(name, leaf) for name, leaf in found if re.search("box", name, re.IGNORECASE)]
    return next(iter(named or found), None)


def form_in(text: str) -> str | None:
    """Return the only form that a text names, such as "xyxy"; None if it names none or several."""
    found = {form for form in _FORMS if re.search(rf"(?<![a-z]){form}(?![a-z])", text.lower().replace("rel_", ""))}
    return next(iter(found)) if len(found) == 1 else None


def corners(boxes: np.ndarray, form: str) -> np.ndarray:
    """Turn boxes of any form into left, top, right and bottom."""
    a, b, c, d = boxes.T
    if form == "xywh":
        return np.stack([a, b, a + c, b + d], axis=1)
    if form in ("center_xywh", "cxcywh"):
        return np.stack([a - c / 2, b - d / 2, a + c / 2, b + d / 2], axis=1)
    if form == "yxyx":
        return np.stack([b, a, d, c], axis=1)
    return boxes


def outside(boxes: np.ndarray, sizes: np.ndarray, form: str) -> np.ndarray:
    """Tell which boxes reach beyond their image by more than 2 % of its side, `(n,)` bool."""
    found = corners(boxes, form)
    slack = 0.02 * sizes
    low = (found[:, [0, 1]] < -slack) | (found[:, [2, 3]] < -slack)
    high = (found[:, [0, 1]] > sizes + slack) | (found[:, [2, 3]] > sizes + slack)
    return np.asarray((low | high).any(axis=1))


def turned_over(boxes: np.ndarray) -> np.ndarray:
    """Tell which boxes, read as corners, end before they begin, `(n,)` bool."""
    return (boxes[:, 2] < boxes[:, 0]) | (boxes[:, 3] < boxes[:, 1])
