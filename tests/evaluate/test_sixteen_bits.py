"""What a network predicts under mixed precision is taken by every number, and hard inputs end in a number or in words."""

import ml_dtypes  # comes with TensorFlow
import numpy as np
import pytest

from tlcourse import evaluate

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 3, 200)
LOGITS = 2 * np.eye(3)[LABELS] + RNG.normal(size=(200, 3))
SOFTMAX = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)
FEATURES = RNG.normal(size=(200, 6)) + np.eye(3, 6)[LABELS]
RIGHT = SOFTMAX[np.arange(200), LABELS]

NUMBERS = {
    "accuracy": lambda kind: evaluate.accuracy(LABELS, SOFTMAX.astype(kind)),
    "per_class_accuracy": lambda kind: evaluate.per_class_accuracy(LABELS, SOFTMAX.astype(kind)),
    "group_accuracies": lambda kind: evaluate.group_accuracies(LABELS, SOFTMAX.astype(kind), LABELS % 2),
    "expected_calibration_error": lambda kind: evaluate.expected_calibration_error(LABELS, SOFTMAX.astype(kind)),
    "of two classes": lambda kind: evaluate.expected_calibration_error(LABELS // 2, SOFTMAX[:, 2].astype(kind)),
    "negative_log_likelihood": lambda kind: evaluate.negative_log_likelihood(LABELS, SOFTMAX.astype(kind)),
    "apply_temperature": lambda kind: evaluate.apply_temperature(LOGITS.astype(kind), 2.0),
    "fit_temperature": lambda kind: evaluate.fit_temperature(LOGITS.astype(kind), LABELS),
    "cka": lambda kind: evaluate.cka(FEATURES.astype(kind), LOGITS.astype(kind)),
    "linear_probe": lambda kind: evaluate.linear_probe(
        FEATURES[:100].astype(kind), LABELS[:100], FEATURES[100:].astype(kind), LABELS[100:]
    ),
    "bootstrap_interval": lambda kind: evaluate.bootstrap_interval(RIGHT.astype(kind)).low,
    "mean_and_spread": lambda kind: evaluate.mean_and_spread(RIGHT.astype(kind)).mean,
    "paired_difference": lambda kind: (
        evaluate.paired_difference(RIGHT.astype(kind), RIGHT[::-1].astype(kind)).standard_deviation
    ),
    "pareto_front": lambda kind: evaluate.pareto_front(RIGHT.astype(kind), LABELS.astype(kind)).astype(float)[:3] * 0,
}


@pytest.mark.parametrize("kind", ["float32", "float16", ml_dtypes.bfloat16], ids=str)
@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_of_16_bits_are_taken(name, kind):
    np.testing.assert_allclose(NUMBERS[name](kind), NUMBERS[name]("float64"), atol=0.03)


def test_rows_of_16_bits_that_are_no_probabilities_are_still_refused():
    with pytest.raises(ValueError, match="sum to 1"):
        evaluate.negative_log_likelihood(LABELS, (0.9 * SOFTMAX).astype(ml_dtypes.bfloat16))


@pytest.mark.parametrize("scale", [1e-150, 1e150, 1e307])
def test_huge_and_tiny_features_are_measured_like_others(scale):
    assert evaluate.cka(scale * FEATURES, LOGITS) == pytest.approx(evaluate.cka(FEATURES, LOGITS))
    scaled = evaluate.linear_probe(scale * FEATURES[:100], LABELS[:100], scale * FEATURES[100:], LABELS[100:])
    assert scaled == pytest.approx(evaluate.linear_probe(FEATURES[:100], LABELS[:100], FEATURES[100:], LABELS[100:]), abs=0.011)


def test_few_rows_and_constant_columns_are_numbers_or_words():
    constant = np.column_stack([FEATURES[:, 0], np.full(200, 1e9)])
    assert evaluate.cka(constant, FEATURES[:, :1]) == pytest.approx(1, abs=1e-6)
    assert evaluate.cka(FEATURES[:2], LOGITS[:2]) == pytest.approx(1)
    with pytest.raises(ValueError, match="all rows the same"):
        evaluate.cka(FEATURES[:1], LOGITS[:1])
    with pytest.raises(ValueError, match="two classes or more"):
        evaluate.linear_probe(FEATURES, 0 * LABELS, FEATURES, LABELS)
    with pytest.raises(ValueError, match="finite"):
        evaluate.linear_probe(np.where(FEATURES > 2, np.nan, FEATURES), LABELS, FEATURES, LABELS)


def test_undefined_rates_are_said_and_not_counted():
    """A classifier without an error; one group holds no positives, where fairlearn reports the worst difference, 1."""
    labels, groups = np.array([0, 1, 0, 1, 0, 0, 0, 0]), np.repeat([0, 1], 4)
    rates = evaluate.group_rates(labels, labels, groups)
    assert np.isnan(rates.true_positive[1])
    with pytest.raises(ValueError, match=r"true positive rate is undefined for group 1.*groups without label 1=\[1\]"):
        evaluate.equalized_odds_difference(labels, labels, groups)
    with pytest.raises(ValueError, match=r"false positive rate is undefined for group 1.*groups without label 0=\[1\]"):
        evaluate.equalized_odds_difference(1 - labels, 1 - labels, groups)
    assert "true positive rate undefined for group 1 (no example of label 1)" in str(rates)
    assert "false positive rate undefined" not in str(rates)


def test_decisions_with_other_numbers_are_refused_and_not_counted_as_turned_down():
    with pytest.raises(ValueError, match="must be 0 and 1"):
        evaluate.selection_rate_difference([2, 2, 1, 0], [0, 0, 1, 1])
