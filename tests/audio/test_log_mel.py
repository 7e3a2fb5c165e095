"""The log-mel layer is librosa's, less a constant; loudness and sample rate do not change what the encoder sees; SpecAugment hides."""

import keras
import numpy as np
import pytest

from tlcourse.audio.layers import LevelFromPeak, LogMel, SpecAugment, hertz_to_mel, mel_filters, mel_to_hertz


def noise_and_tones(rng, rate, seconds=1.0):
    time = np.arange(int(rate * seconds)) / rate
    tones = sum(a * np.sin(2 * np.pi * f * time) for a, f in ((0.3, 220), (0.2, 1000), (0.1, 3100)))
    return (tones + 0.01 * rng.normal(size=time.shape)).astype("float32")


@pytest.mark.parametrize("rate", [8000, 16000])
def test_log_mel_is_librosas_to_a_tenth_of_a_decibel(rng, rate):
    librosa = pytest.importorskip("librosa", reason="the development extra is not installed")
    sound = noise_and_tones(rng, rate)
    layer = LogMel(rate)
    ours = np.asarray(layer(sound[None]))[0]
    power = librosa.feature.melspectrogram(
        y=sound, sr=rate, n_fft=layer.fft_length, win_length=layer.window_length, hop_length=layer.hop_length, center=False,
        power=2, n_mels=40, fmin=60, fmax=3800,
    )  # fmt: skip
    window = librosa.filters.get_window("hann", layer.window_length).sum()
    theirs = librosa.power_to_db(power / window**2, amin=1e-14, top_db=None).T
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() < 0.1


def test_log_mel_keeps_the_values_that_librosa_0_11_gave():
    """Values of the test above at two places, kept for where librosa is missing."""
    time = np.arange(8000) / 8000
    sound = (0.3 * np.sin(2 * np.pi * 220 * time) + 0.1 * np.sin(2 * np.pi * 3100 * time)).astype("float32")
    ours = np.asarray(LogMel(8000)(sound[None]))[0]
    assert ours.shape == (97, 40)
    np.testing.assert_allclose([ours[10, 3], ours[50, 36]], LIBROSA, atol=0.1)


LIBROSA = [-39.84, -47.52]


def test_a_layer_of_keras_differs_from_librosa_where_ours_does_not(rng):
    """Keras 3.15: decibels on HTK's scale, no norm, relative to the loudest place. The trap that the layer exists for."""
    sound = noise_and_tones(rng, 8000)
    theirs = keras.layers.MelSpectrogram(
        fft_length=256, sequence_stride=80, sequence_length=200, sampling_rate=8000, num_mel_bins=40, min_freq=60, max_freq=3800
    )
    ours = np.asarray(LogMel(8000)(sound[None]))[0]
    raw = np.asarray(theirs(sound[None]))[0].T
    frames = min(len(ours), len(raw))
    apart = raw[:frames] - ours[:frames]
    assert np.abs(apart - np.median(apart)).max() > 5


def test_filters_have_equal_area_and_mel_is_inverted():
    hertz = np.linspace(10, 7900, 50)
    np.testing.assert_allclose(mel_to_hertz(hertz_to_mel(hertz)), hertz, rtol=1e-9)
    area = mel_filters(8000, 4096, 40, 60, 3800).sum(axis=0) * 8000 / 4096
    np.testing.assert_allclose(area, 1, atol=0.02)


def test_twice_as_loud_is_six_decibels_more_and_nothing_after_the_peak(rng):
    sound = noise_and_tones(rng, 8000)[None]
    bands = np.asarray(LogMel()(sound))
    np.testing.assert_allclose(np.asarray(LogMel()(2 * sound)) - bands, 20 * np.log10(2), atol=1e-2)
    level = LevelFromPeak()
    np.testing.assert_allclose(level(LogMel()(sound * 0.1)), level(bands), atol=1e-3)
    assert float(np.max(level(bands))) == pytest.approx(1)


def test_a_shift_by_whole_hops_shifts_the_frames(rng):
    sound = noise_and_tones(rng, 8000)
    layer = LogMel()
    late = np.asarray(layer(np.pad(sound, (5 * layer.hop_length, 0))[None]))[0]
    np.testing.assert_allclose(late[5:], np.asarray(layer(sound[None]))[0], atol=1e-2)


def test_both_sample_rates_show_the_same_frames():
    level = {}
    for rate in (8000, 16000):
        time = np.arange(rate) / rate
        sound = np.sin(2 * np.pi * 500 * time) * 0.5 + np.sin(2 * np.pi * 1800 * time) * 0.1
        level[rate] = np.asarray(LogMel(rate)(sound[None].astype("float32")))[0]
    frames = min(len(table) for table in level.values())
    loud = level[8000][:frames] > -50
    assert np.abs(level[8000][:frames] - level[16000][:frames])[loud].max() < 1.5


@pytest.mark.parametrize("wrong", [{"high": 4100}, {"low": 3800}, {"low": -1.0}])
def test_bands_outside_of_what_the_rate_can_hold_are_refused(wrong):
    with pytest.raises(ValueError, match="Received: low="):
        LogMel(8000, **wrong)


def test_spec_augment_hides_bands_and_frames_in_training_only(rng):
    table = rng.normal(size=(64, 97, 40)).astype("float32")
    layer = SpecAugment(bands=8, frames=15, masks=1, seed=0)
    np.testing.assert_array_equal(layer(table), table)
    found = np.asarray(layer(table, training=True))
    hidden = found != table
    bands, frames = hidden.all(axis=1).sum(axis=1), hidden.all(axis=2).sum(axis=1)
    assert bands.max() == 8
    assert frames.max() == 15
    assert bands.min() == 0
    assert (hidden == (hidden.all(axis=1, keepdims=True) | hidden.all(axis=2, keepdims=True))).all()
    widths = [np.diff(np.flatnonzero(row)) for row in hidden.all(axis=1)]
    assert all((steps == 1).all() for steps in widths), "one mask hides neighbouring bands"
    mean = table.mean(axis=(1, 2))
    for row in range(64):
        np.testing.assert_allclose(found[row][hidden[row]], mean[row], atol=1e-5)
    assert (np.asarray(layer(table, training=True)) != found).any(), "other masks in the next pass"


def test_spec_augment_of_two_clips_differs(rng):
    table = np.tile(rng.normal(size=(1, 50, 40)), (8, 1, 1)).astype("float32")
    found = np.asarray(SpecAugment(seed=1)(table, training=True))
    assert len(np.unique(found.reshape(8, -1), axis=0)) == 8


@pytest.mark.parametrize("layer", [LogMel(16000, bands=20), LevelFromPeak(40.0), SpecAugment(3, 4, 1, seed=2)])
def test_layers_are_built_again_from_their_config(layer):
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
