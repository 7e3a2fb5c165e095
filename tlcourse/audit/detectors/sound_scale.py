"""`sound-scale`: samples as a file stores them reach a spectrogram that expects -1 to 1."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tlcourse.audit.context import Context
from tlcourse.audit.data.structures import leaves
from tlcourse.audit.detector import Detector
from tlcourse.audit.model.listening import spectrogram_layers
from tlcourse.audit.report import Finding

_LARGEST = 8.0  # floats in -1..1 with room for a resampling filter and for gain


def _check(context: Context) -> Iterator[Finding]:
    listening = spectrogram_layers(context.model)
    if not listening:
        return
    layer = listening[0][0]
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


DETECTOR = Detector(("sound-scale",), _check)
