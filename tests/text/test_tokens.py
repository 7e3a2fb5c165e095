"""From texts to tokens, and from tokens back to words and characters."""

from __future__ import annotations

import numpy as np
import pytest

from tlcourse.text import IGNORED, align_tags, best_span, load_text_encoder, tags_of_words


def test_every_token_knows_the_characters_it_came_from(encoder):
    text = "The OLD dogs ran."
    tokens = encoder.encode([text], length=16)
    pieces = [
        text[a:b].lower() for a, b, word in zip(tokens.starts[0], tokens.ends[0], tokens.words[0], strict=True) if word >= 0
    ]
    assert pieces == ["the", "old", "dog", "s", "ran", "."]
    assert tokens.mask[0].sum() == len(pieces) + 2
    assert (tokens.ids[0][~tokens.mask[0]] == 0).all()


def test_words_given_as_words_are_numbered_as_given(encoder):
    tokens = encoder.encode([["Anna's", "dog", "barking"]], length=16)
    words = tokens.words[0]
    assert sorted(set(words[words >= 0])) == [0, 1, 2]
    assert (np.diff(words[words >= 0]) >= 0).all()
    assert (words == 0).sum() == 3  # anna ' s


def test_the_second_text_of_a_pair_is_the_one_that_is_cut(encoder):
    tokens = encoder.encode(["who is it?"], ["the old dog " * 20], length=20)
    first = tokens.segments[0] == 0
    assert tokens.mask[0].all()
    assert (first & (tokens.words[0] >= 0)).sum() == 4
    assert (~first).sum() == 20 - 6


@pytest.mark.parametrize(
    ("texts", "seconds", "options", "error", "message"),
    [
        ("one text", None, {}, TypeError, r"pass \[text\]"),
        (["a"], "one text", {}, TypeError, r"pass \[text\]"),
        (["a"], None, {"length": 49}, ValueError, "between 3 and 48"),
        (["a"], None, {"length": 2}, ValueError, "length=2"),
        ([], None, {}, ValueError, r"Received: len\(texts\)=0"),
        (["a"], ["b", "c"], {}, ValueError, r"second text for each of 1. Received: len\(seconds\)=2"),
    ],
)
def test_texts_that_cannot_be_encoded_are_refused(encoder, texts, seconds, options, error, message):
    with pytest.raises(error, match=message):
        encoder.encode(texts, seconds, **{"length": 16} | options)


def test_only_the_first_token_of_a_word_has_its_tag(encoder):
    names = ["O", "B-person"]
    tokens = encoder.encode([["Anna's", "dog"], ["ran"]], length=10)
    labels = align_tags([["B-person", "O"], ["O"]], tokens, names)
    assert labels[0].tolist() == [IGNORED, 1, IGNORED, IGNORED, 0, *[IGNORED] * 5]
    assert labels[1].tolist() == [IGNORED, 0, *[IGNORED] * 8]


def test_tags_go_to_tokens_and_back(encoder):
    rng = np.random.default_rng(0)
    names = ["O", "B-person", "I-person", "B-place"]
    sentences = [["Anna's", "barking", "dog", "ran", "."], ["Rome"], ["who", "is", "it", "?"]]
    tags = [[names[rng.integers(4)] for _ in words] for words in sentences]
    tokens = encoder.encode(sentences, length=24)
    labels = align_tags(tags, tokens, names)
    logits = np.eye(4)[np.where(labels == IGNORED, rng.integers(0, 4, labels.shape), labels)]  # later pieces say anything
    assert tags_of_words(logits, tokens, names, [len(words) for words in sentences]) == tags


def test_words_that_were_cut_off_are_outside_of_names(encoder):
    tokens = encoder.encode([["dog"] * 9], length=5)
    logits = np.zeros((1, 5, 2))
    logits[..., 1] = 1
    assert tags_of_words(logits, tokens, ["O", "B-person"], [9]) == [["B-person"] * 3 + ["O"] * 6]


def test_tags_that_do_not_fit_are_refused(encoder):
    tokens = encoder.encode([["dog", "ran"]], length=8)
    with pytest.raises(ValueError, match=r"tags \['B-cat'\]"):
        align_tags([["B-cat", "O"]], tokens, ["O"])
    with pytest.raises(ValueError, match="2 words or more, but 1 tags"):
        align_tags([["O"]], tokens, ["O"])
    with pytest.raises(ValueError, match="tags for 1 sentences"):
        align_tags([], tokens, ["O"])


def brute_force_span(start, end, allowed, longest):
    pairs = [
        (start[i] + end[j], -i, -j)
        for i in range(len(start))
        for j in range(i, min(i + longest, len(start)))
        if allowed[i] and allowed[j]
    ]
    _, i, j = max(pairs)
    return -i, -j


@pytest.mark.parametrize("seed", range(20))
def test_the_best_span_is_in_order_allowed_and_not_too_long(seed):
    rng = np.random.default_rng(seed)
    start, end, allowed = rng.normal(size=12), rng.normal(size=12), rng.random(12) < 0.7
    allowed[rng.integers(12)] = True
    longest = int(rng.integers(1, 6))
    first, last = best_span(start, end, allowed, longest)
    assert (first, last) == brute_force_span(start, end, allowed, longest)
    assert first <= last < first + longest
    assert allowed[first]
    assert allowed[last]


def test_no_span_without_a_place():
    with pytest.raises(ValueError, match="No token is allowed"):
        best_span(np.zeros(3), np.zeros(3), np.zeros(3, bool))
    with pytest.raises(ValueError, match="longest=0"):
        best_span(np.zeros(3), np.zeros(3), np.ones(3, bool), 0)


def test_tokens_are_those_of_keras_hub(preset, encoder):
    import keras_hub

    from tlcourse.datasets.reading import read_written_reviews

    theirs = keras_hub.models.BertTokenizer.from_preset(str(preset))
    for text in ["The OLD dogs ran, didn't they?", *read_written_reviews("films")[0][:40]]:
        tokens = encoder.encode([text], length=48)
        mine = tokens.ids[0][tokens.mask[0]][1:-1].tolist()
        assert mine == np.asarray(theirs(text)).tolist()[: len(mine)]


def test_accents_are_taken_away_as_in_the_training_of_uncased_berts(encoder):
    plain, accented = (encoder.encode([text], length=16).ids.tolist() for text in ("Cafe naive", "Café naïve"))
    assert plain == accented


def test_an_unknown_encoder_lists_those_that_exist():
    with pytest.raises(ValueError, match=r"The table has: tiny_bert, bert_tiny, bert_small.*Received: name='bert_huge'"):
        load_text_encoder("bert_huge")
    with pytest.raises(ValueError, match="weights='imagenet'"):
        load_text_encoder(weights="imagenet")
