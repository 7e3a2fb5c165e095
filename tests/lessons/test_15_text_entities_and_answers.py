"""Lesson 15's cases set each mistake apart from the right answer and from the others, on every seed that a grader may draw."""

from __future__ import annotations

import json
from itertools import combinations

import pytest

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
    names = ["", *(name for name in tasks._ALIGN_MISTAKES if name != "wrong-length")]
    assert told_apart({name: [tasks._aligned(row, name) for row in rows] for name in names}) == []


@pytest.mark.parametrize("seed", SEEDS)
def test_the_rows_hold_what_they_are_there_for(seed):
    short, pieces, empty, fits, inside, between = tasks._align_case(seed).inputs["rows"]
    assert set(short["pieces"]) == {1}
    assert max(pieces["pieces"]) > 1
    assert 0 in empty["pieces"]
    assert sum(fits["pieces"]) + 2 == fits["length"]
    room = inside["length"] - 2 - sum(inside["pieces"][:-2])
    assert 0 < room < inside["pieces"][-2]  # the last but one is cut in its middle
    assert between["length"] - 2 == sum(between["pieces"][:-1])
    assert all(len(tasks._aligned(row)) == row["length"] for row in (short, pieces, empty, fits, inside, between))


@pytest.mark.parametrize("seed", SEEDS)
def test_no_two_mistakes_in_scores_look_alike(seed):
    rounds = tasks._names_case(seed).inputs["rounds"]
    names = ["", *(name for name in tasks._NAMES_MISTAKES if name not in ("divided-by-zero", "kinds-missing"))]
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
    names = ["", *(name for name in tasks._BEST_MISTAKES if name not in ("too-few", "too-many"))]
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
