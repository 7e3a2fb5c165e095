"""Lesson 07: what it writes out is what the package does, and its tasks hold on every seed that a grader may draw."""

from pathlib import Path

import numpy as np
import pytest

from tests.lessons.sources import from_lesson
from tlcourse import evaluate
from tlcourse.checks.bank import run_bank
from tlcourse.checks.bank_file import load_bank
from tlcourse.tasks import load_tasks
from tlcourse.tasks.tasks_07_bias import _GAIN, _fit, _retrain_case, _worst

BANKS = load_bank(Path(__file__).resolve().parents[2] / "content" / "banks" / "07_bias.py").banks


@pytest.mark.parametrize("task", ["7.1", "7.3", "7.4"])
def test_every_answer_of_the_bank_is_judged_alike_on_many_seeds(task):
    assert run_bank(load_tasks(7)[task], BANKS[task], range(1000, 1012)) == []


def gains(seed):
    """Return what balance by group, and balance at random, gain in the worst group over plain training (median of three data sets)."""
    case, found = _retrain_case(seed), []
    for data, hidden in zip(case.inputs["sets"], case.secret["sets"], strict=True):
        scores = []
        for groups in (np.zeros_like(data["groups"]), data["groups"], data["lots"]):
            members = [np.flatnonzero(groups == group) for group in np.unique(groups)]
            drawn = np.concatenate([own[: min(map(len, members))] for own in members])
            scores.append(_worst(_fit(data["features"][drawn], data["labels"][drawn])(data["test"]), hidden["groups"]))
        found.append([scores[1] - scores[0], scores[2] - scores[0]])
    return np.median(found, axis=0)


def test_the_margin_is_at_most_half_of_the_gain_and_balance_by_lot_gains_nothing():
    by_group, by_lot = np.array([gains(seed) for seed in range(1000, 1006)]).T
    assert by_group.mean() / 2 > _GAIN
    assert by_group.min() > _GAIN + 0.08
    assert by_lot.max() < _GAIN / 2


@pytest.fixture
def people(rng):
    """Labels, decisions and groups of which each has both labels."""
    groups = rng.integers(0, 3, 600)
    labels = (rng.random(600) < np.array([0.5, 0.3, 0.6])[groups]).astype(int)
    return labels, (rng.random(600) < 0.2 + 0.5 * labels + 0.1 * groups).astype(int), groups


def test_the_counts_by_group_of_lesson_07_are_those_of_the_package(people):
    labels, decisions, groups = people
    by_group, rates = from_lesson("07", "by_group"), from_lesson("07", "rates")
    np.testing.assert_allclose(by_group(labels, decisions, groups), evaluate.group_accuracies(labels, decisions, groups))
    theirs = evaluate.group_rates(labels, decisions, groups)
    columns = np.stack([theirs.selected, theirs.true_positive, theirs.false_positive], axis=1)
    np.testing.assert_allclose(rates(labels, decisions, groups), columns)
    gap = from_lesson("07", "equalised_odds_gap", rates=rates)(labels, decisions, groups)
    assert gap == pytest.approx(evaluate.equalized_odds_difference(labels, decisions, groups))


def test_the_amplification_of_lesson_07_is_that_of_the_package(people):
    labels, decisions, groups = people
    two = groups < 2
    gap = from_lesson("07", "gap_between")
    by_hand = gap(decisions[two], groups[two]) - gap(labels[two], groups[two])  # group 0 is the favoured one
    assert by_hand == pytest.approx(evaluate.bias_amplification(labels[two], decisions[two], groups[two]))


def test_the_new_last_layer_of_lesson_07_is_that_of_the_package(rng):
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from tlcourse.robust import retrain_last_layer

    tools = {"make_pipeline": make_pipeline, "StandardScaler": StandardScaler, "LogisticRegression": LogisticRegression}
    fit, balanced = from_lesson("07", "fit", **tools), from_lesson("07", "balanced")
    new_last_layer = from_lesson("07", "new_last_layer", fit=fit, balanced=balanced)
    groups = np.repeat([0, 1, 2, 3], 60)
    features = rng.normal(2, 1, (240, 6)) + 2 * np.eye(6)[groups // 2] + 3 * np.eye(6)[2 + groups % 2]
    new = rng.normal(2.5, 1.5, (2000, 6))
    ours = new_last_layer(features, groups // 2, groups, rng)(new)  # groups of one size: every draw is all there is
    theirs = retrain_last_layer(features, groups // 2, groups).predict(new)
    assert 0.2 < ours.mean() < 0.8
    assert np.mean(ours != theirs) < 0.003
    drawn = balanced(np.repeat([0, 1, 2, 3], [90, 7, 9, 80]), rng)
    assert np.bincount(np.repeat([0, 1, 2, 3], [90, 7, 9, 80])[drawn]).tolist() == [7, 7, 7, 7]


@pytest.mark.parametrize("rate", [0.35, 0.5, 1.0])
def test_the_thresholds_of_lesson_07_are_those_of_the_package(rng, rate):
    from tlcourse.robust import equal_selection_thresholds

    by_hand = from_lesson("07", "threshold_with_rate")
    scores, groups = rng.normal(size=300), rng.integers(0, 2, 300)
    theirs = equal_selection_thresholds(scores, groups, rate)
    assert [by_hand(scores[groups == g], rate) for g in (0, 1)] == [theirs[0], theirs[1]]
