"""`sample-rate`: waveforms of another sample rate than the model expects."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tlcourse.audit.context import Context
from tlcourse.audit.detector import Detector
from tlcourse.audit.model.listening import spectrogram_layers
from tlcourse.audit.report import Finding, NotChecked


def _check(context: Context) -> Iterator[Finding | NotChecked]:
    listening = spectrogram_layers(context.model)
    if not listening:
        return
    layer, rate = listening[0]
    given = {
        name: int(split.original.sample_rate)
        for name, split in context.readable_splits().items()
        if isinstance(getattr(split.original, "sample_rate", None), (int, np.integer))
    }
    if not given:
        yield NotChecked("sample-rate", "Arrays do not say their sample rate. Pass the `Clips` of tlcourse.audio instead.")
        return
    wrong = {name: found for name, found in given.items() if found != rate}
    if wrong:
        name, found = next(iter(wrong.items()))
        yield Finding(
            "sample-rate",
            "serious",
            f"The {name} waveforms have {found} samples a second, and {layer.name!r} expects {rate}",
            {
                "sentence": f"At {found} Hz, {layer.name!r} hears every sound {rate / found:.2g} times as high as it is.",
                "given": found,
                "expected": rate,
            },
            "Nothing raises an error: a network sees only numbers. Words become slower or faster, and all frequencies move.",
            f"Resample the waveforms:\nsounds = tlcourse.audio.resample(sounds, {found}, {rate})",
        )


DETECTOR = Detector(("sample-rate",), _check)
