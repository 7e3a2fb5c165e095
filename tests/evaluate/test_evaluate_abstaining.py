"""Risk and coverage by hand, ties together, and the order of confidence as all that counts."""

from __future__ import annotations

import numpy as np
import pytest

from tlcourse.evaluate import risk_coverage


def test_a_curve_by_hand():
    curve = risk_coverage([0.9, 0.5, 0.7, 0.6], [True, False, True, False])
    np.testing.assert_allclose(curve.coverage, [0.25, 0.5, 0.75, 1.0])
    np.testing.assert_allclose(curve.risk, [0.0, 0.0, 1 / 3, 0.5])
    np.testing.assert_allclose(curve.thresholds, [0.9, 0.7, 0.6, 0.5])
    assert curve.area == pytest.approx((0 + 0 + 1 / 3 + 0.5) / 4)
    assert curve.risk_at(0.5) == 0.0
    assert curve.risk_at(0.51) == pytest.approx(1 / 3)
    assert curve.risk_at(1.0) == 0.5


def test_equal_confidences_are_answered_together():
    curve = risk_coverage([0.8, 0.8, 0.8, 0.2], [True, False, True, True])
    np.testing.assert_allclose(curve.coverage, [0.75, 1.0])
    np.testing.assert_allclose(curve.risk, [1 / 3, 0.25])


def test_a_confidence_that_knows_nothing_gains_nothing():
    rng = np.random.default_rng(0)
    right = rng.random(20_000) < 0.7
    blind, wise = risk_coverage(rng.random(20_000), right), risk_coverage(right + rng.random(20_000), right)
    assert blind.area == pytest.approx(0.3, abs=0.02)
    assert wise.area < 0.08
    assert wise.risk[-1] == blind.risk[-1]


def test_lengths_have_to_agree():
    with pytest.raises(ValueError, match="equally long"):
        risk_coverage([0.5, 0.6], [True])
