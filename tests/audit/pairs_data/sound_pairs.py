"""Programs with waveforms that do not fit the model or the split, each beside the same program in which they do."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

from tlcourse import audio

RATE = 8000


def clips(rate=RATE, count=80):
    """Tones of two kinds by ten speakers, no two alike."""
    rng = np.random.default_rng(0)
    labels = np.arange(count) % 2
    time = np.arange(rate) / rate
    pitch = np.where(labels, 900, 300) * rng.uniform(0.8, 1.2, count)
    sounds = 0.5 * np.sin(2 * np.pi * pitch[:, None] * time) + rng.normal(0, 0.02, (count, rate))
    order = rng.permutation(count)
    speakers = np.array([f"speaker {i}" for i in np.arange(count) // 2 % 10])
    return audio.Clips(
        "tones", sounds[order].astype("float32"), labels[order], ("low", "high"), rate, groups=speakers[order], profile="own"
    )


def listener(layer=None):
    """A classifier that computes the spectrogram itself."""
    model = keras.Sequential([keras.Input((None,)), layer or audio.LogMel(RATE), layers.GlobalAveragePooling1D()])
    model.add(layers.BatchNormalization())
    model.add(layers.Dense(2))
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


# 1. The files have 16,000 Hz, the encoder was trained at 8,000.
def another_sample_rate(rate=2 * RATE):
    return {"model": listener(), "train": clips(rate)}


def the_models_sample_rate():
    return another_sample_rate(RATE)


# 2. Samples of 16 bits, cast to float and not divided.
def samples_not_scaled(scale=32768.0):
    data = clips()
    return {"model": listener(), "train": (data.waveforms * scale, data.labels)}


def samples_scaled():
    return samples_not_scaled(1.0)


# 3. Whole numbers as they came.
def whole_numbers():
    data = clips()
    return {"model": listener(), "train": ((data.waveforms * 32767).astype("int16"), data.labels)}


# 4. A random split of clips: each speaker is on both sides.
def split_by_clip(by_speaker=False):
    data = clips()
    train, test = audio.split_by_speaker(data.groups, 0.3) if by_speaker else (np.arange(56), np.arange(56, 80))
    return {"model": listener(), "train": data.subset(train), "test": data.subset(test)}


def split_by_voice():
    return split_by_clip(by_speaker=True)


PAIRS = [
    ("sample-rate", another_sample_rate, the_models_sample_rate),
    ("sound-scale", samples_not_scaled, samples_scaled),
    ("sound-scale", whole_numbers, samples_scaled),
    ("groups-across-splits", split_by_clip, split_by_voice),
]
