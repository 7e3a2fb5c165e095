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


def best_on_grid(features, labels):
    """The best value of the evidence at 120 x 60 points of alpha and beta, for each class, with the covariance written out."""
    values, vectors = np.linalg.eigh(features @ features.T)
    values, columns, best = np.maximum(values, 0.0), np.eye(labels.max() + 1)[labels], []
    for along in (vectors.T @ columns).T ** 2:
        alpha, beta = np.meshgrid(10.0 ** np.linspace(-9, 14, 120), 10.0 ** np.linspace(-2, 8, 60))
        variances = values / alpha[..., None] + 1 / beta[..., None]  # (60, 120, examples)
        logs = np.log(2 * np.pi * variances) + along / variances
        best.append(-0.5 * logs.sum(axis=-1).min() / len(labels))
    return np.mean(best)


def shifted(seed):
    features = np.random.default_rng(seed).normal(size=(300, 10))
    return features, (features[:, 0] > 0).astype(int)


HARD = {
    "all moved by 300": lambda f: f + 300,
    "one irrelevant column times 100": lambda f: np.column_stack([f[:, :9], 100 * f[:, 9]]),
    "a constant column": lambda f: np.column_stack([f, np.ones(len(f))]),
    "a large constant column": lambda f: np.column_stack([f, np.full(len(f), 1e4)]),
    "a huge constant column": lambda f: np.column_stack([f, np.full(len(f), 1e7)]),
    "one column": lambda f: f[:, :1],
    "a column three times": lambda f: np.column_stack([f, f[:, 0], f[:, 0]]),
    "more features than rows": lambda f: np.random.default_rng(1).normal(size=(len(f), 400)) + f[:, :1],
    "dead features": lambda f: np.column_stack([np.maximum(f, 0), np.zeros((len(f), 5))]),
    "columns of all sizes": lambda f: f * 10.0 ** np.linspace(-3, 3, 10),
}


@pytest.mark.parametrize("change", HARD.values(), ids=HARD)
@pytest.mark.parametrize("seed", [0, 1])
def test_no_point_of_a_grid_has_more_evidence(change, seed):
    features, labels = shifted(seed)
    features = change(features)
    assert log_me(features, labels) >= best_on_grid(features, labels) - 1e-9
    assert log_me(3e-4 * features, labels) == pytest.approx(log_me(features, labels), abs=1e-6)


def test_the_values_that_a_fixed_point_missed():
    features, labels = shifted(0)
    assert log_me(features + 300, labels) == pytest.approx(-0.369, abs=1e-3)
    assert log_me(HARD["one irrelevant column times 100"](features), labels) == pytest.approx(-0.920, abs=1e-3)


@pytest.mark.parametrize("size", [1.0, 1e3, 1e6])
def test_a_large_constant_column_does_not_turn_a_ranking_over(size):
    features, labels = shifted(0)
    noise = np.random.default_rng(5).normal(size=features.shape)
    constant = np.full((len(labels), 1), size)
    good, bad = (log_me(np.column_stack([f, constant]), labels) for f in (features, noise))
    assert good > bad + 0.2
    assert log_me(constant, labels) == pytest.approx(log_me(np.ones((len(labels), 1)), labels), abs=1e-9)


def test_two_halves_of_a_column_are_one_column():
    features, labels = shifted(2)
    halves = np.column_stack([features, features]) / np.sqrt(2)
    assert log_me(halves, labels) == pytest.approx(log_me(features, labels), abs=1e-8)
    assert log_me(np.column_stack([features, np.zeros(300)]), labels) == pytest.approx(log_me(features, labels), abs=1e-8)


@pytest.mark.parametrize("kind", ["float32", "float16", "bfloat16"])
def test_it_takes_what_networks_predict(kind):
    import ml_dtypes  # comes with TensorFlow

    features, labels = shifted(3)
    stored = features.astype(getattr(ml_dtypes, kind, kind))
    assert log_me(stored, labels) == pytest.approx(log_me(stored.astype(float), labels), abs=1e-6)


@pytest.mark.parametrize("scale", [1e-150, 1e150, 1e300])
def test_huge_and_tiny_features_are_in_range(scale):
    features, labels = shifted(0)
    assert log_me(scale * features, labels) == pytest.approx(log_me(features, labels), abs=1e-6)
