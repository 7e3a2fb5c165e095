"""The tasks of lesson 07 hold on every seed that a grader may draw: names of mistakes are clear, and the gain is well above the margin."""

from pathlib import Path

import numpy as np
import pytest

from tlcourse.checks.bank import run_bank
from tlcourse.checks.bank_file import load_bank
from tlcourse.tasks import load_tasks
from tlcourse.tasks.tasks_07_bias import _GAIN, _fit, _retrain_case, _worst

BANKS = load_bank(Path(__file__).resolve().parents[2] / "content" / "banks" / "07_bias.py").banks


@pytest.mark.parametrize("task", ["7.1", "7.3", "7.4"])
def test_every_answer_of_the_bank_is_judged_alike_on_many_seeds(task):
    assert run_bank(load_tasks(7)[task], BANKS[task], range(1000, 1012)) == []


def gains(seed):
    """Return what balance by group, and balance by lot, gain in the worst group over plain training (median of three data sets)."""
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
