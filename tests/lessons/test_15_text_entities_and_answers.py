"""Lesson 15: what it writes out is what the package does, and its cases separate the mistakes, on every seed."""

from __future__ import annotations

import json
from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pytest

from tests.lessons.sources import from_lesson
from tlcourse import evaluate
from tlcourse.evaluate import entity_scores, entity_spans
from tlcourse.tasks import tasks_15_text_entities_and_answers as tasks

SEEDS = [0, *range(1000, 1025)]


def told_apart(results):
    """Tell which two of the named results are the same one."""
    texts = {name: json.dumps(result, sort_keys=True) for name, result in results.items()}
    return [pair for pair in combinations(texts, 2) if texts[pair[0]] == texts[pair[1]]]


@pytest.mark.parametrize("seed", SEEDS)
def test_no_two_mistakes_in_labels_look_alike(seed):
    rows = tasks._align_case(seed).inputs["rows"]
    variants = [(name, rest) for name in ("", *tasks._ALIGN_VARIANTS) for rest in (-1, 0, -100)]
    labels = {f"{name} {rest}": [tasks._aligned(row, name, rest) for row in rows] for name, rest in variants}
    alike = [pair for pair in told_apart(labels) if not all(name.startswith("no [CLS]") for name in pair)]  # one mistake
    assert alike == []


@pytest.mark.parametrize("seed", SEEDS)
def test_the_rows_hold_what_they_are_there_for(seed):
    tiny, short, subwords, empty, fits, inside, between = tasks._align_case(seed).inputs["rows"]
    assert (tiny["subwords"], len(tiny["tags"])) == ([2, 1], 2)
    assert set(short["subwords"]) == {1}
    assert max(subwords["subwords"]) > 1
    assert 0 in empty["subwords"]
    assert sum(fits["subwords"]) + 2 == fits["length"]
    room = inside["length"] - 2 - sum(inside["subwords"][:-2])
    assert 0 < room < inside["subwords"][-2]  # the last but one is cut in its middle
    assert between["length"] - 2 == sum(between["subwords"][:-1])
    assert all(len(tasks._aligned(row)) == row["length"] for row in (short, subwords, empty, fits, inside, between))


@pytest.mark.parametrize("seed", SEEDS)
def test_no_two_mistakes_in_scores_look_alike(seed):
    rounds = tasks._names_case(seed).inputs["rounds"]
    names = ["", *(name for name in tasks._NAMES_VARIANTS if name not in ("divided-by-zero", "kinds-missing"))]
    assert told_apart({name: [tasks._name_scores(one, name) for one in rounds] for name in names}) == []
    silent = [one for one in rounds if set(tasks._name_scores(one)) == {"all"}]
    assert [tasks._name_scores(one) for one in silent] == [{"all": 0.0}]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_scores_asked_for_are_those_of_the_package(seed):
    for one in tasks._names_case(seed).inputs["rounds"]:
        assert tasks._name_scores(one)["all"] == pytest.approx(entity_scores(one["true"], one["said"]).f1)
        assert all(tasks._spans(tags) == entity_spans(tags) for side in one.values() for tags in side)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_two_mistakes_in_spans_look_alike(seed):
    rounds = tasks._best_case(seed).inputs["rounds"]
    names = ["", *(name for name in tasks._BEST_MISTAKES if name not in ("too-few", "too-many", "ends-chosen-apart"))]
    assert told_apart({name: [tasks._best(one, name) for one in rounds] for name in names}) == []
    counts = [(len(tasks._best(one)), one["count"]) for one in rounds]
    assert any(found < wanted for found, wanted in counts)  # fewer spans than asked for
    assert any(found == wanted > 1 for found, wanted in counts)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_best_of_the_spans_is_the_best_of_all_that_are_valid(seed):
    for one in tasks._best_case(seed).inputs["rounds"]:
        places = [i for i, inside in enumerate(one["inside"]) if inside]
        valid = {(i, j): one["start"][i] + one["end"][j] for i in places for j in places if 1 <= j - i + 1 <= one["longest"]}
        first = tuple(tasks._best(one)[0])
        assert valid[first] == max(valid.values())
        assert [valid[tuple(span)] for span in tasks._best(one)] == sorted(valid.values(), reverse=True)[: one["count"]]


