"""Calibration: promises that hold have no error, a temperature changes no decision, and the best one lowers the likelihood loss."""

import numpy as np
import pytest

from tlcourse.evaluate import (
    apply_temperature,
    expected_calibration_error,
    fit_temperature,
    negative_log_likelihood,
    reliability_curve,
)


def drawn(seed, n=4000, classes=4, too_sure=1.0):
    """Logits, times `too_sure`, and labels that the unscaled logits are right about."""
    rng = np.random.default_rng(seed)
    logits = 2.0 * rng.standard_normal((n, classes))
    chances = apply_temperature(logits, 1.0).cumsum(axis=1)
    return too_sure * logits, (rng.random((n, 1)) > chances).sum(axis=1)


def test_hand_count():
    curve = reliability_curve([1, 0, 1, 1], [0.1, 0.2, 0.8, 1.0], bins=2)
    assert curve.edges.tolist() == [0, 0.5, 1]
    assert curve.counts.tolist() == [2, 2]
    assert curve.confidence == pytest.approx([0.15, 0.9])
    assert curve.accuracy.tolist() == [0.5, 1.0]
    assert expected_calibration_error([1, 0, 1, 1], [0.1, 0.2, 0.8, 1.0], bins=2) == pytest.approx(0.35 / 2 + 0.1 / 2)
    assert negative_log_likelihood([1, 0], [0.25, 0.5]) == pytest.approx(-np.log(0.125) / 2)


def test_rows_of_probabilities_promise_their_largest_class():
    table = [[0.7, 0.2, 0.1], [0.1, 0.1, 0.8], [0.4, 0.6, 0.0]]
    curve = reliability_curve([0, 2, 0], table, bins=1)
    assert curve.confidence == pytest.approx([0.7])
    assert curve.accuracy == pytest.approx([2 / 3])


def test_every_example_is_in_one_bin_its_upper_limit_included():
    curve = reliability_curve([0, 1, 0, 1], [0.0, 0.5, 0.5, 1.0], bins=4)
    assert curve.counts.tolist() == [1, 2, 0, 1]
    assert np.isnan(curve.accuracy[2])


def test_promises_that_hold_have_next_to_no_error_and_too_sure_ones_have():
    logits, labels = drawn(0, 20_000)
    assert expected_calibration_error(labels, apply_temperature(logits, 1.0)) < 0.02
    assert expected_calibration_error(labels, apply_temperature(3 * logits, 1.0)) > 0.1


def test_a_constant_promise_of_the_base_rate_is_calibrated_and_useless():
    labels = np.arange(1000) % 10 == 0
    assert expected_calibration_error(labels.astype(int), np.full(1000, 0.1)) == pytest.approx(0)


@pytest.mark.parametrize("temperature", [0.1, 0.7, 3.0, 50.0])
def test_a_temperature_changes_no_decision(temperature):
    logits, _ = drawn(1, 500)
    scaled = apply_temperature(logits, temperature)
    assert np.array_equal(scaled.argmax(axis=1), logits.argmax(axis=1))
    one = np.sort(logits[:, 0])
    chances = apply_temperature(one, temperature)
    assert (np.diff(chances) >= 0).all()
    assert np.array_equal(chances > 0.5, one > 0)
    assert scaled.sum(axis=1) == pytest.approx(1)


@pytest.mark.parametrize("too_sure", [0.3, 1.0, 4.0])
def test_the_fitted_temperature_undoes_a_factor_and_lowers_the_loss(too_sure):
    logits, labels = drawn(2, 20_000, too_sure=too_sure)
    temperature = fit_temperature(logits, labels)
    assert temperature == pytest.approx(too_sure, rel=0.05)
    before, after = (negative_log_likelihood(labels, apply_temperature(logits, t)) for t in (1.0, temperature))
    assert after <= before
    assert too_sure == 1.0 or after < before - 0.01
    near = [negative_log_likelihood(labels, apply_temperature(logits, temperature * factor)) for factor in (0.98, 1.02)]
    assert after < min(near)


def test_two_classes_as_one_column_give_the_same_as_two_columns():
    logits, labels = drawn(3, 3000, classes=2, too_sure=2.5)
    difference = logits[:, 1] - logits[:, 0]
    assert fit_temperature(difference, labels) == pytest.approx(fit_temperature(logits, labels), rel=1e-3)
    assert apply_temperature(difference, 2.0) == pytest.approx(apply_temperature(logits, 2.0)[:, 1])
    assert apply_temperature([-1000.0, 1000.0], 1.0).tolist() == [0.0, 1.0]


def test_held_out_labels_that_are_all_right_end_at_the_lower_limit():
    assert fit_temperature([[3.0, 0.0], [0.0, 2.0]], [0, 1]) <= 0.1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: reliability_curve([0, 1], [0.2, 1.7]), "apply_temperature"),
        (lambda: reliability_curve([0, 1], [0.2, 0.7], bins=0), "bins=0"),
        (lambda: reliability_curve([0, 2], [0.2, 0.7]), r"classes, 2\. Received: labels.max\(\)=2"),
        (lambda: reliability_curve([0, 1], [[0.2, 0.2], [0.5, 0.5]]), "sum to 1"),
        (lambda: apply_temperature([[1.0, 2.0]], 0.0), r"temperature=0\.0"),
        (lambda: fit_temperature([[1.0, 2.0]], [0, 1]), "equally long"),
        (lambda: negative_log_likelihood([0, 1], [0.5, np.nan]), "finite"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(call, message):
    with pytest.raises(ValueError, match=message):
        call()
