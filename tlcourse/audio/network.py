"""The network of the embedded audio encoder, without its values."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from tlcourse.audio.layers import LevelFromPeak, LogMel, SpecAugment

BLOCKS = ("stem", "block1", "block2", "block3")
"""Prefixes of the layer names, from the input (general) to the output (particular to the source)."""

CHANNELS = (24, 48, 96, 160)
"""Channels after the stem and after each block."""


def build_audio_network(sample_rate: int, *, pooling: bool = True, spec_augment: bool = False) -> keras.Model:
    """Build the encoder with random values: waveforms in, features out.

    Args:
        sample_rate: 8000 or 16000.
        pooling: Return mean and maximum over time, `(batch, 320)`; otherwise the states `(batch, time, 160)`.
        spec_augment: Put a `SpecAugment` layer behind the log-mel spectrogram; it works in training only.

    Returns:
        A functional model with input `(batch, samples)`, any number of samples from a quarter of a second on.
    """

    def conv(x: Any, name: str, channels: int, kernel: Any, stride: Any = 1, padding: str = "same") -> Any:
        x = layers.Conv2D(
            channels, kernel, stride, padding, use_bias=False, kernel_initializer="he_normal", name=f"{name}_conv"
        )(x)
        return layers.ReLU(name=f"{name}_relu")(layers.BatchNormalization(momentum=0.95, name=f"{name}_bn")(x))

    waveforms = keras.Input((None,), name="waveforms")
    x = LevelFromPeak(name="level")(LogMel(sample_rate, name="log_mel")(waveforms))
    if spec_augment:
        x = SpecAugment(name="spec_augment")(x)
    x = layers.Reshape((-1, 40, 1), name="channel")(x)
    x = conv(x, "stem", CHANNELS[0], 5, 2)  # 20 ms, 20 bands
    x = conv(x, "block1_a", CHANNELS[1], 3, 2)  # 40 ms, 10 bands
    x = layers.Add(name="block1_add")([x, conv(x, "block1_b", CHANNELS[1], 3)])
    x = conv(x, "block2_a", CHANNELS[2], 3, (1, 2))  # 5 bands
    x = layers.Add(name="block2_add")([x, conv(x, "block2_b", CHANNELS[2], 3)])
    x = conv(x, "block3_a", CHANNELS[3], (1, 5), padding="valid")  # all bands
    x = conv(x, "block3_b", CHANNELS[3], (5, 1), (2, 1))  # 80 ms
    x = layers.Add(name="block3_add")([x, conv(x, "block3_c", CHANNELS[3], (5, 1))])
    x = layers.Reshape((-1, CHANNELS[3]), name="states")(x)
    if pooling:
        pooled = [layers.GlobalAveragePooling1D(name="mean")(x), layers.GlobalMaxPooling1D(name="maximum")(x)]
        x = layers.Concatenate(name="features")(pooled)
    return keras.Model(waveforms, x, name="tiny_speech")
