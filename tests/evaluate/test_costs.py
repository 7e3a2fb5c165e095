"""Thresholds from costs: the analytic one is the cheapest, on calibrated probabilities."""

from __future__ import annotations

import numpy as np
import pytest

from tlcourse.evaluate import cost_threshold, mean_costs


@pytest.mark.parametrize(("false_alarm", "miss"), [(1, 1), (5, 95), (30, 10)])
def test_the_analytic_threshold_is_the_cheapest(false_alarm, miss):
    rng = np.random.default_rng(0)
    chances = rng.beta(1, 3, 200_000)
    labels = rng.random(200_000) < chances
    cuts = np.linspace(0.01, 0.99, 99)
    costs = mean_costs(labels, chances, cuts, false_alarm=false_alarm, miss=miss)
    threshold = cost_threshold(false_alarm, miss)
    at = mean_costs(labels, chances, [threshold], false_alarm=false_alarm, miss=miss)[0]
    assert at <= costs.min() * 1.005
    assert abs(cuts[costs.argmin()] - threshold) <= 0.03


def test_costs_are_those_of_a_loop():
    rng = np.random.default_rng(1)
    labels, scores = rng.integers(0, 2, 60), rng.integers(0, 8, 60) / 8  # with ties
    cuts = [-1, 0, 0.25, 0.3, 1.0, 2.0]
    expected = []
    for cut in cuts:
        alarm = scores >= cut
        expected.append(np.mean(np.where(labels == 0, 3.0 * alarm, 7.0 * ~alarm)))
    np.testing.assert_allclose(mean_costs(labels, scores, cuts, false_alarm=3, miss=7), expected)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="miss=0"):
        cost_threshold(1, 0)
    with pytest.raises(ValueError, match=r"labels.shape=\(2,\), scores.shape=\(3,\)"):
        mean_costs([0, 1], [0.1, 0.2, 0.3], [0.5], false_alarm=1, miss=1)
    for labels, scores in (([0, 2], [0.1, 0.2]), ([0, 1], [0.1, np.nan])):
        with pytest.raises(ValueError, match="Labels must be 0 or 1, and scores numbers"):
            mean_costs(labels, scores, [0.5], false_alarm=1, miss=1)
