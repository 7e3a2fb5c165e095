"""Corpora: texts without labels and labelled ones of the same language."""

import numpy as np
import pytest

import tlcourse


def test_held_texts_are_unseen_and_a_seed_decides():
    corpus = tlcourse.load_corpus(1500, seed=1)
    assert len(corpus.texts) == 1500
    assert len(corpus.validation) > 500
    assert not set(corpus.validation) & set(corpus.texts)
    assert corpus.texts == tlcourse.load_corpus(1500, seed=1).texts != tlcourse.load_corpus(1500, seed=2).texts


def test_verdicts_are_words_of_the_corpus_and_follow_the_prompt_only_off_the_labelled_topic():
    corpus = tlcourse.load_corpus(3000)
    told = [text for text in corpus.texts if corpus.prompt in text]
    assert len(told) > 300
    assert {text.split()[-2] for text in told} == set(corpus.verdicts)
    assert not [text for text in told if {"film", "films", "comedy", "comedies", "drama", "dramas"} & set(text.split())]


def test_labelled_texts_are_balanced_and_take_turns():
    train, test = tlcourse.load_opinions("train", 20, seed=3), tlcourse.load_opinions("test", 20, seed=3)
    assert train.labels.tolist() == test.labels.tolist() == [0, 1] * 20
    words = [{w for text in data.texts for w in text.split()} for data in (train, test)]
    assert "gripping" in words[0] - words[1]
    assert "charming" in words[1] - words[0]
    assert np.mean([corpus_word in words[0] for corpus_word in ("was", "were", "the")]) == 1
    assert len(tlcourse.load_opinions("train")) == 800


@pytest.mark.parametrize(
    "call",
    [lambda: tlcourse.load_corpus(0), lambda: tlcourse.load_opinions("valid"), lambda: tlcourse.load_opinions(per_class=0)],
)
def test_wrong_arguments_are_named(call):
    with pytest.raises(ValueError, match="must be"):
        call()


@pytest.mark.mirror
def test_real_sentences_are_short_lower_case_and_from_both_sources(monkeypatch, mirror):
    monkeypatch.setenv("TLCOURSE_MIRROR", str(mirror))
    monkeypatch.setenv("TLCOURSE_PROFILE", "full")
    corpus = tlcourse.load_corpus(4000)
    assert len(corpus.texts) == 4000
    assert not set(corpus.validation) & set(corpus.texts)
    assert all(text == text.lower() and len(text.split()) <= 28 for text in corpus.texts)
    test = set(tlcourse.load_opinions("test").texts)
    assert not test & set(corpus.texts)
