"""Choosing without labels of the target: each score is what its formula says, and fails as its docstring says."""

import numpy as np
import pytest

from tlcourse import adapt

SURE, UNSURE = [0.9, 0.1], [0.4, 0.6]


def test_source_validation_is_accuracy():
    assert adapt.source_validation([SURE, SURE, UNSURE, UNSURE], [0, 1, 1, 1]) == pytest.approx(0.75)


def test_equal_weights_change_nothing_and_others_count():
    rows, labels = [SURE, SURE, UNSURE, UNSURE], [0, 1, 1, 1]
    assert adapt.weighted_validation(rows, labels, np.full(4, 7.0)) == pytest.approx(0.75)
    assert adapt.weighted_validation(rows, labels, [1, 3, 0, 0]) == pytest.approx(0.25)


@pytest.mark.parametrize("seed", range(3))
def test_with_true_weights_it_tends_to_the_accuracy_on_the_target(seed):
    rng = np.random.default_rng(seed)
    x, moved = rng.normal(size=20_000), rng.normal(1.0, 1.0, 20_000)

    def probabilities(values):  # a model that is right where x is low and wrong where it is high
        return np.stack([values <= 0.5, values > 0.5], axis=1).astype(float)

    labels = np.zeros(20_000, int)
    truth = np.mean(moved <= 0.5)
    estimate = adapt.weighted_validation(probabilities(x), labels, np.exp(x - 0.5))
    assert estimate == pytest.approx(truth, abs=0.03)
    assert adapt.source_validation(probabilities(x), labels) > truth + 0.3


def test_a_sure_model_scores_high_and_a_collapsed_one_highest():
    scores = [adapt.negative_entropy(np.tile(row, (5, 1))) for row in ([0.5, 0.5], UNSURE, SURE, [1.0, 0.0])]
    assert scores == sorted(scores)
    assert scores[0] == pytest.approx(-np.log(2))
    assert scores[-1] == 0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: adapt.source_validation([SURE], [2]), "column for every class"),
        (lambda: adapt.source_validation([SURE], [0, 1]), "equally long"),
        (lambda: adapt.weighted_validation([SURE], [0], [-1.0]), "0 or more"),
        (lambda: adapt.weighted_validation([SURE], [0], [0.0]), "not all 0"),
        (lambda: adapt.negative_entropy([[2.0, -3.0]]), "softmax"),
    ],
)
def test_what_does_not_fit_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
