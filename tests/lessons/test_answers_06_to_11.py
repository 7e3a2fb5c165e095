"""Lessons 06 to 11: official answers earn on many hidden seeds, wrong ones lose and are named, others lose without a name."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tests.lessons.answers import lost_seeds, misjudged, official_answer
from tlcourse.checks import EARNED
from tlcourse.checks.run import run_task
from tlcourse.tasks import find_task

OFFICIAL = {
    "6.1": "read_history",
    "6.2": "train_with_patience",
    "6.3": "allowed",
    "6.4": "split_by_patient",
    "7.1": "count_by_group",
    "7.2": "retrain",
    "7.3": "amplification",
    "7.4": "thresholds",
    "8.1": "gain_with_interval",
    "8.2": "rank_sources",
    "8.3": "decide",
    "8.4": "class_map",
    "9.1": "best_evidence",
    "9.2": "leep",
    "9.3": "not_reproducible",
    "10.1": "copies_to_drop",
    "10.2": "contradicted",
    "10.3": "class_weights",
    "11.1": "ratio_weights",
    "11.2": "effective_size",
    "11.3": "line_for_target",
    "11.4": "target_shares",
}
SLOW = {"6.3", "7.1", "7.2", "8.2", "9.1", "9.3", "10.2", "11.1", "11.3"}  # a tenth of a second and more for each answer
SLOWEST = {"7.2", "8.2", "10.2"}
HIDDEN = range(1000, 1064)


def official(task_id):
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict

    given = {
        "stats": stats,
        "weightedtau": stats.weightedtau,
        "LogisticRegression": LogisticRegression,
        "cross_val_predict": cross_val_predict,
    }
    if task_id == "11.3":
        given["ratio_weights"] = official("11.1")
    return official_answer(task_id, OFFICIAL[task_id], **given)


@pytest.mark.parametrize("task_id", OFFICIAL)
def test_the_official_answer_earns_on_64_hidden_seeds(task_id):
    seeds = HIDDEN[:16] if task_id in {"7.2", "8.2"} else HIDDEN
    assert lost_seeds(task_id, official(task_id), seeds) == {}


@pytest.mark.parametrize("task_id", OFFICIAL)
def test_answers_of_the_bank_are_judged_by_name_on_hidden_seeds(task_id):
    assert misjudged(task_id, HIDDEN[:2] if task_id in SLOWEST else HIDDEN[:6] if task_id in SLOW else HIDDEN) == []


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("task_id", OFFICIAL)
def test_official_and_wrong_answers_on_500_hidden_seeds(task_id):
    assert lost_seeds(task_id, official(task_id), range(1000, 1500)) == {}
    assert misjudged(task_id, HIDDEN if task_id in SLOW else range(1000, 1500)) == []


UNNAMED = {  # wrong in ways that prove none of the named mistakes
    "6.1": lambda history: (0.123, 2.5),
    "6.3": lambda images, labels, transforms, expert: ["brighter"],
    "6.4": lambda patients, labels, fraction, seed: (np.arange(len(patients)) + 7, np.array([], int)),
    "7.1": lambda labels, predictions, groups: (0.123, 0.456),
    "7.3": lambda labels, predictions, groups: 0.4567,
    "8.1": lambda runs, confidence: (0.01, -0.5, 0.5),
    "8.4": lambda maps, gradients: np.full(maps.shape[:2], 0.5),
    "9.1": lambda features, column, alphas, betas: -0.123,
    "9.2": lambda probabilities, labels: -0.123,
    "9.3": lambda tables, tolerance: [sorted(tables)[0]],
    "10.2": lambda features, labels: np.arange(0, len(labels), 17),
    "10.3": lambda labels, num_classes: dict.fromkeys(range(num_classes), 0.7),
    "11.1": lambda source, target: np.exp(source[:, 0] - source[:, 1] ** 2),
    "11.2": lambda weights: 2.5,
    "11.4": lambda labels, said, target_said: np.full(labels.max() + 1, 1 / (labels.max() + 1)),
}


@pytest.mark.parametrize("task_id", UNNAMED)
def test_what_proves_no_mistake_loses_without_a_name(task_id):
    for seed in HIDDEN[:8]:
        verdict, record = run_task(find_task(task_id), UNNAMED[task_id], seed)
        assert record["status"] == "ok", record
        assert (verdict.outcome == EARNED, verdict.misconception) == (False, None), (seed, verdict)
