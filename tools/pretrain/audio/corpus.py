"""Let espeak-ng speak the words of the pretraining.

    python corpus.py --work FOLDER

Leaves words.npz in FOLDER: 60 words in voices (accent and variant) that the embedded data set does not use. Every clip has a speed, a
pitch and a warp of its own; a warp plays the clip faster or slower, which moves its formants as a longer or shorter vocal tract does.
"""

import argparse
import io
import subprocess
import wave
from fractions import Fraction
from pathlib import Path

import numpy as np
from scipy.signal import resample_poly

SEED = 0
RATE = 8000
WORDS = (
    "water paper music yellow window garden summer winter apple river mountain table chair kitchen bottle coffee orange banana "
    "market letter number pencil teacher student morning evening holiday train airplane bicycle engine hammer silver golden purple "
    "green black white bread cheese fish horse monkey tiger rabbit snow rain thunder shoe shirt jacket finger shoulder heart voice "
    "laugh think jump swim sleep"
).split()
ACCENTS = ("en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-029", "en-us-nyc")
TRAIN_VARIANTS = (
    "f1 f3 f5 m1 m3 m5 m7 m8 klatt klatt2 klatt4 klatt6 Alex Andrea Andy Annie Denis Diogo Gene Henrique Hugo Jacky Lee Marco Mario "
    "Michael Nguyen RicishayMax Storm Tweaky adam anika antonio aunty boris caleb croak david ed edward grandma grandpa gustave iven "
    "iven2 john kaukovalta linda marcelo max michel norbert pablo pedro quincy rob robosoft sandro shelby steph travis whisper zac"
).split()
CLIPS_PER_WORD = 240


def speak(word, accent, variant, speed, pitch):
    """Return the mono waveform in -1..1 at 22,050 Hz."""
    command = ["espeak-ng", "-v", f"{accent}+{variant}", "-s", str(speed), "-p", str(pitch), "--stdout", word]
    with wave.open(io.BytesIO(subprocess.run(command, check=True, capture_output=True).stdout)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype("float32") / 32768, file.getframerate()


def clip(word, accent, variant, speed, pitch, warp=1.0):
    """Return the word at 8,000 Hz, warped, silence at both ends cut."""
    sound, rate = speak(word, accent, variant, speed, pitch)
    ratio = Fraction(RATE / rate / warp).limit_denominator(500)
    sound = resample_poly(sound, ratio.numerator, ratio.denominator)
    loud = np.flatnonzero(np.abs(sound) > 0.01 * np.abs(sound).max())
    return sound[loud[0] : loud[-1] + 1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(SEED)
    clips, labels, groups = [], [], []
    for label, word in enumerate(WORDS):
        for _ in range(CLIPS_PER_WORD):
            accent, variant = rng.choice(ACCENTS), rng.choice(TRAIN_VARIANTS)
            speed, pitch, warp = int(rng.integers(110, 260)), int(rng.integers(0, 100)), float(rng.uniform(0.82, 1.22))
            try:
                sound = clip(word, accent, variant, speed, pitch, warp)
            except (IndexError, ZeroDivisionError):
                continue
            clips.append((sound / np.abs(sound).max() * 32000).astype("int16")[: 12 * RATE // 10])
            labels.append(label)
            groups.append(TRAIN_VARIANTS.index(variant))
        print(word, len(clips), flush=True)
    starts = np.cumsum([0] + [len(sound) for sound in clips])
    np.savez(options.work / "words.npz", sound=np.concatenate(clips), starts=starts, labels=labels, groups=groups)
    print(f"{len(clips)} clips, {starts[-1] / RATE / 3600:.2f} hours, {np.mean(np.diff(starts)) / RATE:.2f} s each")


if __name__ == "__main__":
    main()
