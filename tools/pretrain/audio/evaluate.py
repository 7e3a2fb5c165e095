"""Measure what the features are worth on speech of real people.

    python evaluate.py --recordings FOLDER [--encoder FILE.weights.h5] [--hub FOLDER]

FOLDER holds the Free Spoken Digit Dataset. Five draws: each picks two test speakers of six and 5 recordings a digit of the four others. One
setting for all rows: standardised features, logistic regression with C=0.1.
"""

import argparse
import itertools
from pathlib import Path

import numpy as np

from tlcourse.audio import load_audio_encoder, load_spoken_words
from tlcourse.audio.clips import Clips
from tlcourse.audio.layers import LogMel
from tlcourse.audio.loaders import SAMPLES
from tlcourse.audio.sound_files import fitted, read_sound, resample
from tlcourse.evaluate import linear_probe

PER_DIGIT, STRENGTH, DRAWS = 5, 0.1, 5


def recordings(folder):
    """Return the recordings as `Clips`."""
    files = sorted(Path(folder).rglob("[0-9]_*_*.wav"))
    parts = [file.stem.split("_") for file in files]
    sounds = np.stack([fitted(read_sound(file), SAMPLES) for file in files])
    names = tuple("0123456789")
    return Clips("fsdd", sounds, np.array([int(p[0]) for p in parts]), names, 8000, groups=np.array([p[1] for p in parts]))


def log_mel_means(waveforms):
    """Mean over time of each log-mel band, measured from the loudest place."""
    bands = np.asarray(LogMel(8000)(waveforms))
    bands = np.maximum(bands - bands.max(axis=(1, 2), keepdims=True), -60)
    return bands.mean(axis=1)


def mfcc_statistics(waveforms):
    """Mean and standard deviation over time of 13 MFCCs and of their differences."""
    from scipy.fft import dct

    bands = np.asarray(LogMel(8000)(waveforms))
    bands = np.maximum(bands - bands.max(axis=(1, 2), keepdims=True), -60)
    mfcc = dct(bands, axis=-1, norm="ortho")[..., :13]
    steps = np.diff(mfcc, axis=1)
    return np.concatenate([f(x, axis=1) for x in (mfcc, steps) for f in (np.mean, np.std)], axis=1)


def kws(folder, waveforms):
    """Log-probabilities of the MLPerf Tiny keyword spotter, from each clip centred in a second of 16,000 Hz."""
    from tlcourse.hub import HubLayer

    sounds = resample(waveforms, 8000, 16000)[:, :16000]
    ends = 16000 - np.argmax(sounds[:, ::-1] != 0, axis=1)
    sounds = np.stack([np.roll(sound, (16000 - end) // 2) for sound, end in zip(sounds, ends, strict=True)])
    inputs, layer = kws_inputs(sounds), HubLayer(folder)
    found = np.concatenate([np.asarray(layer(inputs[at : at + 64])) for at in range(0, len(inputs), 64)])
    return np.log(found + 1e-4)


def kws_inputs(sounds):
    """Normalised to the peak; 49 frames of 30 ms every 20 ms, 40 mel bands from 20 to 4,000 Hz, natural logarithm, 10 MFCCs."""
    import tensorflow as tf

    sounds = sounds / np.maximum(np.abs(sounds).max(axis=1, keepdims=True), 1e-6)
    frames = tf.signal.stft(sounds, 480, 320, fft_length=512)
    filters = tf.signal.linear_to_mel_weight_matrix(40, 257, 16000, 20.0, 4000.0)
    bands = tf.math.log(tf.tensordot(tf.abs(frames), filters, 1) + 1e-6)
    return tf.signal.mfccs_from_log_mel_spectrograms(bands)[..., :10].numpy()[:, :49, :, None]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recordings", type=Path, required=True)
    parser.add_argument("--encoder", type=Path, help="weights of a checkpoint; default: those of the package")
    parser.add_argument("--hub", type=Path, help="a SavedModel that takes (49, 10, 1)")
    options = parser.parse_args()
    data = recordings(options.recordings)
    encoder = load_audio_encoder(weights=None if options.encoder else "pretrained")
    if options.encoder:
        encoder.load_weights(options.encoder)
    random = load_audio_encoder(weights=None)
    run = lambda model, x: model.predict(x, batch_size=64, verbose=0)  # noqa: E731
    tables = {
        "log-mel, mean over time": log_mel_means(data.waveforms),
        "MFCC statistics": mfcc_statistics(data.waveforms),
        "same network, random values": run(random, data.waveforms),
        "tiny_speech": run(encoder, data.waveforms),
    }
    synthetic = load_spoken_words("embedded")
    shifted = {
        "same network, random values": run(random, synthetic.waveforms),
        "tiny_speech": run(encoder, synthetic.waveforms),
        "MFCC statistics": mfcc_statistics(synthetic.waveforms),
    }
    if options.hub:
        tables["kws_dscnn"] = kws(options.hub, data.waveforms)
    pairs = list(itertools.combinations(np.unique(data.groups), 2))
    chosen = np.random.default_rng(0).permutation(len(pairs))[:DRAWS]
    for name, table in tables.items():
        scores = []
        for draw, place in enumerate(chosen):
            test = np.flatnonzero(np.isin(data.groups, pairs[place]))
            learn = data.positions_per_class(PER_DIGIT, draw, among=np.setdiff1d(np.arange(len(data)), test))
            scores.append(linear_probe(table[learn], data.labels[learn], table[test], data.labels[test], strength=STRENGTH))
        line = f"{name:30} {np.mean(scores):.3f} ± {np.std(scores, ddof=1):.3f}"
        if name in shifted:
            across = linear_probe(shifted[name], synthetic.labels, table, data.labels, strength=STRENGTH)
            line += f"   learned from the synthetic digits: {across:.3f}"
        print(line, flush=True)


if __name__ == "__main__":
    main()
