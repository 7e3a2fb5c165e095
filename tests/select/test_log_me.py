"""LogME is the largest evidence that there is: found by brute force on small data, and by nothing smarter."""

import numpy as np
import pytest
from scipy.optimize import minimize

from tlcourse.select import log_me

# examples, features, classes; fewer features than examples, more of them, and a feature that repeats another
SHAPES = [(14, 3, 2), (24, 6, 3), (10, 14, 2), (20, 8, 4)]


def data(seed, examples, width, classes, apart=1.0):
    rng = np.random.default_rng(seed)
    labels = np.arange(examples) % classes
    features = rng.normal(size=(examples, width)) + apart * rng.normal(size=(classes, width))[labels]
    if (width, classes) == (8, 4):
        features[:, 1] = 2 * features[:, 0]
    return features, rng.permutation(labels) if apart == 0 else labels


def log_evidence(features, column, alpha, beta):
    """Log density of a column as a normal vector whose covariance is written out: no decomposition, no fixed point."""
    covariance = features @ features.T / alpha + np.eye(len(column)) / beta
    sign, log_determinant = np.linalg.slogdet(covariance)
    assert sign == 1
    return -0.5 * (len(column) * np.log(2 * np.pi) + log_determinant + column @ np.linalg.solve(covariance, column))


def brute_force(features, labels):
    """Try a grid of alpha and beta, and walk uphill from its best point, for each class."""
    columns, best = np.eye(labels.max() + 1)[labels].T, []
    for column in columns:
        grid = [(a, b) for a in np.linspace(-6, 18, 25) for b in np.linspace(-3, 12, 16)]
        start = max(grid, key=lambda point, column=column: log_evidence(features, column, *np.exp(point)))
        found = minimize(
            lambda point, column=column: -log_evidence(features, column, *np.exp(np.clip(point, -8, 24))),
            start,
            method="Nelder-Mead",
            options={"xatol": 1e-7, "fatol": 1e-10, "maxiter": 4000},
        )
        best.append(-found.fun / len(column))
    return np.mean(best)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("apart", [0.0, 1.0])  # labels that the features do not tell, and labels that they do
def test_it_is_the_largest_evidence(shape, apart):
    features, labels = data(sum(shape), *shape, apart)
    assert log_me(features, labels) == pytest.approx(brute_force(features, labels), abs=2e-5)


@pytest.mark.parametrize("shape", SHAPES)
def test_scale_rotation_and_names_of_classes_change_nothing(shape):
    features, labels = data(1, *shape)
    score = log_me(features, labels)
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(shape[1], shape[1])))[0]
    assert log_me(1000 * features, labels) == pytest.approx(score, abs=1e-6)
    assert log_me(features @ turn, labels) == pytest.approx(score, abs=1e-6)
    assert log_me(features, 7 + 3 * (shape[2] - 1 - labels)) == pytest.approx(score, abs=1e-9)
    assert log_me(features[::-1], labels[::-1]) == pytest.approx(score, abs=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_shuffled_labels_and_random_features_come_last(seed):
    features, labels = data(seed, 120, 40, 4)
    rng = np.random.default_rng(seed)
    true = log_me(features, labels)
    noisy = log_me(features + 2 * rng.normal(size=features.shape), labels)
    assert true > noisy > log_me(features, rng.permutation(labels))
    assert noisy > log_me(rng.normal(size=features.shape), labels)


def test_labels_that_the_features_hold_exactly_are_finite_and_best():
    features, labels = data(0, 40, 6, 2)
    perfect = log_me(np.column_stack([features, np.eye(2)[labels]]), labels)
    assert np.isfinite(perfect)
    assert perfect > log_me(features, labels) + 1


def test_it_takes_read_only_half_precision_and_leaves_it_alone():
    features, labels = data(3, 30, 5, 3)
    stored = features.astype("float16")
    stored.flags.writeable = False
    assert log_me(stored, labels) == pytest.approx(log_me(stored.astype(float), labels))
