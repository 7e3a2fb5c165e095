"""`input-size`: images are far smaller than those of the pre-training."""

from __future__ import annotations

from collections.abc import Iterator

from tlcourse.audit.context import Context
from tlcourse.audit.detector import Detector
from tlcourse.audit.model.pretrained import drawn_of
from tlcourse.audit.model.stem_inputs import known_backbone, stem_inputs
from tlcourse.audit.report import Finding

_SMALLEST_PART = 4  # images may be this many times smaller than in pre-training


def _check(context: Context) -> Iterator[Finding]:
    part = known_backbone(context)
    assert part.family is not None
    if not drawn_of(context, part).is_learned:
        return  # no size is wrong for random weights
    images, trained_at = stem_inputs(context, part)[0], part.family.size
    side = min(images.shape[1:3]) if images.ndim == 4 else trained_at
    if side * _SMALLEST_PART >= trained_at:
        return
    yield Finding(
        "input-size",
        "note",
        f"Images of {side} pixels reach a backbone whose usual size is {trained_at}",
        {
            "sentence": f"The side is {trained_at / side:.1f} times smaller than the usual side in pre-training.",
            "side": side,
            "trained_at": trained_at,
        },
        "Its filters look for structures of a certain size in pixels. Much smaller images show objects at a scale that it was "
        "not trained on.",
        "Enlarge the images before the backbone, unless they are that small by nature:\n"
        f"x = keras.layers.Resizing({trained_at}, {trained_at})(x)",
    )


DETECTOR = Detector(("input-size",), _check)
