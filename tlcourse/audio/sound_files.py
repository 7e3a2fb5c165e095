"""Read sound files of any sample rate, bit depth and number of channels as float waveforms in -1..1."""

from __future__ import annotations

import math
import os
import warnings
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from tlcourse.arguments import require_whole

LONGEST_SECONDS = 60
SHORTEST_SECONDS = 0.032
"""One frame of the log-mel spectrogram, at 8,000 Hz."""
_SILENT = 1e-4
_CLIPPED_SHARE = 0.01


class SoundWarning(UserWarning):
    """A sound file can be read, but something about it is doubtful; the message names the file."""


def read_sound(path: str | os.PathLike[str], sample_rate: int = 8000) -> np.ndarray:
    """Read a sound file: all bit depths scaled to -1..1, channels averaged once, resampled.

    Reading is left to libsndfile (package soundfile): `tf.audio.decode_wav` of TensorFlow 2.21 only reads 16-bit PCM with format tag 1.
    A clip that is silent, clipped, or longer than a minute gives a `SoundWarning` that names the file.

    Args:
        path: A `.wav`, `.flac` or `.ogg` file.
        sample_rate: Of the result, in hertz.

    Returns:
        `(samples,)` float32. Of files longer than a minute, the first minute.

    Raises:
        ImportError: If soundfile is not installed.
        FileNotFoundError: If there is no such file.
        ValueError: If the file is no sound, or is empty, shorter than one frame, or holds NaN; the message names it.
    """
    require_whole("sample_rate", sample_rate, 1000)
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no such file. Received: path={str(path)!r}.")
    soundfile = _soundfile()
    try:
        with soundfile.SoundFile(path) as file:
            rate, whole = file.samplerate, len(file)
            # float32 for every format: soundfile 0.14 reads a float file as int16 by cutting, which leaves zeros
            samples = file.read(LONGEST_SECONDS * rate, dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, TypeError) as error:
        raise ValueError(f"{path.name} is no sound that libsndfile can read ({error}). Received: path={str(path)!r}.") from None
    sound = samples.mean(axis=1)
    _refuse(path, sound, rate)
    if whole > LONGEST_SECONDS * rate:
        _warn(f"{path.name} lasts {whole / rate:.0f} s; only the first {LONGEST_SECONDS} s are read. Cut it into clips.")
    peak = float(np.abs(samples).max())
    if peak < _SILENT:
        _warn(f"{path.name} is silent: no sample is above {peak:.1g}.")
    elif peak > 0.98 and np.mean(np.abs(samples) >= peak - 1e-4) > _CLIPPED_SHARE:
        _warn(f"{path.name} is clipped: more than {_CLIPPED_SHARE:.0%} of its samples have the largest value.")
    return resample(sound, rate, sample_rate)


def resample(sound: Any, rate: int, to: int) -> np.ndarray:
    """Change the sample rate; frequencies above half the lower rate are removed by at least 80 dB.

    A polyphase filter with a Kaiser window, flat to .1 dB up to 90 % of half the lower rate.

    Args:
        sound: `(..., samples)` floats.
        rate: Samples per second of `sound`.
        to: Samples per second of the result.

    Returns:
        `(..., ceil(samples * to / rate))` float32.
    """
    require_whole("rate", rate, 1)
    require_whole("to", to, 1)
    sound = np.asarray(sound)
    if rate == to:
        return sound.astype("float32", copy=False)
    from scipy.signal import resample_poly

    divisor = math.gcd(rate, to)
    up, down = to // divisor, rate // divisor
    return resample_poly(sound, up, down, axis=-1, window=_low_pass(max(up, down))).astype("float32")


@lru_cache(maxsize=8)
def _low_pass(factor: int) -> np.ndarray:
    from scipy.signal import firwin

    return firwin(2 * 64 * factor + 1, 0.955 / factor, window=("kaiser", 9.0))


def _refuse(path: Path, sound: np.ndarray, rate: int) -> None:
    if not len(sound):
        raise ValueError(f"{path.name} holds no sample. Leave it out. Received: path={str(path)!r}.")
    if len(sound) < SHORTEST_SECONDS * rate:
        milliseconds = 1000 * len(sound) / rate
        raise ValueError(
            f"{path.name} is shorter than one frame of {1000 * SHORTEST_SECONDS:.0f} ms. Leave it out. "
            f"Received: milliseconds={milliseconds:.1f}."
        )
    if not np.isfinite(sound).all():
        raise ValueError(f"{path.name} holds NaN or infinity. Export it again. Received: path={str(path)!r}.")
    if np.abs(sound).max() > 8:
        raise ValueError(
            f"{path.name} is a float file whose values go far beyond -1..1, as if whole numbers had not been scaled. Divide by the "
            f"largest value of the format before you write it. Received: largest value={np.abs(sound).max():.4g}."
        )


def _warn(text: str) -> None:
    warnings.warn(text, SoundWarning, stacklevel=3)


def _soundfile() -> Any:
    try:
        import soundfile
    except (ImportError, OSError) as error:
        raise ImportError(
            f"Sound files need the package soundfile, which is not installed ({error}). Install the extra: pip install 'tlcourse[audio]'"
        ) from error
    return soundfile


def fitted(sound: np.ndarray, samples: int) -> np.ndarray:
    """Return exactly `samples` samples: zeros behind a short clip; of a long one, the stretch with the most energy."""
    if len(sound) <= samples:
        return np.pad(sound, (0, samples - len(sound)))
    energy = np.concatenate([[0.0], np.cumsum(sound.astype("float64") ** 2)])
    start = int(np.argmax(energy[samples:] - energy[:-samples]))
    return sound[start : start + samples]
