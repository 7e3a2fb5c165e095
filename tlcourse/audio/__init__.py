"""Speech: an encoder that ships with the package, its layers, sound files, splits by speaker."""

from __future__ import annotations

import importlib
from typing import Any

from tlcourse.audio.clips import Clips, as_waveforms
from tlcourse.audio.encoder import load_audio_encoder
from tlcourse.audio.loaders import load_sound_folder, load_speech_commands, load_spoken_words
from tlcourse.audio.sound_files import SoundWarning, read_sound, resample
from tlcourse.audio.speakers import split_by_speaker

__all__ = [
    "Clips",
    "LevelFromPeak",
    "LogMel",
    "SoundWarning",
    "SpecAugment",
    "as_waveforms",
    "load_audio_encoder",
    "load_sound_folder",
    "load_speech_commands",
    "load_spoken_words",
    "read_sound",
    "resample",
    "split_by_speaker",
]
_LAYERS = ("LevelFromPeak", "LogMel", "SpecAugment")


def __getattr__(name: str) -> Any:
    """Load layers on first use: they import Keras."""
    if name in _LAYERS:
        return getattr(importlib.import_module("tlcourse.audio.layers"), name)
    raise AttributeError(f"module 'tlcourse.audio' has no attribute {name!r}")
