"""Room, microphone, noise and place: what separates a synthetic clip from a recording."""

import numpy as np
from scipy import fft

RATE = 8000
SAMPLES = 8192
BANDS = np.linspace(0, RATE / 2, SAMPLES + 1, dtype="float32")  # of the transform of twice the length


def batch_of(clips, chosen, rng):
    """Return `(len(chosen), SAMPLES)` waveforms: each clip somewhere in its second, in a room, through a microphone, with noise."""
    batch = np.zeros((len(chosen), SAMPLES), "float32")
    for row, index in enumerate(chosen):
        sound = clips[index][:SAMPLES].astype("float32") / 32768
        start = rng.integers(0, SAMPLES - len(sound) + 1)
        if rng.random() < 0.5:  # many real clips begin with the word and are padded behind it
            start = min(start, int(rng.integers(0, 800)))
        batch[row, start : start + len(sound)] = sound
    spectrum = fft.rfft(batch, 2 * SAMPLES) * room(len(chosen), rng) * microphone(len(chosen), rng)
    clean = fft.irfft(spectrum)[:, :SAMPLES]
    level = np.sqrt(np.mean(clean**2, axis=1, keepdims=True)) + 1e-6
    decibels = rng.uniform(0, 45, (len(chosen), 1))
    noisy = clean / level + noise(len(chosen), rng) * (10 ** (-decibels / 20)).astype("float32")
    clipped = rng.random((len(chosen), 1)) < 0.1
    noisy = np.where(clipped, np.clip(noisy, -1.5, 1.5), noisy)
    return (noisy * 0.05).astype("float32")


def room(count, rng):
    """Transform of a direct sound and an exponentially fading tail of 20 to 250 ms."""
    time = np.arange(2000, dtype="float32") / RATE
    fade = np.exp(-time[None] / rng.uniform(0.005, 0.06, (count, 1)).astype("float32"))
    tail = rng.standard_normal((count, 2000), "float32") * fade
    strength = rng.uniform(0, 1.2, (count, 1)) * (rng.random((count, 1)) < 0.7)
    tail *= strength.astype("float32") / np.sqrt((tail**2).sum(1, keepdims=True))
    tail[:, 0] += 1
    return fft.rfft(tail, 2 * SAMPLES)


def microphone(count, rng):
    """Gain over frequency: six random points, and a band that begins at 20 to 300 and ends at 2,600 to 4,000 Hz."""
    points = rng.normal(0, 5, (count, 6))
    coarse = BANDS[::16]
    gain = np.stack([np.interp(coarse, np.linspace(0, RATE / 2, 6), row) for row in points])
    low, high = rng.uniform(20, 300, (count, 1)), rng.uniform(2600, 4000, (count, 1))
    gain -= 24 * np.maximum(0, np.log2(low / np.maximum(coarse, 1)[None])) + 24 * np.maximum(0, (coarse - high) / 400)
    return np.repeat(10 ** (gain.astype("float32") / 20), 16, axis=1)[:, : len(BANDS)]


def noise(count, rng):
    """Noise of power 1 whose spectrum falls with a random slope, hum among it at times."""
    white = fft.rfft(rng.standard_normal((count, SAMPLES), "float32"))
    slope = rng.uniform(0, 1.2, (count, 1)).astype("float32")
    fall = np.log1p(np.arange(white.shape[1], dtype="float32") / 50)
    noise = fft.irfft(white * np.exp(-slope * fall))
    noise /= np.sqrt(np.mean(noise**2, axis=1, keepdims=True))
    hum = np.sin(2 * np.pi * rng.choice([50, 60, 100, 120], (count, 1)) * np.arange(SAMPLES)[None] / RATE, dtype="float32")
    strength = rng.uniform(0, 2, (count, 1)) * (rng.random((count, 1)) < 0.2)
    return noise + hum * strength.astype("float32")
