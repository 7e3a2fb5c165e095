"""Make the embedded data set of `load_spoken_words`: ten digits in twenty voices that the pretraining never heard.

    python spoken_words.py [--to tlcourse/audio/data/spoken_words.npz]

A voice is a variant with an accent, a pitch, a length of the vocal tract, and a room and microphone of its own, as each speaker of a
collected data set records at home. Its five takes of a word differ in speed, pitch and noise. 8,000 Hz, 8 bit by the mu-law (ITU-T G.711).
"""

import argparse
import json
from pathlib import Path

import numpy as np
from augment import RATE, SAMPLES, microphone, noise, room
from corpus import ACCENTS, TRAIN_VARIANTS, WORDS, clip
from scipy import fft

SEED = 1
DIGITS = "zero one two three four five six seven eight nine".split()
VARIANTS = (
    "f2 f4 m2 m4 m6 klatt3 klatt5 Alicia belinda benjamin paul miguel robert victor Mike UniRobot robosoft5 announcer Demonic "
    "AnxiousAndy"
).split()
TAKES = 5


def mu_law(sound):
    """Return uint8: 8-bit mu-law of -1..1."""
    return np.round((np.sign(sound) * np.log1p(255 * np.abs(sound)) / np.log(256) + 1) * 127.5).astype("uint8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--to", type=Path, default=Path(__file__).parents[3] / "tlcourse/audio/data/spoken_words.npz")
    options = parser.parse_args()
    assert not set(VARIANTS) & set(TRAIN_VARIANTS)
    assert not set(DIGITS) & set(WORDS)
    rng = np.random.default_rng(SEED)
    sounds, labels, voices, accents = [], [], [], []
    for voice, variant in enumerate(VARIANTS):
        accent, warp, pitch = ACCENTS[voice % len(ACCENTS)], rng.uniform(0.86, 1.16), rng.integers(20, 80)
        place = room(1, rng)[0] * microphone(1, rng)[0]
        decibels = rng.uniform(20, 45)
        for label, word in enumerate(DIGITS):
            for _ in range(TAKES):
                spoken = clip(word, accent, variant, int(rng.integers(130, 230)), int(pitch + rng.integers(-10, 11)), warp)
                length = min(len(spoken) + 240, SAMPLES)
                sound = fft.irfft(fft.rfft(spoken[:SAMPLES], 2 * SAMPLES) * place)[:length]
                sound = sound / np.sqrt(np.mean(sound**2)) + noise(1, rng)[0, :length] * 10 ** (-decibels / 20)
                sounds.append(mu_law(sound / np.abs(sound).max() * rng.uniform(0.3, 0.95)))
                labels.append(label)
                voices.append(voice)
                accents.append(ACCENTS.index(accent))
    starts = np.cumsum([0] + [len(sound) for sound in sounds])
    options.to.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        options.to,
        sound=np.concatenate(sounds),
        starts=starts.astype("int32"),
        labels=np.array(labels, "uint8"),
        voices=np.array(voices, "uint8"),
        accents=np.array(accents, "uint8"),
        names=np.array(json.dumps([DIGITS, VARIANTS, ACCENTS])),
    )
    seconds = np.diff(starts) / RATE
    print(
        f"{len(sounds)} clips, {seconds.mean():.2f} s each, longest {seconds.max():.2f}, {options.to.stat().st_size / 1e6:.2f} MB"
    )


if __name__ == "__main__":
    main()