@pytest.fixture
def tagged(rng):
    """Four sentences as made-up tokens: words of one to three subwords, one of none, and a row that was cut; and tags of the words."""
    from tlcourse.text import Tokens

    names = ["O", "B-person", "I-person", "B-place", "I-place"]
    words, tags = np.full((4, 12), -1), []
    for row in range(4):
        count = int(rng.integers(4, 8))
        subwords = rng.integers(1, 4, count)
        subwords[1] = 0
        numbers = np.repeat(np.arange(count), subwords)[:10]
        words[row, 1 : 1 + len(numbers)] = numbers
        tags.append([names[rng.integers(5)] for _ in range(count)])
    rest = np.zeros((4, 12), "int32")
    return tags, Tokens(rest, rest, words >= 0, words, rest, rest), names


def test_the_labels_of_lesson_15_are_those_of_the_package(rng, tagged):
    from tlcourse.text import align_tags, tags_of_words

    tags, tokens, names = tagged
    firsts = from_lesson("15", "first_subwords")
    labels = from_lesson("15", "align", first_subwords=firsts)(tags, tokens, names)
    np.testing.assert_array_equal(labels, align_tags(tags, tokens, names))
    logits, counts = rng.normal(size=(*labels.shape, len(names))), [len(row) for row in tags]
    back = from_lesson("15", "read_tags", first_subwords=firsts)(logits, tokens, names, counts)
    assert back == tags_of_words(logits, tokens, names, counts)


def test_the_scores_of_entities_of_lesson_15_and_of_its_exercise_are_those_of_the_package(rng):
    names = ["O", "B-person", "I-person", "B-place", "I-place"]
    entities_in = from_lesson("15", "entities_in")
    true, said = ([[names[i] for i in rng.integers(0, 5, 9)] for _ in range(6)] for _ in range(2))
    said[0] = true[0]
    assert all(entities_in(tags) == evaluate.entity_spans(tags) for tags in (*true, *said))
    theirs = evaluate.entity_scores(true, said)
    assert from_lesson("15", "score_entities", entities_in=entities_in)(true, said) == pytest.approx(theirs)
    assert from_lesson("15", "entity_scores", folder="exercises")(true, said)["all"] == pytest.approx(theirs.f1)


def test_the_best_span_of_lesson_15_and_of_its_exercise_is_that_of_the_package(rng):
    from tlcourse.text import best_span

    start, end, allowed = rng.normal(size=20), rng.normal(size=20), rng.random(20) < 0.6
    theirs = best_span(start, end, allowed, 4)
    assert from_lesson("15", "best_span")(start, end, allowed, 4) == theirs
    assert from_lesson("15", "best_spans", folder="exercises")(start, end, allowed, 4, 3)[0] == theirs


def test_the_scores_of_answers_of_lesson_15_are_those_of_the_package():
    import string
    from collections import Counter

    plain_words = from_lesson("15", "plain_words", string=string)
    word_f1 = from_lesson("15", "word_f1", plain_words=plain_words, Counter=Counter)
    for true, said in (("The old bridge.", "an old stone bridge"), ("two two", "two"), ("red", "blue"), ("in 1904", "1904")):
        assert word_f1(true, said) == pytest.approx(evaluate.word_f1(true, said))
        assert (plain_words(true) == plain_words(said)) == evaluate.exact_match(true, said)


@pytest.mark.parametrize(("name", "options"), [("build_tagger", (5,)), ("build_span_finder", ())])
def test_the_heads_of_lesson_15_are_those_of_the_package(rng, name, options):

    import keras

    from tlcourse import text

    parts = ("token_ids", "segment_ids", "padding_mask")
    inputs = {part: keras.Input((None,), dtype="int32", name=part) for part in parts}
    numbers = keras.ops.stack([keras.ops.cast(inputs[part], "float32") for part in parts], axis=-1)
    states = keras.Model(inputs, keras.layers.Dense(6, activation="tanh")(numbers))
    encoder = SimpleNamespace(states=lambda: states, name="toy")
    by_hand = from_lesson("15", name, keras=keras, layers=keras.layers, ops=keras.ops)(encoder, *options)
    packaged = getattr(text, name)(encoder, *options)
    by_hand.set_weights(packaged.get_weights())
    rows = {part: rng.integers(0, 2, (3, 7)).astype("int32") for part in parts}
    ours, others = (model.predict(rows, verbose=0) for model in (by_hand, packaged))
    for a, b in zip(keras.tree.flatten(ours), keras.tree.flatten(others), strict=True):
        assert np.ptp(a) > 0
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)
