"""`channels-averaged-twice`: the channels of sound files were averaged twice, or along the wrong axis."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from tlcourse.audit.context import Context
from tlcourse.audit.data.frames import paths_in
from tlcourse.audit.data.sounds import SCALES, Match, Sound, match, read_sounds, without_scale
from tlcourse.audit.data.structures import leaves
from tlcourse.audit.detector import Detector
from tlcourse.audit.model.listening import spectrogram_layers
from tlcourse.audit.report import Finding, NotChecked

_ID = "channels-averaged-twice"
_MOST = 512  # clips that are compared
_FEWEST = 3
_NEAR = 0.02  # relative distance from a half


def _check(context: Context) -> Iterator[Finding | NotChecked]:
    if context.trail is None:
        if spectrogram_layers(context.model):
            yield NotChecked(
                _ID, "Arrays do not say from which files they come. `tlcourse doctor` sees which files a program opens."
            )
        return
    sounds = read_sounds(list(context.trail.sounds) or paths_in(context.split("train").original, (".wav", ".flac")))
    if not any(sound.channels == 2 for sound in sounds):
        return
    clips = _clips(context)
    if clips is None:
        yield NotChecked(_ID, "No waveforms reach fit(), so they cannot be compared with the sound files.")
        return
    if (spoiled := _without_sound(clips, sounds)) is not None:
        yield spoiled
        return
    matches = [found for sound in sounds if (found := match(sound, clips)) is not None]
    stereo = [found for found in matches if found.sound.channels == 2]
    if len(stereo) < min(_FEWEST, sum(sound.channels == 2 for sound in sounds)):
        yield NotChecked(_ID, "The clips cannot be found in the sound files: they were resampled, or changed in another way.")
        return
    yield from _judged(stereo, [found for found in matches if found.sound.channels == 1])


def _judged(stereo: Sequence[Match], mono: Sequence[Match]) -> Iterator[Finding]:
    example = stereo[0].sound.path.name
    if np.mean([found.paired for found in stereo]) > 0.5:
        yield _finding(
            "Clips hold the mean of every two samples of the sound files",
            f"{len(stereo)} files with two channels were averaged again, such as {example}. Their clips are half as long as they, and "
            "equal the mean of each two neighbouring samples.",
            {"files": len(stereo), "length_ratio": 0.5},
            "Averaged once more, neighbouring samples take the place of channels: every sound is twice as high and half as long.",
        )
        return
    gains = without_scale([found.gain for found in [*stereo, *mono]])
    ours, others = gains[: len(stereo)], gains[len(stereo) :]
    halved = [abs(gain / 0.5 - 1) < _NEAR for gain in ours]
    if all(halved) and not any(abs(gain / 0.5 - 1) < _NEAR for gain in others):
        yield _finding(
            "Clips are half as loud as the mean of the two channels of their files",
            f"In {len(ours)} files with two channels, such as {example}, the clip is {np.median(ours):.3f} times as loud as the channels "
            "averaged once" + (f"; clips of {len(others)} files with one channel are not." if others else "."),
            {"files": len(ours), "ratio": float(np.median(ours))},
            "Reading the file, or a first average, has given one channel already. Halved again, these clips are 6 decibels below "
            "others, and a model hears how a file was stored.",
        )


def _without_sound(clips: np.ndarray, sounds: Sequence[Sound]) -> Finding | None:
    """Report clips that hold hardly more numbers than a file has channels, or one number only."""
    most = max(sound.channels for sound in sounds)
    used = (clips != 0).sum(axis=1)
    constant = np.ptp(clips, axis=1) == 0
    poor = (used <= most) | constant
    if poor.mean() < 0.8 or not any(_holds_means(clips[poor], sound) for sound in sounds if sound.channels == 2):
        return None
    length = int(np.median([len(sound.mono) for sound in sounds]))
    return _finding(
        "Clips hold hardly any sound: the channels were averaged along the wrong axis",
        f"{int(poor.sum())} of {len(clips)} clips have one value throughout, or at most {most} values other than 0. The files have "
        f"about {length} samples.",
        {"poor_clips": int(poor.sum()), "clips": len(clips)},
        "The mean over the samples is left, and not the mean over the channels. It says nothing about the sound.",
    )


def _holds_means(clips: np.ndarray, sound: Sound) -> bool:
    """Tell whether a clip is what an average over the samples of the file leaves: one number a channel, or one for all."""
    starts = clips[:, : sound.channels]
    for wanted in (sound.means, np.full(sound.channels, sound.mono.mean())):
        scale = np.abs(wanted).max()
        if (
            starts.shape[1]
            and scale
            and any((np.abs(starts / factor - wanted[: starts.shape[1]]).max(axis=1) < 1e-3 * scale).any() for factor in SCALES)
        ):
            return True
    return False


def _finding(title: str, sentence: str, numbers: dict[str, Any], why: str) -> Finding:
    return Finding(
        _ID,
        "serious",
        title,
        {"sentence": sentence, **numbers},
        why,
        "Average the channels once, along their own axis, where the file is read:\n"
        "sound, rate = soundfile.read(path, always_2d=True)  # (samples, channels)\n"
        "sound = sound.mean(axis=1)  # (samples,), and no average after it",
    )


def _clips(context: Context) -> np.ndarray | None:
    """Return the first clips that train the model, `(n, samples)`; None if it gets no waveforms."""
    parts: list[np.ndarray] = []
    for batch in context.split("train").iter_batches():
        found = [_as_clips(leaf) for _, leaf in leaves(batch.inputs)]
        waves = next((clips for clips in found if clips is not None), None)
        if waves is None:
            return None
        parts.append(waves)
        if sum(map(len, parts)) >= _MOST:
            break
    if not parts or len({part.shape[1] for part in parts}) > 1:
        return None
    return np.concatenate(parts)[:_MOST]


def _as_clips(leaf: Any) -> np.ndarray | None:
    if not isinstance(leaf, np.ndarray) or leaf.dtype.kind not in "fi":
        return None
    if leaf.ndim == 3 and leaf.shape[-1] == 1:
        leaf = leaf[..., 0]
    return leaf if leaf.ndim == 2 else None


DETECTOR = Detector((_ID,), _check)
