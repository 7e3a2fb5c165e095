"""Sound files that a program opened, read again, and compared with the clips that reach `fit`."""

from __future__ import annotations

import wave
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_FILES = 6
_PROBE = 2048  # samples at the beginning of a clip that are compared first
_ALIKE = 0.999
SCALES = (1.0, 32768.0, 32767.0, 2147483648.0)  # floats in -1..1, or whole numbers of 16 and 32 bits


@dataclass(frozen=True)
class Sound:
    """A sound file.

    Args:
        path: The file.
        channels: Number of its channels.
        mono: Mean of its channels, `(samples,)`, in -1..1.
        means: Mean of every channel over all samples, `(channels,)`: what an average along the wrong axis leaves.
    """

    path: Path
    channels: int
    mono: np.ndarray
    means: np.ndarray


@dataclass(frozen=True)
class Match:
    """A clip that was found in a file.

    Args:
        sound: The file.
        gain: Loudness of the clip over that of the mean of the channels.
        paired: Whether the clip is the mean of every two samples of it.
    """

    sound: Sound
    gain: float
    paired: bool


def read_sounds(paths: Iterable[str]) -> list[Sound]:
    """Read a few of the files, at most six, and average their channels once. Files that cannot be read are left out."""
    found: list[Sound] = []
    for path in paths:
        if len(found) >= _FILES:
            break
        sound = _read(Path(path))
        if sound is not None and len(sound.mono) >= 64 and sound.mono.std() > 0:
            found.append(sound)
    return found


def match(sound: Sound, clips: np.ndarray) -> Match | None:
    """Find the clip that was cut from a file, up to its loudness; None if there is none.

    Args:
        sound: The file.
        clips: `(n, samples)`, as they reach `fit`.
    """
    for signal, paired in ((sound.mono, False), (_in_pairs(sound.mono), True)):
        found = _at_start(signal, clips) or _anywhere(signal, clips)
        if found is not None:
            return Match(sound, found, paired)
    return None


def _read(path: Path) -> Sound | None:
    try:
        import soundfile

        values, _ = soundfile.read(str(path), dtype="float64", always_2d=True)
        return Sound(path, values.shape[1], values.mean(axis=1), values.mean(axis=0))
    except Exception:  # not installed, or a file that it cannot read
        return _read_wave(path)


def _read_wave(path: Path) -> Sound | None:
    try:
        with wave.open(str(path), "rb") as file:
            if file.getsampwidth() != 2:
                return None
            values = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, file.getnchannels())
        return Sound(path, values.shape[1], values.mean(axis=1) / 32768, values.mean(axis=0) / 32768)
    except (OSError, EOFError, wave.Error, ValueError):
        return None


def _in_pairs(mono: np.ndarray) -> np.ndarray:
    return mono[: len(mono) // 2 * 2].reshape(-1, 2).mean(axis=1)


def _at_start(signal: np.ndarray, clips: np.ndarray) -> float | None:
    """Compare the beginnings of all clips with that of the file."""
    size = min(_PROBE * 4, len(signal), clips.shape[1])
    part, others = signal[:size], clips[:, :size].astype("float64")
    return _best(part, others)


def _anywhere(signal: np.ndarray, clips: np.ndarray) -> float | None:
    """Look for the middle of every clip in the whole file."""
    size = min(_PROBE, clips.shape[1] // 2)
    start = (clips.shape[1] - size) // 2
    if size < 64 or len(signal) <= size:
        return None
    length = 1 << int(np.ceil(np.log2(len(signal) + size)))
    spectrum = np.fft.rfft(signal, length)
    energy = np.cumsum(np.r_[0.0, signal**2])
    norms = np.sqrt(np.maximum(energy[size:] - energy[:-size], 1e-30))
    for clip in clips:
        part = clip[start : start + size].astype("float64")
        own = float(np.linalg.norm(part))
        if own == 0:
            continue
        products = np.fft.irfft(spectrum * np.fft.rfft(part, length).conj(), length)[: len(norms)]
        at = int(np.argmax(products / norms))
        if products[at] / norms[at] / own > _ALIKE:
            return float(own / norms[at])
    return None


def _best(part: np.ndarray, others: np.ndarray) -> float | None:
    norm, norms = float(np.linalg.norm(part)), np.linalg.norm(others, axis=1)
    if norm == 0:
        return None
    likeness = np.where(norms > 0, others @ part / np.maximum(norms * norm, 1e-30), 0)
    at = int(np.argmax(likeness))
    return float(norms[at] / norm) if likeness[at] > _ALIKE else None


def without_scale(gains: Sequence[float]) -> list[float]:
    """Divide gains by the scale that samples of 16 or 32 bits have, if they are so loud."""
    usual = float(np.median(gains))
    scale = min(SCALES, key=lambda value: abs(np.log(usual / value)))
    return [gain / scale for gain in gains]
