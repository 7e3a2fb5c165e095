"""Measures of shift: small where there is none, right where the answer is known, and useless input is refused."""

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from tlcourse import adapt


def pair(seed, n=400, features=5, move=0.0):
    rng = np.random.default_rng(seed)
    source, target = rng.normal(size=(n, features)), rng.normal(size=(n + 60, features))
    target[:, 1] += move
    return source, target


def test_without_a_shift_the_test_cries_wolf_as_often_as_it_says():
    p = np.array([adapt.classifier_two_sample_test(*pair(seed, n=120), seed=seed).p_value for seed in range(200)])
    assert np.mean(p < 0.05) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 200)
    assert np.mean(p < 0.5) > 0.3  # and it is no test that always says no


def test_the_p_value_is_the_tail_of_a_fair_coin():
    source, target = pair(0, n=40, move=1.0)
    found = adapt.classifier_two_sample_test(source, target)
    hits = round(found.accuracy * found.rows)
    from math import comb

    assert found.rows == 40
    assert found.p_value == pytest.approx(sum(comb(40, k) for k in range(hits, 41)) / 2**40)


def test_a_shift_is_found_and_more_shift_is_more_distance():
    moves = (0.0, 0.5, 1.0, 2.0, 6.0)
    distances = [adapt.proxy_a_distance(*pair(1, move=move)) for move in moves]
    assert distances[0] < 0.2
    assert distances == sorted(distances)
    assert distances[-1] > 1.95
    assert all(adapt.classifier_two_sample_test(*pair(1, move=move)).p_value < 1e-4 for move in moves[2:])


def test_the_distance_of_two_shifted_gaussians_is_that_of_theory():
    from scipy.stats import norm

    source, target = pair(2, n=6000, features=2, move=1.5)
    error = norm.cdf(-0.75)  # of the best classifier, which cuts halfway
    assert adapt.proxy_a_distance(source, target) == pytest.approx(2 * (1 - 2 * error), abs=0.05)


def test_a_shift_that_leaves_the_means_alone_needs_a_curved_classifier():
    source, target = pair(3)
    target *= 3
    assert adapt.classifier_two_sample_test(source, target).p_value > 0.01
    assert adapt.classifier_two_sample_test(source, target, classifier=KNeighborsClassifier(10)).p_value < 1e-4


def test_drift_names_the_feature_that_moved_and_by_how_much():
    drift = adapt.feature_drift(*pair(4, n=2000, move=0.6))
    assert drift.drifted().tolist() == [1]
    assert drift.moved_by[1] == pytest.approx(0.6, abs=0.1)
    assert drift.distance.shape == drift.p_value.shape == (5,)
    assert (drift.distance >= 0).all()
    assert (drift.p_value <= 1).all()


def test_many_features_without_a_shift_are_rarely_called_drifted():
    alarms = [len(adapt.feature_drift(*pair(seed, n=100, features=40)).drifted()) > 0 for seed in range(100)]
    assert np.mean(alarms) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 100)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("n", [30, 100, 101, 300, 3000])
def test_no_number_of_rows_makes_it_stumble(n):
    rng = np.random.default_rng(n)
    p = [adapt.feature_drift(rng.normal(size=(n, 1)), rng.normal(size=(n, 1))).p_value[0] for _ in range(40)]
    assert np.mean(np.array(p) < 0.1) < 0.1 + 3 * np.sqrt(0.09 / 40)
    assert np.mean(np.array(p) < 0.6) > 0.25


def test_a_feature_without_spread_is_no_division_by_zero():
    source, target = pair(5)
    source[:, 0] = target[:, 0] = 7.0
    drift = adapt.feature_drift(source, target)
    assert drift.distance[0] == 0
    assert drift.moved_by[0] == 0


@pytest.mark.parametrize("measure", [adapt.classifier_two_sample_test, adapt.proxy_a_distance, adapt.feature_drift])
def test_what_does_not_fit_is_named(measure):
    source, target = pair(6)
    with pytest.raises(ValueError, match=r"same columns.*source_features.shape=\(400, 5\), target_features.shape=\(460, 4\)"):
        measure(source, target[:, :4])
    with pytest.raises(ValueError, match="must be finite"):
        measure(source, np.where(target > 2, np.nan, target))
    with pytest.raises(ValueError, match="two rows"):
        measure(source, target[:1])


def test_too_few_rows_are_refused():
    with pytest.raises(ValueError, match="fewer than 20 rows"):
        adapt.classifier_two_sample_test(*pair(7, n=12))
    with pytest.raises(ValueError, match="folds=1"):
        adapt.proxy_a_distance(*pair(7), folds=1)
