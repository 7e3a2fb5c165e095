"""The encoder that travels with the package, and the words that it is measured with."""

import time

import numpy as np
import pytest

from tlcourse import audio
from tlcourse.audio.encoder import NUM_FEATURES, WEIGHTS_PATH
from tlcourse.audio.loaders import _EMBEDDED
from tlcourse.evaluate import linear_probe


@pytest.fixture(scope="module")
def words():
    return audio.load_spoken_words("embedded")


@pytest.fixture(scope="module")
def encoder():
    return audio.load_audio_encoder()


def test_weights_and_words_ship_within_their_limits(words):
    assert WEIGHTS_PATH.stat().st_size <= 2e6
    assert _EMBEDDED.stat().st_size <= 4e6
    assert np.bincount(words.labels).tolist() == [100] * 10
    assert len(np.unique(words.groups)) == 20
    assert 0.9 < np.abs(words.waveforms).max() <= 1
    assert not words.waveforms.flags.writeable


def test_it_loads_in_about_a_second(encoder):
    started = time.process_time()
    audio.load_audio_encoder()
    assert time.process_time() - started < 1.5


def test_features_of_new_words_and_voices_beat_random_values(words, encoder):
    train, test = audio.split_by_speaker(words.groups, 0.3, seed=0)
    learn = words.positions_per_class(3, 0, among=train)
    scores = {}
    for name, model in (("pretrained", encoder), ("random", audio.load_audio_encoder(weights=None))):
        rows, there = (np.asarray(model(words.waveforms[at], training=False)) for at in (learn, test))
        assert rows.shape == (30, NUM_FEATURES)
        scores[name] = linear_probe(rows, words.labels[learn], there, words.labels[test], strength=0.1)
    assert scores["pretrained"] > scores["random"] + 0.3


def test_loudness_does_not_matter_and_16000_hertz_hear_the_same_word(words, encoder):
    sound = words.waveforms[:8]
    features = np.asarray(encoder(sound, training=False))
    np.testing.assert_allclose(encoder(0.3 * sound, training=False), features, atol=0.05)
    wide = audio.load_audio_encoder(16000)
    there = np.asarray(wide(audio.resample(sound, 8000, 16000), training=False))
    alike = [np.corrcoef(a, b)[0, 1] for a, b in zip(features, there, strict=True)]
    assert min(alike) > 0.9


def test_a_silent_clip_gives_numbers(encoder):
    assert np.isfinite(np.asarray(encoder(np.zeros((2, 8192), "float32"), training=False))).all()


def test_damaged_weights_are_refused(tmp_path, monkeypatch):
    damaged = tmp_path / "weights.npz"
    damaged.write_bytes(WEIGHTS_PATH.read_bytes()[:-1])
    monkeypatch.setattr("tlcourse.audio.encoder.WEIGHTS_PATH", damaged)
    with pytest.raises(ValueError, match=r"damaged or of another version.*Received: sha256="):
        audio.load_audio_encoder()


@pytest.mark.parametrize("wrong", [{"sample_rate": 44100}, {"weights": "imagenet"}])
def test_unknown_arguments_are_refused(wrong):
    with pytest.raises(ValueError, match="Received: "):
        audio.load_audio_encoder(**wrong)


@pytest.mark.parametrize(
    ("values", "error", "said"),
    [
        (np.zeros((2, 9), "int16"), TypeError, "divide by 32768"),
        (np.full((2, 9), 900.0), ValueError, "divide by 32768"),
        (np.zeros((2, 9, 2)), ValueError, "Two channels"),
        (np.full((2, 9), np.nan), ValueError, "NaN"),
    ],
)
def test_waveforms_that_are_commonly_wrong_are_refused(values, error, said):
    with pytest.raises(error, match=said):
        audio.as_waveforms(values)


def test_a_split_by_speaker_keeps_speakers_apart_and_clips_together():
    speakers = np.random.default_rng(0).choice(list("abcdef"), 80)
    for seed in range(20):
        train, test = audio.split_by_speaker(speakers, 0.3, seed)
        assert sorted([*train, *test]) == list(range(80))
        assert not set(speakers[train]) & set(speakers[test])
        assert len(set(speakers[test])) == 2
    with pytest.raises(ValueError, match="two speakers or more"):
        audio.split_by_speaker(["ann"] * 4)


def test_speech_commands_are_split_by_the_published_lists(tmp_path):
    soundfile = pytest.importorskip("soundfile", reason="the extra `audio` is not installed")
    from tlcourse.audio.loaders import read_speech_commands

    for word in ("yes", "no"):
        (tmp_path / word).mkdir()
        for speaker in ("0a", "1b", "2c"):
            tone = 0.1 * np.sin(np.arange(16000) / 9)
            soundfile.write(tmp_path / word / f"{speaker}_nohash_0.wav", tone, 16000)
    (tmp_path / "validation_list.txt").write_text("yes/1b_nohash_0.wav\nno/1b_nohash_0.wav\n")
    (tmp_path / "testing_list.txt").write_text("yes/2c_nohash_0.wav\nno/2c_nohash_0.wav\n")
    for split, speaker in (("train", "0a"), ("validation", "1b"), ("test", "2c")):
        clips = read_speech_commands(tmp_path, ("yes", "no"), split, None, 0)
        assert clips.groups.tolist() == [speaker] * 2
        assert clips.labels.tolist() == [0, 1]
        assert clips.waveforms.shape == (2, 8192)
    with pytest.raises(ValueError, match="per_class=2"):
        read_speech_commands(tmp_path, ("yes", "no"), "test", 2, 0)


@pytest.mark.mirror
def test_the_mark_on_real_speech(encoder, mirror, monkeypatch):
    """Five recordings a digit of four speakers, tested on the two others: .20 above the same network at random values."""
    monkeypatch.setenv("TLCOURSE_MIRROR", str(mirror))
    digits = audio.load_spoken_words("full")
    assert len(digits) == 1800
    assert len(np.unique(digits.groups)) == 6

    def run(model):
        starts = range(0, len(digits), 100)
        return np.concatenate([np.asarray(model(digits.waveforms[at : at + 100], training=False)) for at in starts])

    tables, scores = [run(encoder), run(audio.load_audio_encoder(weights=None))], []
    for draw in range(3):
        train, test = audio.split_by_speaker(digits.groups, 0.3, draw)
        learn = digits.positions_per_class(5, draw, among=train)
        given = [(t[learn], digits.labels[learn], t[test], digits.labels[test]) for t in tables]
        scores.append([linear_probe(*each, strength=0.1) for each in given])
    mean = np.mean(scores, axis=0)
    assert mean[0] > mean[1] + 0.2
