"""Layers that turn waveforms into spectrograms."""

from __future__ import annotations

from typing import Any

import numpy as np


def spectrogram_layers(model: Any) -> list[tuple[Any, int]]:
    """Return the layers that turn waveforms into spectrograms, with the sample rate that each was made for."""
    found = []
    for layer in model._flatten_layers(include_self=False):
        rate = getattr(layer, "sample_rate", getattr(layer, "sampling_rate", None))
        if isinstance(rate, (int, np.integer)) and "Mel" in type(layer).__name__:
            found.append((layer, int(rate)))
    return found
