"""`text-length`: texts have more tokens than the model has positions."""

from __future__ import annotations

from collections.abc import Iterator

from tlcourse.audit.context import Context
from tlcourse.audit.detector import Detector
from tlcourse.audit.model.arrivals import arrivals
from tlcourse.audit.report import Finding


def _check(context: Context) -> Iterator[Finding]:
    for arrival in arrivals(context):
        if not arrival.is_position or arrival.length <= arrival.size:
            continue
        yield Finding(
            "text-length",
            "serious",
            f"Texts have {arrival.length} tokens, but {arrival.layer.name!r} knows only {arrival.size} positions",
            {
                "sentence": f"Positions {arrival.size} to {arrival.length - 1} of each text have no row in {arrival.layer.name!r}.",
                "length": arrival.length,
                "places": arrival.size,
            },
            "The table has nothing for these positions: a CPU stops there, other devices go on with zeros or with the last position.",
            f"Shorten the texts, or use a model with more positions:\npreprocessor.sequence_length = {arrival.size}",
        )
        return


DETECTOR = Detector(("text-length",), _check)
