"""The audio encoder that ships with the package."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from tlcourse.arguments import require_one_of

NAME = "tiny_speech"
SAMPLE_RATES = (8000, 16000)
NUM_FEATURES = 320
WEIGHTS_PATH = Path(__file__).parent / "weights" / "tiny_speech.npz"
WEIGHTS_SHA256 = "71607bfaf514e8255b7ecc3dc1b4ee83ddac78f8d3f3ea23de5f399186c88968"
SOURCE_WORDS = Path(__file__).parent / "weights" / "tiny_speech_source_words.txt"
"""The words of the pretraining, one a line: needed to check that a target is no part of the source."""


def load_audio_encoder(
    sample_rate: int = 8000, *, weights: str | None = "pretrained", pooling: bool = True, spec_augment: bool = False
) -> Any:
    """Load the embedded speech encoder: raw waveforms in, features out; no download.

    The log-mel spectrogram is the model's first layer. Both sample rates use the same values, because the spectrogram has the same frames
    and bands at either. `docs/model_cards/tiny_speech.md` says how it was trained and what it is worth.

    Args:
        sample_rate: Of the waveforms that you will pass: 8000 or 16000 Hz. Resample others first (`tlcourse.audio.resample`).
        weights: "pretrained", or None for random values.
        pooling: Return mean and maximum over time, `(batch, 320)`; otherwise the states `(batch, time, 160)`, one every 80 ms.
        spec_augment: Put a `SpecAugment` layer behind the spectrogram. It works in training only.

    Returns:
        A functional model called "tiny_speech" with input `(batch, samples)`, floats in -1..1, from a quarter of a second on.

    Raises:
        ValueError: If an argument is out of range, or the file of weights is damaged.
        FileNotFoundError: If the file of weights is missing.

    Example:
        >>> encoder = tlcourse.load_audio_encoder()
        >>> tuple(encoder(np.zeros((2, 8192), "float32")).shape)
        (2, 320)
    """
    require_one_of("sample_rate", sample_rate, SAMPLE_RATES)
    require_one_of("weights", weights, ("pretrained", None))
    from tlcourse.audio.network import build_audio_network

    model = build_audio_network(sample_rate, pooling=pooling, spec_augment=spec_augment)
    if weights == "pretrained":
        _fill(model)
    return model


def _fill(model: Any) -> None:
    if not WEIGHTS_PATH.is_file():
        raise FileNotFoundError(
            f"The weights of the audio encoder are missing: expected the file {WEIGHTS_PATH}. Install the package again, or take random "
            "values: load_audio_encoder(weights=None)."
        )
    if (got := hashlib.sha256(WEIGHTS_PATH.read_bytes()).hexdigest()) != WEIGHTS_SHA256:
        raise ValueError(
            f"The weights in {WEIGHTS_PATH} are damaged or of another version. Install the package again. Expected: "
            f"sha256={WEIGHTS_SHA256}. Received: sha256={got}."
        )
    with np.load(WEIGHTS_PATH) as stored:
        for layer in model.layers:
            if layer.name == "spec_augment":
                continue
            for weight in layer.weights:
                weight.assign(stored[f"{layer.name}/{weight.name}"].astype("float32"))
