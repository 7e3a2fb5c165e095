"""Label shift: known shares come back, from a classifier that makes mistakes."""

import numpy as np
import pytest

from tlcourse import adapt

MISTAKES = np.array([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.05, 0.25, 0.7]])  # row: truth, column: what is said


def said(labels, rng):
    return np.array([rng.choice(3, p=MISTAKES[label]) for label in labels])


@pytest.mark.parametrize("target_shares", [(0.5, 0.3, 0.2), (0.1, 0.1, 0.8), (0.0, 0.9, 0.1)])
def test_known_shares_come_back(target_shares):
    rng = np.random.default_rng(0)
    source = rng.choice(3, 20_000, p=(0.5, 0.3, 0.2))
    target = rng.choice(3, 20_000, p=target_shares)
    says = said(target, rng)
    found = adapt.label_shift(source, said(source, rng), says)
    np.testing.assert_allclose(found.target_priors, target_shares, atol=0.03)
    np.testing.assert_allclose(found.source_priors, (0.5, 0.3, 0.2), atol=0.01)
    np.testing.assert_allclose(found.weights, found.target_priors / found.source_priors)
    counted = np.abs(np.bincount(says, minlength=3) / len(says) - target_shares).max()
    assert np.abs(found.target_priors - target_shares).max() < counted or counted < 0.03
    assert found.target_priors.sum() == pytest.approx(1)
    assert found.target_priors.min() >= 0


def test_without_a_shift_all_weights_are_one():
    rng = np.random.default_rng(1)
    labels = rng.choice(3, 6000, p=(0.5, 0.3, 0.2))
    says = said(labels, rng)
    np.testing.assert_allclose(adapt.label_shift(labels, says, says).weights, 1.0)


def test_a_classifier_without_mistakes_is_only_counted():
    source, target = np.repeat([0, 1], [30, 70]), np.repeat([0, 1], [5, 15])
    np.testing.assert_allclose(adapt.label_shift(source, source, target).target_priors, (0.25, 0.75))


def test_a_classifier_that_guesses_is_refused():
    labels = np.tile([0, 1], 50)
    with pytest.raises(ValueError, match="equally often whatever the truth"):
        adapt.label_shift(labels, np.repeat([0, 1], 50), labels)
    with pytest.raises(ValueError, match="equally often whatever the truth"):
        adapt.label_shift(labels, np.zeros(100, int), labels)


def test_a_class_that_the_source_lacks_is_named():
    with pytest.raises(ValueError, match=r"without a row=\[2\]"):
        adapt.label_shift([0, 1, 0, 1], [0, 1, 0, 1], [0, 2, 1])
    with pytest.raises(ValueError, match="equally long"):
        adapt.label_shift([0, 1], [0, 1, 1], [0, 1])


def test_corrected_probabilities_are_those_of_bayes():
    """Two Gaussians: what a classifier says under one mix, corrected, is what it would say under the other."""
    x = np.linspace(-3, 3, 50)
    density = np.stack([np.exp(-((x + 1) ** 2) / 2), np.exp(-((x - 1) ** 2) / 2)], axis=1)
    old, new = np.array([0.5, 0.5]), np.array([0.9, 0.1])

    def posterior(shares):
        return density * shares / (density * shares).sum(axis=1, keepdims=True)

    np.testing.assert_allclose(adapt.correct_priors(posterior(old), new / old), posterior(new))
    np.testing.assert_allclose(adapt.correct_priors(posterior(old), [1.0, 1.0]), posterior(old))


@pytest.mark.parametrize(
    ("probabilities", "weights", "words"),
    [
        ([[0.5, 0.5]], [1.0], "one weight per class"),
        ([[3.0, -1.0]], [1.0, 1.0], "sum to 1"),
        ([[2.0, 1.0]], [1.0, 1.0], "softmax"),
        ([[0.5, 0.5]], [-1.0, 1.0], "0 or more"),
        ([[1.0, 0.0]], [0.0, 1.0], "weight above 0"),
    ],
)
def test_what_is_no_probability_is_refused(probabilities, weights, words):
    with pytest.raises(ValueError, match=words):
        adapt.correct_priors(probabilities, weights)
