"""Sets of spoken words by name, each in the version of the profile."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from tlcourse.arguments import require_number, require_one_of, require_whole
from tlcourse.audio.clips import Clips
from tlcourse.audio.sound_files import SoundWarning, fitted, read_sound
from tlcourse.config import profile

SAMPLES = 8192
"""Of a clip at 8,000 Hz: a little more than a second."""
SUFFIXES = (".wav", ".flac", ".ogg")
_EMBEDDED = Path(__file__).parent / "data" / "spoken_words.npz"
_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def load_spoken_words(version: str | None = None, seconds: float = 1.024) -> Clips:
    """Load the ten digits, spoken: by a synthesiser (embedded), or by people (full). `groups` holds the speaker.

    | version | what |
    |---|---|
    | "embedded" | 1,000 clips by espeak-ng in 20 voices, each with its own accent, room and microphone, new to the encoder |
    | "full" | Free Spoken Digit Dataset (Jackson et al.): recordings by six people, CC BY-SA 4.0 |

    The encoder's pretraining held none of the ten words.

    Args:
        version: "embedded" or "full"; None for the profile's.
        seconds: Length of a clip, a quarter of a second or more. Shorter clips are padded, longer ones cut.

    Raises:
        ValueError: If an argument is out of range.
        ImportError: If soundfile is not installed (full).
        FetchError: If the recordings are not here and cannot be downloaded (full).

    Example:
        >>> words = tlcourse.load_spoken_words()
        >>> words
        <synthetic digits: 1000 clips of 1.02 s, 10 classes, 20 speakers, 8000 Hz, embedded>
        >>> words.waveforms.shape, str(words.waveforms.dtype)
        ((1000, 8192), 'float32')
    """
    version = version or profile()
    require_one_of("version", version, ("embedded", "full"))
    require_number("seconds", seconds, low=0.25)
    samples = round(8000 * seconds)
    if version == "full":
        return _free_spoken_digits(samples)
    with np.load(_EMBEDDED) as stored:
        words, voices, accents = json.loads(str(stored["names"]))
        starts = stored["starts"]
        expanded = (stored["sound"].astype("float32") / 127.5) - 1
        sound = np.sign(expanded) * (256 ** np.abs(expanded) - 1) / 255
        waveforms = np.stack([fitted(sound[a:b], samples) for a, b in pairwise(starts)])
        return Clips(
            "synthetic digits",
            waveforms,
            stored["labels"].astype("int64"),
            tuple(words),
            8000,
            groups=np.array(voices)[stored["voices"]],
            accents=np.array(accents)[stored["accents"]],
            licence="CC0",
            origin="spoken by espeak-ng for tlcourse",
            profile="embedded",
        )


def _free_spoken_digits(samples: int) -> Clips:
    from tlcourse.fetch import fetch

    files = sorted(fetch("free_spoken_digits").rglob("[0-9]_*_*.wav"))
    if not files:
        raise FileNotFoundError(
            "The folder of the Free Spoken Digit Dataset holds no digit_speaker_number.wav. Delete it, fetch again."
        )
    parts = [file.stem.split("_") for file in files]
    return Clips(
        "spoken digits",
        np.stack([fitted(_quiet_read(file), samples) for file in files]),
        np.array([int(digit) for digit, *_ in parts]),
        _DIGITS,
        8000,
        groups=np.array([speaker for _, speaker, _ in parts]),
        licence="CC BY-SA 4.0",
        origin="Free Spoken Digit Dataset",
        profile="full",
    )


def _quiet_read(file: Path, sample_rate: int = 8000) -> np.ndarray:
    """Read a file of a known set, whose clipped and silent clips are part of the data."""

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SoundWarning)
        return read_sound(file, sample_rate)


def load_speech_commands(
    words: Sequence[str] = ("yes", "no", "up", "down", "left", "right", "on", "off"),
    split: str = "train",
    per_class: int | None = 200,
    seed: int = 0,
    *,
    sample_rate: int = 8000,
) -> Clips:
    """Load Speech Commands v2 (Warden 2018, CC BY 4.0): one word a clip, thousands of speakers; full profile only, 2.4 GB.

    The split is the publishers': `validation_list.txt` and `testing_list.txt`; all other clips train. No speaker is in two splits.
    The speaker is the part of a file's name before `_nohash_`.

    Args:
        words: Folders of the data set.
        split: "train", "validation" or "test".
        per_class: Clips of each word; None for all.
        seed: Which clips.
        sample_rate: Of the waveforms; the files have 16,000 Hz.

    Raises:
        ValueError: If the profile is embedded, or an argument is out of range.
        FetchError: If the clips are not here and cannot be downloaded.

    Example:
        >>> tlcourse.load_speech_commands(("yes", "no"))  # in the embedded profile
        Traceback (most recent call last):
        ValueError: Speech Commands belongs to the full profile. ...
    """
    require_one_of("split", split, ("train", "validation", "test"))
    if profile() == "embedded":
        raise ValueError(
            'Speech Commands belongs to the full profile. Either switch with tlcourse.use_profile("full"), or use the embedded '
            "stand-in: tlcourse.load_spoken_words()."
        )
    from tlcourse.fetch import fetch

    return read_speech_commands(fetch("speech_commands"), words, split, per_class, seed, sample_rate=sample_rate)


def read_speech_commands(
    folder: Path, words: Sequence[str], split: str, per_class: int | None, seed: int, *, sample_rate: int = 8000
) -> Clips:
    """Read a folder of the form of Speech Commands v2; arguments as `load_speech_commands`."""
    listed = {
        name: set((folder / f"{file}_list.txt").read_text(encoding="utf-8").split())
        for name, file in (("validation", "validation"), ("test", "testing"))
    }
    rng = np.random.default_rng(seed)
    files, labels = [], []
    for label, word in enumerate(words):
        if not (folder / word).is_dir():
            raise ValueError(f"The data set has no such word. Received: word={word!r}.")
        here = []
        for file in sorted((folder / word).glob("*.wav")):
            name = f"{word}/{file.name}"
            place = "validation" if name in listed["validation"] else "test" if name in listed["test"] else "train"
            here += [file] if place == split else []
        if per_class is not None:
            if len(here) < per_class:
                raise ValueError(f"There are {len(here)} clips of {word!r} in {split!r}. Received: per_class={per_class}.")
            here = [here[i] for i in sorted(rng.choice(len(here), per_class, replace=False))]
        files += here
        labels += [label] * len(here)
    samples = SAMPLES * sample_rate // 8000
    return Clips(
        "speech commands",
        np.stack([fitted(_quiet_read(file, sample_rate), samples) for file in files]),
        np.array(labels),
        tuple(words),
        sample_rate,
        groups=np.array([file.name.split("_nohash_")[0] for file in files]),
        licence="CC BY 4.0",
        origin="Speech Commands v2 (Warden 2018)",
        profile="full",
    )


def load_sound_folder(
    path: str | os.PathLike[str],
    sample_rate: int = 8000,
    seconds: float = 1.024,
    *,
    speaker_of: Callable[[str], str] | None = None,
) -> Clips:
    """Load your own sound files, one folder a class: any sample rate, channels and bit depth.

    Short clips are padded with zeros; of long ones the stretch with the most energy is kept. A clip that is silent, clipped, or longer
    than a minute gives a `SoundWarning` that names it.

    Args:
        path: Folder with one folder for each class, which hold `.wav`, `.flac` or `.ogg` files.
        sample_rate: Of the waveforms; files are resampled.
        seconds: Length of a clip.
        speaker_of: Function from a file's name to its speaker, such as `lambda name: name.split("_")[1]`. Without it `groups` is None, and
            no split can keep speakers apart.

    Raises:
        ImportError: If soundfile is not installed.
        FileNotFoundError: If there is no such folder.
        ValueError: If there are fewer than two classes, or a file cannot be used; the message names it.

    Example:
        >>> import soundfile
        >>> for word in ("no", "yes"):
        ...     (folder / word).mkdir()
        ...     soundfile.write(folder / word / "ann_1.wav", 0.1 * np.ones(44100), 44100)
        >>> tlcourse.load_sound_folder(folder, speaker_of=lambda name: name.split("_")[0])
        <folder: 2 clips of 1.02 s, 2 classes, 1 speakers, 8000 Hz, own>
    """
    require_whole("sample_rate", sample_rate, 1000)
    folder = Path(path)
    if not folder.is_dir():
        raise FileNotFoundError(f"There is no such folder. Received: path={str(path)!r}.")
    files = {
        place.name: sorted(f for f in place.rglob("*") if f.suffix.lower() in SUFFIXES and not f.name.startswith("."))
        for place in sorted(folder.iterdir())
        if place.is_dir() and not place.name.startswith(".")
    }
    files = {name: found for name, found in files.items() if found}
    if len(files) < 2:
        raise ValueError(
            f"Expected a folder for each of two classes or more, with sound files inside. Received: folders={sorted(files)}."
        )
    flat = [file for found in files.values() for file in found]
    samples = round(seconds * sample_rate)
    return Clips(
        folder.name,
        np.stack([fitted(read_sound(file, sample_rate), samples) for file in flat]),
        np.repeat(np.arange(len(files)), [len(found) for found in files.values()]),
        tuple(files),
        sample_rate,
        groups=None if speaker_of is None else np.array([speaker_of(file.name) for file in flat]),
        origin=str(folder),
        profile="own",
    )
