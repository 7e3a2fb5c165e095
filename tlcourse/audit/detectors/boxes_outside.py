"""`boxes-outside`: boxes reach beyond their image."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.data.boxes import outside
from tlcourse.audit.detector import Detector
from tlcourse.audit.model.box_forms import forms_of
from tlcourse.audit.report import Finding

_POSSIBLE = ("xyxy", "xywh", "center_xywh")

_PIXELS = (
    "Resize the boxes with the image, then cut them at its edges (two corners in pixels):\n"
    "boxes = boxes * np.tile([new_width / width, new_height / height], 2)\n"
    "boxes = np.clip(boxes, 0, np.tile([new_width, new_height], 2))"
)
_RELATIVE = (
    "Divide the corners by the size of the image in which they were drawn:\n"
    "height, width = images.shape[1:3]\n"
    "boxes = corners / np.tile([width, height], 2)"
)


def _check(context: Context) -> Iterator[Finding]:
    for split in context.readable_splits():
        try:
            forms = forms_of(context, split)
        except CannotCheckError:
            if split == "train":
                raise
            continue
        if forms is None or forms.actual is not None:
            continue  # box-format reports it
        if forms.declared is not None:
            beyond = outside(forms.boxes, forms.sizes, forms.declared)
        else:  # beyond the image in whichever form the numbers are
            sizes = np.repeat(forms.sizes.max(axis=1, keepdims=True), 2, axis=1)
            beyond = np.logical_and.reduce([outside(forms.boxes, sizes, form) for form in _POSSIBLE])
        if not beyond.any():
            continue
        share, at = float(beyond.mean()), int(np.argmax(beyond))
        box, (width, height) = np.round(forms.boxes[at], 3).tolist(), forms.sizes[at].tolist()
        yield Finding(
            "boxes-outside",
            "serious" if share >= 0.05 else "warning",
            f"{int(beyond.sum())} of {len(beyond)} {split} boxes reach beyond their image",
            {
                "sentence": f"For example box {box}, in an image of width {width:g} and height {height:g}.",
                "outside": int(beyond.sum()),
                "boxes": len(beyond),
                "share": share,
            },
            "The network cannot see what lies outside, and is still punished for not finding it. The usual reason is that images were "
            "resized and their boxes were not. Cropped images and errors of annotation are others.",
            _RELATIVE if width == 1 else _PIXELS,
        )


DETECTOR = Detector(("boxes-outside",), _check)
