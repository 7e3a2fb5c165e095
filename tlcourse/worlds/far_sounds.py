"""What spectrograms show: loudness over time (left to right) and pitch (bottom to top) of six kinds of sounds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Sound = Callable[[np.random.Generator, np.ndarray, np.ndarray], np.ndarray]


def draw_sound(rng: np.random.Generator, size: int, sound: Sound) -> np.ndarray:
    """Draw the loudness of one sound, `(size, size)`, 0-1; its upper edge is the highest pitch."""
    pitch, time = np.mgrid[1 : 0 : size * 1j, 0 : 1 : size * 1j]
    return np.clip(rng.uniform(0.75, 1.0) * sound(rng, time, pitch), 0.0, 1.0)


def _rising(rng: np.random.Generator, time: np.ndarray, pitch: np.ndarray) -> np.ndarray:
    """A whistle that goes up."""
    return _slide(rng, time, pitch, up=True)


def _falling(rng: np.random.Generator, time: np.ndarray, pitch: np.ndarray) -> np.ndarray:
    """A whistle that goes down."""
    return _slide(rng, time, pitch, up=False)


def _trill(rng: np.random.Generator, time: np.ndarray, pitch: np.ndarray) -> np.ndarray:
    """A whistle whose pitch swings to and fro."""
    swing = rng.uniform(0.05, 0.10) * np.sin(2 * np.pi * rng.uniform(3.5, 7.0) * time + rng.uniform(0, 6.3))
    return _voice(time, pitch, rng.uniform(0.25, 0.55) + swing, _part(rng))


def _hum(rng: np.random.Generator, time: np.ndarray, pitch: np.ndarray) -> np.ndarray:
    """A steady tone with many overtones, as of a motor."""
    base, start, end = rng.uniform(0.08, 0.15), *_part(rng)
    number = np.maximum(np.round(pitch / base), 1)
    ridges = np.exp(-(((pitch - number * base) / 0.014) ** 2)) * number ** -rng.uniform(0.3, 0.8)
    return ridges * _while(time, start, end)


def _clicks(rng: np.random.Generator, time: np.ndarray, pitch: np.ndarray) -> np.ndarray:
    """Clicks at all pitches at once, one after the other."""
    interval, start, end = rng.uniform(0.10, 0.22), *_part(rng)
    since = (time - start) % interval
    decay = np.exp(-since / rng.uniform(0.012, 0.03)) * np.exp(-pitch * rng.uniform(0.3, 1.2))
    return decay * _while(time, start, end)


def _chirps(rng: np.random.Generator, time: np.ndarray, pitch: np.ndarray) -> np.ndarray:
    """Short calls, each sliding up, with pauses."""
    interval, share, start, end = rng.uniform(0.18, 0.30), rng.uniform(0.45, 0.65), *_part(rng)
    within = ((time - start) % interval) / interval
    middle = rng.uniform(0.25, 0.45) + rng.uniform(0.18, 0.32) * within / share
    return _voice(time, pitch, middle, (start, end)) * (within < share)


def _slide(rng: np.random.Generator, time: np.ndarray, pitch: np.ndarray, *, up: bool) -> np.ndarray:
    start, end = _part(rng)
    low, rise, bend = rng.uniform(0.12, 0.25), rng.uniform(0.3, 0.45), rng.uniform(0.6, 1.7)
    share = np.clip((time - start) / (end - start), 0, 1)
    return _voice(time, pitch, low + rise * (share if up else 1 - share) ** bend, (start, end))


def _voice(time: np.ndarray, pitch: np.ndarray, middle: np.ndarray, part: tuple[float, float]) -> np.ndarray:
    """A ridge along `middle`, with a fainter overtone at twice the pitch."""
    ridge = np.exp(-(((pitch - middle) / 0.022) ** 2)) + 0.45 * np.exp(-(((pitch - 2 * middle) / 0.026) ** 2))
    return ridge * _while(time, *part)


def _part(rng: np.random.Generator) -> tuple[float, float]:
    """When a sound starts and ends."""
    return float(rng.uniform(0.02, 0.2)), float(rng.uniform(0.8, 0.98))


def _while(time: np.ndarray, start: float, end: float) -> np.ndarray:
    return np.clip(np.minimum(time - start, end - time) / 0.02 + 0.5, 0.0, 1.0)


SOUNDS: dict[str, Sound] = {
    "rising": _rising,
    "falling": _falling,
    "trill": _trill,
    "hum": _hum,
    "clicks": _clicks,
    "chirps": _chirps,
}
