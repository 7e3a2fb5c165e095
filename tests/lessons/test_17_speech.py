"""Lesson 17: what it writes out is what the package does, its words are new to the encoder, and its tasks hold on many seeds."""

import numpy as np
import pytest

from tests.lessons.answers import lost_seeds, misjudged, official_answer
from tests.lessons.sources import from_lesson
from tlcourse import audio
from tlcourse.audio.layers import mel_filters
from tlcourse.tasks.tasks_17_speech import _augment_case, _gain_case, _gains, _spectrogram_case, _spectrograms, _split_case

SEEDS = [0, *range(1000, 1012)]


@pytest.mark.parametrize("rate", [8000, 16000])
def test_the_log_mel_spectrogram_of_the_lesson_is_the_layers(rng, rate):
    by_hand = from_lesson("17", "log_mel", mel_filters=mel_filters)
    sound = rng.normal(0, 0.1, rate).astype("float32")
    np.testing.assert_allclose(by_hand(sound, rate), np.asarray(audio.LogMel(rate)(sound[None]))[0], atol=0.01)


@pytest.mark.parametrize("seed", range(5))
def test_the_split_of_the_lesson_is_the_packages(rng, seed):
    speakers = rng.choice(list("abcdefg"), 60)
    by_hand = from_lesson("17", "split_by_speaker")(speakers, 0.3, seed)
    for ours, theirs in zip(by_hand, audio.split_by_speaker(speakers, 0.3, seed), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_spec_augment_of_the_lesson_hides_as_much_as_the_layer(rng):
    by_hand = from_lesson("17", "spec_augment")
    table = rng.normal(size=(60, 40)).astype("float32")
    ours = np.mean([np.mean(by_hand(table, 8, 15, rng) != table) for _ in range(400)])
    layer = audio.SpecAugment(bands=8, frames=15, masks=1, seed=0)
    theirs = np.mean(np.asarray(layer(np.repeat(table[None], 400, axis=0), training=True)) != table)
    assert ours == pytest.approx(theirs, abs=0.02)


@pytest.mark.parametrize("seed", SEEDS)
def test_each_mistake_gives_another_spectrogram_and_another_gain(seed):
    tables = list(_spectrograms(_spectrogram_case(seed).inputs).values())
    assert all(a.shape != b.shape or not np.allclose(a, b, atol=0.01) for at, a in enumerate(tables) for b in tables[:at])
    assert np.isinf(_spectrograms(_spectrogram_case(seed).inputs)["silence-without-level"]).any()
    pairs = np.array(list(_gains(_gain_case(seed).inputs).values()))
    apart = np.abs(pairs[:, None] - pairs).max(axis=-1) + np.eye(len(pairs))
    assert apart.min() > 1e-4


@pytest.mark.parametrize("seed", SEEDS)
def test_cases_have_what_the_mistakes_need(seed):
    split = _split_case(seed).inputs
    names, counts = np.unique(split["speakers"], return_counts=True)
    assert len(names) > 2 * split["held"]
    assert counts.min() >= 3
    augment = _augment_case(seed).inputs
    assert augment["frames"] != augment["bands"]


@pytest.mark.parametrize(
    ("task", "name"), [("17.1", "spectrogram"), ("17.2", "split"), ("17.3", "spec_augment"), ("17.4", "gain")]
)
def test_the_answers_of_exercise_and_bank_are_judged_alike_on_many_seeds(task, name):
    assert lost_seeds(task, official_answer(task, name), SEEDS) == {}
    assert misjudged(task, SEEDS[:5]) == []


def test_the_words_of_the_lesson_took_no_part_in_the_pretraining():
    source = audio.encoder.SOURCE_WORDS.read_text(encoding="utf-8").split()
    assert len(source) == 60
    assert not set(audio.load_spoken_words("embedded").class_names) & set(source)
