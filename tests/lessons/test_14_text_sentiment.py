"""Lesson 14: what it writes out is what the package does, and its cases show each mistake, on every seed."""

import numpy as np
import pytest

from tests.lessons.sources import from_lesson
from tlcourse.tasks.tasks_14_text_sentiment import (
    _CLUBS,
    _FIRST_WORD,
    _PAD,
    _TEST_WORDS,
    _bag_case,
    _bags,
    _columns,
    _mask_case,
    _mean_case,
    _scatter_case,
    _together,
)

SEEDS = [0, *range(1000, 1020)]


@pytest.mark.parametrize("seed", SEEDS)
def test_each_mistake_in_counting_gives_other_tables(seed):
    inputs = _bag_case(seed).inputs
    names = ("", "list-from-test-too", "capitals-kept", "present-or-not", "column-for-unknown", "two-lists")
    tables = [_bags(inputs, name) for name in names]
    assert tables[-1][0].shape[1] != tables[-1][1].shape[1]
    shown = [_columns(pair) for pair in tables[:-1]]
    assert all(a != b for place, a in enumerate(shown) for b in shown[:place])


@pytest.mark.parametrize("seed", SEEDS)
def test_one_test_text_has_no_known_word_and_another_knows_some(seed):
    inputs = _bag_case(seed).inputs
    assert set(inputs["test"][4].lower().split()) <= set(_TEST_WORDS)
    train, test = _bags(inputs)
    assert test[4].sum() == 0
    assert test[1].sum() >= 3
    assert train.max() >= 3


@pytest.mark.parametrize("seed", SEEDS)
def test_texts_to_mask_have_padding_and_the_first_words_are_words_in_all(seed):
    ids = _mask_case(seed).inputs["ids"]
    assert 0.1 < np.mean(ids == _PAD) < 0.6
    assert (ids[:, 1:6] >= _FIRST_WORD).all()
    assert (np.sum(ids == 3, axis=1) == 1).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_words_keep_to_their_club_and_a_fair_deal_mixes_them(seed):
    sentences = _scatter_case(seed).inputs["sentences"]
    assert _together(sentences) == 1
    assert len({len(sentence) for sentence in sentences}) > 2
    words = iter(np.random.default_rng(seed).permutation([word for sentence in sentences for word in sentence]))
    dealt = [[str(next(words)) for _ in sentence] for sentence in sentences]
    assert _together(dealt) < 0.57  # the task draws its line at 0.62
    assert {word for sentence in sentences for word in sentence} >= {*_CLUBS[0], *_CLUBS[1]}


@pytest.mark.parametrize("seed", SEEDS)
def test_states_hold_an_empty_text_a_full_one_and_padding_that_counts(seed):
    inputs = _mean_case(seed).inputs
    words = inputs["real"].sum(axis=1)
    assert (words[2], words[4]) == (inputs["real"].shape[1], 0)
    assert inputs["states"][~inputs["real"]].mean() > inputs["states"][inputs["real"]].mean() + 10


@pytest.mark.parametrize("folder", ["lessons", "exercises"])
def test_the_mean_over_words_of_lesson_14_is_that_of_the_package(rng, folder):
    from tlcourse.text.layers import MeanOverTokens

    by_hand = from_lesson("14", "mean_over_words", folder=folder)
    states = rng.normal(2, 1, (6, 9, 5)).astype("float32")
    real = np.arange(9)[None] < rng.integers(1, 9, 6)[:, None]
    if folder == "exercises":
        real[3] = False  # a text without a word
    states[~real] += 50
    np.testing.assert_allclose(by_hand(states, real), MeanOverTokens()(states, real), rtol=1e-5, atol=1e-6)
