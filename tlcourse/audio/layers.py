"""Two layers of a speech model: log-mel spectrogram, and SpecAugment."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
from keras import ops

FLOOR = 1e-14
"""Smallest power that is told apart from silence: -140 dB."""


def hertz_to_mel(hertz: np.ndarray | float) -> np.ndarray:
    """Return mels on Slaney's scale, librosa's default: linear below 1000 Hz, logarithmic above."""
    hertz = np.asarray(hertz, "float64")
    above = 15 + 27 * np.log(np.maximum(hertz, 1e-12) / 1000) / math.log(6.4)
    return np.where(hertz < 1000, 3 * hertz / 200, above)


def mel_to_hertz(mel: np.ndarray | float) -> np.ndarray:
    """Return hertz: the inverse of `hertz_to_mel`."""
    mel = np.asarray(mel, "float64")
    return np.where(mel < 15, 200 * mel / 3, 1000 * np.exp((mel - 15) * math.log(6.4) / 27))


def mel_filters(sample_rate: int, fft_length: int, bands: int, low: float, high: float) -> np.ndarray:
    """Return triangular filters of equal width in mel and of equal area (Slaney's norm), as librosa's defaults.

    Args:
        sample_rate: Samples per second.
        fft_length: Length of the Fourier transform.
        bands: Number of filters.
        low: Lowest frequency in hertz.
        high: Highest frequency in hertz.

    Returns:
        `(fft_length // 2 + 1, bands)` float32.
    """
    bins = np.linspace(0, sample_rate / 2, fft_length // 2 + 1)[:, None]
    edges = mel_to_hertz(np.linspace(hertz_to_mel(low), hertz_to_mel(high), bands + 2))
    left, middle, right = edges[:-2], edges[1:-1], edges[2:]
    triangle = np.minimum((bins - left) / (middle - left), (right - bins) / (right - middle))
    return (np.maximum(triangle, 0) * 2 / (right - left)).astype("float32")


@keras.saving.register_keras_serializable("tlcourse")
class LogMel(keras.layers.Layer):
    """Turn waveforms into log-mel spectrograms in decibels.

    Equals librosa's `power_to_db(melspectrogram(center=False), top_db=None)` with the same parameters, less a constant: the window
    is divided by its sum, so a sine of amplitude 1 has the same level at every sample rate.

    Args:
        sample_rate: Of the waveforms, in hertz.
        bands: Mel bands.
        window: Length of a frame in seconds.
        hop: Seconds between two frames.
        low: Lowest frequency in hertz.
        high: Highest frequency in hertz.
        **kwargs: Of `keras.layers.Layer`.

    Raises:
        ValueError: If `high` is above half the sample rate or not above `low`.

    Input: `(batch, samples)`, floats in -1..1. Output: `(batch, frames, bands)`, `frames = (samples - fft_length) // hop + 1`.
    """

    def __init__(
        self,
        sample_rate: int = 8000,
        *,
        bands: int = 40,
        window: float = 0.025,
        hop: float = 0.010,
        low: float = 60.0,
        high: float = 3800.0,
        **kwargs: Any,
    ) -> None:
        if not 0 <= low < high <= sample_rate / 2:
            raise ValueError(
                "The bands must lie between 0 and half the sample rate, with low below high. "
                f"Received: low={low!r}, high={high!r}, sample_rate={sample_rate!r}."
            )
        super().__init__(**kwargs)
        self.sample_rate, self.bands, self.low, self.high = sample_rate, bands, low, high
        self.window_seconds, self.hop_seconds = window, hop
        self.window_length, self.hop_length = round(window * sample_rate), round(hop * sample_rate)
        self.fft_length = 2 ** math.ceil(math.log2(self.window_length))
        shape = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(self.window_length) / self.window_length)
        left = (self.fft_length - self.window_length) // 2
        self._window = np.pad(shape / shape.sum(), (left, self.fft_length - self.window_length - left)).astype("float32")
        self._filters = mel_filters(sample_rate, self.fft_length, bands, low, high)

    def call(self, waveforms: Any) -> Any:
        frames = ops.extract_sequences(waveforms, self.fft_length, self.hop_length)
        real, imaginary = ops.rfft(frames * self._window, fft_length=self.fft_length)
        power = ops.matmul(ops.square(real) + ops.square(imaginary), self._filters)
        return (10 / math.log(10)) * ops.log(ops.maximum(power, FLOOR))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        samples = input_shape[1]
        frames = None if samples is None else (samples - self.fft_length) // self.hop_length + 1
        return (input_shape[0], frames, self.bands)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "sample_rate": self.sample_rate,
            "bands": self.bands,
            "window": self.window_seconds,
            "hop": self.hop_seconds,
            "low": self.low,
            "high": self.high,
        }


@keras.saving.register_keras_serializable("tlcourse")
class LevelFromPeak(keras.layers.Layer):
    """Measure decibels from the clip's loudest place, cut at `-span`, and scale to -1..1: loudness no longer matters.

    Args:
        span: Decibels below the peak that count as silence.
        **kwargs: Of `keras.layers.Layer`.
    """

    def __init__(self, span: float = 60.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.span = span

    def call(self, decibels: Any) -> Any:
        below = decibels - ops.max(decibels, axis=(1, 2), keepdims=True)
        return ops.maximum(below, -self.span) * (2 / self.span) + 1

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"span": self.span}


@keras.saving.register_keras_serializable("tlcourse")
class SpecAugment(keras.layers.Layer):
    """Hide random bands of frequencies and stretches of time of each spectrogram, in training only.

    After Park et al. 2019, "SpecAugment", section 2: the width of a mask is uniform between 0 and the largest, its place uniform.
    There is no time warping. What is hidden gets the spectrogram's mean.

    Args:
        bands: Largest number of frequency bands that a mask hides.
        frames: Largest number of frames that a mask hides.
        masks: Masks along each of the two axes.
        seed: Of the random masks.
        **kwargs: Of `keras.layers.Layer`.

    Input and output: `(batch, frames, bands)`.

    Raises:
        ValueError: If a size is negative.
    """

    def __init__(self, bands: int = 8, frames: int = 15, masks: int = 2, seed: int | None = None, **kwargs: Any) -> None:
        if min(bands, frames, masks) < 0:
            raise ValueError(f"Sizes of masks are 0 or more. Received: bands={bands!r}, frames={frames!r}, masks={masks!r}.")
        super().__init__(**kwargs)
        self.bands, self.frames, self.masks, self.seed = bands, frames, masks, seed
        self.generator = keras.random.SeedGenerator(seed)

    def call(self, spectrograms: Any, training: bool | None = None) -> Any:
        if not training:
            return spectrograms
        keep = self._keep(spectrograms, axis=1, largest=self.frames) & self._keep(spectrograms, axis=2, largest=self.bands)
        return ops.where(keep, spectrograms, ops.mean(spectrograms, axis=(1, 2), keepdims=True))

    def _keep(self, spectrograms: Any, axis: int, largest: int) -> Any:
        """Return False where one of the masks along an axis lies."""
        shape = ops.shape(spectrograms)
        batch, length = shape[0], shape[axis]
        draw = lambda: keras.random.uniform((batch, self.masks, 1), seed=self.generator)  # noqa: E731
        width = ops.floor(draw() * (min(largest, spectrograms.shape[axis] or largest) + 1))
        start = ops.floor(draw() * (ops.cast(length, "float32") - width + 1))
        place = ops.cast(ops.arange(length), "float32")
        hidden = ops.any((place >= start) & (place < start + width), axis=1)
        return ops.expand_dims(~hidden, 3 - axis)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"bands": self.bands, "frames": self.frames, "masks": self.masks, "seed": self.seed}
