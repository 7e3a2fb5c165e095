"""What the cases of lesson 14 need so that each mistake shows, on every seed that a grader may draw."""

import numpy as np
import pytest

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
