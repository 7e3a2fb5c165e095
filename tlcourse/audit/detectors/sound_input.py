"""`sample-rate`, `sound-scale`: waveforms of another sample rate than the model's, or samples as a file stores them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tlcourse.audit.context import Context
from tlcourse.audit.data.structures import leaves
from tlcourse.audit.detector import Detector
from tlcourse.audit.report import Finding, NotChecked

_LARGEST = 8.0  # floats in -1..1 with room for a resampling filter and for gain


def _check(context: Context) -> Iterator[Finding | NotChecked]:
    listening = _spectrogram_layers(context.model)
    if not listening:
        return
    layer, rate = listening[0]
    yield from _scale(context, layer)
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


def _scale(context: Context, layer: Any) -> Iterator[Finding]:
    for leaf_name, leaf in leaves(context.sample("train").inputs):
        if not isinstance(leaf, np.ndarray) or leaf.ndim != 2 or leaf.dtype.kind not in "iuf" or not leaf.size:
            continue
        largest = float(np.nanmax(np.abs(leaf.astype("float64"))))
        if largest <= _LARGEST:
            continue
        yield Finding(
            "sound-scale",
            "serious",
            f"Samples up to {largest:.0f} reach {layer.name!r}, which expects -1 to 1",
            {
                "sentence": f"The largest absolute value in a sample of the train data is {largest:.0f} (input {leaf_name!r}).",
                "largest": largest,
            },
            "Files store samples as whole numbers, of 16 bits most often. A float that was cast from them keeps that range, and every "
            "level is about 90 decibels too high.",
            "Divide by the largest value of the format, or read floats:\nsounds = samples.astype('float32') / 32768",
        )
        return


def _spectrogram_layers(model: Any) -> list[tuple[Any, int]]:
    """Return the layers that turn waveforms into spectrograms, with the sample rate that each was made for."""
    found = []
    for layer in model._flatten_layers(include_self=False):
        rate = getattr(layer, "sample_rate", getattr(layer, "sampling_rate", None))
        if isinstance(rate, (int, np.integer)) and "Mel" in type(layer).__name__:
            found.append((layer, int(rate)))
    return found


DETECTOR = Detector(("sample-rate", "sound-scale"), _check)
