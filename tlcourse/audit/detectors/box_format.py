"""`box-format`: boxes of corner and size are taken for boxes of two corners, or the other way round."""

from __future__ import annotations

from collections.abc import Iterator

from tlcourse.audit.context import Context
from tlcourse.audit.detector import Detector
from tlcourse.audit.model.box_forms import forms_of
from tlcourse.audit.report import Finding, NotChecked

_MEANS = {"xywh": "corner, width and height (xywh)", "xyxy": "two corners (xyxy)", "yxyx": "two corners, y first (yxyx)"}


def _check(context: Context) -> Iterator[Finding | NotChecked]:
    forms = forms_of(context)
    if forms is None:
        return
    if forms.actual is None:
        if forms.declared is None:
            yield NotChecked("box-format", "Neither the model nor its loss nor the program says in which form it takes boxes.")
        return
    assert forms.declared is not None
    to_corners = forms.actual == "xywh"
    yield Finding(
        "box-format",
        "serious",
        f"Boxes are {_MEANS[forms.actual]}, and are taken for {_MEANS[forms.declared]}",
        {"sentence": f"{forms.sentence} {forms.said_by[0].upper()}{forms.said_by[1:]}.", "boxes": len(forms.boxes)},
        "Four numbers do not say what they mean, and nothing raises an error. Overlaps are computed from boxes that end before they "
        "begin or are much too large, and the network learns these.",
        "Convert the boxes before fit():\n"
        + (
            "boxes = np.concatenate([boxes[..., :2], boxes[..., :2] + boxes[..., 2:]], axis=-1)  # xywh to xyxy"
            if to_corners
            else "boxes = np.concatenate([boxes[..., :2], boxes[..., 2:] - boxes[..., :2]], axis=-1)  # xyxy to xywh"
        ),
    )


DETECTOR = Detector(("box-format",), _check)
