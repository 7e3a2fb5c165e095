"""Lessons 12 to 16: official answers earn on many hidden seeds, wrong ones lose and are named, others lose without a name."""

from __future__ import annotations

import numpy as np
import pytest

from tests.lessons.answers import lost_seeds, misjudged, official_answer
from tests.lessons.sources import from_lesson
from tlcourse.checks import EARNED
from tlcourse.checks.run import run_task
from tlcourse.tasks import find_task

OFFICIAL = {
    "12.1": "coral",
    "12.2": "permutation_test",
    "13.2": "dann_step",
    "13.3": "diagnose",
    "14.1": "bag_of_words",
    "14.2": "mask_words",
    "14.3": "scatter",
    "14.4": "mean_over_words",
    "15.1": "label_subwords",
    "15.2": "entity_scores",
    "15.3": "best_spans",
    "16.1": "causal_attention",
    "16.3": "perplexity",
    "16.4": "copied_share",
}
GIVEN = {"12.2": ["discrepancy"]}  # what the exercise hands over
SLOW = {"12.2", "13.2"}  # a tenth of a second and more for each answer
HIDDEN = range(1000, 1064)


def official(task_id):
    given = {name: from_lesson(task_id.split(".")[0], name, folder="exercises") for name in GIVEN.get(task_id, [])}
    return official_answer(task_id, OFFICIAL[task_id], **given)


@pytest.mark.parametrize("task_id", OFFICIAL)
def test_the_official_answer_earns_on_64_hidden_seeds(task_id):
    assert lost_seeds(task_id, official(task_id), HIDDEN) == {}


@pytest.mark.parametrize("task_id", OFFICIAL)
def test_answers_of_the_bank_are_judged_by_name_on_hidden_seeds(task_id):
    assert misjudged(task_id, HIDDEN[:6] if task_id in SLOW else HIDDEN) == []


@pytest.mark.slow
@pytest.mark.parametrize("task_id", OFFICIAL)
def test_official_and_wrong_answers_on_500_hidden_seeds(task_id):
    assert lost_seeds(task_id, official(task_id), range(1000, 1500)) == {}
    assert misjudged(task_id, range(1000, 1064) if task_id in SLOW else range(1000, 1500)) == []


UNNAMED = {  # wrong in ways that prove none of the named mistakes
    "12.1": lambda source, target: source @ np.diag(np.arange(1.0, source.shape[1] + 1)),
    "12.2": lambda kernel, in_source, permutations, rng: (
        from_lesson("12", "discrepancy", folder="exercises")(kernel, in_source),
        float(rng.random()) * 1e-3 + 1.0 * (in_source.sum() < 10),
    ),
    "13.2": lambda weights, label, domain, strength, rate: {name: value - rate for name, value in weights.items()},
    "13.3": lambda source, domain, predicted, classes: ("no alarm", "collapsed")[len(source) % 2],
    "14.1": lambda train, test: (np.ones((len(train), 3)), np.ones((len(test), 4))),
    "14.4": lambda states, real: np.full(states.shape[::2], np.pi),
    "15.1": lambda tags, subwords, length: [7] * length,
    "15.2": lambda true, said: {"all": 0.123, **dict.fromkeys({t[2:] for s in (*true, *said) for t in s if t != "O"}, 0.4)},
    "15.3": lambda start, end, inside, longest, count: [(0, 0)] * count,
    "16.1": lambda query, key, value: np.full_like(value, np.nan),
    "16.3": lambda logits, targets: 2.345,
    "16.4": lambda generated, corpus, n: 0.123,
}


@pytest.mark.parametrize("task_id", UNNAMED)
def test_what_proves_no_mistake_loses_without_a_name(task_id):
    for seed in HIDDEN[:8]:
        verdict, record = run_task(find_task(task_id), UNNAMED[task_id], seed)
        assert record["status"] == "ok", record
        assert (verdict.outcome == EARNED, verdict.misconception) == (False, None), (seed, verdict)
