"""Lessons 12 to 16: official answers earn on many hidden seeds, wrong ones lose and are named, others lose without a name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.lessons.sources import CONTENT, from_lesson
from tlcourse.checks import EARNED
from tlcourse.checks.bank import Right, run_source
from tlcourse.checks.bank_file import load_bank
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


def official_answer(task_id):
    lesson = task_id.split(".")[0]
    given = {name: from_lesson(lesson, name, folder="exercises") for name in GIVEN.get(task_id, [])}
    return from_lesson(lesson, OFFICIAL[task_id], folder="exercises", **given)


def bank_of(task_id):
    path: Path = next((CONTENT / "banks").glob(f"{task_id.split('.')[0]}_*.py"))
    return load_bank(path).banks[task_id]


def misjudged(task_id, seeds):
    """Return every answer of the bank that is not judged as the bank says."""
    task, bank = find_task(task_id), bank_of(task_id)
    found = []
    for answer in (*bank.right, *bank.wrong):
        function = run_source(task, answer.name, answer.source)
        wanted = (isinstance(answer, Right), getattr(answer, "misconception", None))
        for seed in seeds:
            verdict, _ = run_task(task, function, seed)
            if (verdict.outcome == EARNED, verdict.misconception) != wanted:
                found.append((answer.name, seed, verdict.outcome, verdict.misconception))
    return found


@pytest.mark.parametrize("task_id", OFFICIAL)
def test_the_official_answer_earns_on_64_hidden_seeds(task_id):
    task, answer = find_task(task_id), official_answer(task_id)
    lost = [seed for seed in HIDDEN if run_task(task, answer, seed)[0].outcome != EARNED]
    assert lost == []


@pytest.mark.parametrize("task_id", OFFICIAL)
def test_answers_of_the_bank_are_judged_by_name_on_hidden_seeds(task_id):
    assert misjudged(task_id, HIDDEN[:6] if task_id in SLOW else HIDDEN) == []


@pytest.mark.slow
@pytest.mark.parametrize("task_id", OFFICIAL)
def test_official_and_wrong_answers_on_500_hidden_seeds(task_id):
    task, answer = find_task(task_id), official_answer(task_id)
    assert [seed for seed in range(1000, 1500) if run_task(task, answer, seed)[0].outcome != EARNED] == []
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
