"""MMD is 0 on equal samples, above what chance gives on shifted ones, and a number whatever comes."""

from __future__ import annotations

import numpy as np
import pytest
from keras import ops

from tlcourse.adapt import mmd, mmd_loss, mmd_test
from tlcourse.adapt.mmd import SCALES


def loss(source, target):
    return float(ops.convert_to_numpy(mmd_loss(np.asarray(source, "float32"), np.asarray(target, "float32"))))


def by_hand(source, target):
    """The definition, pair by pair."""
    pooled = np.concatenate([source, target])
    squared = [np.sum((a - b) ** 2) for i, a in enumerate(pooled) for b in pooled[i + 1 :]]

    def mean_kernel(xs, ys):
        return np.mean(
            [np.mean([np.exp(-np.sum((x - y) ** 2) / (s * np.median(squared))) for s in SCALES]) for x in xs for y in ys]
        )

    return mean_kernel(source, source) + mean_kernel(target, target) - 2 * mean_kernel(source, target)


def test_it_is_the_definition_pair_by_pair(rng):
    source, target = rng.normal(size=(9, 3)), rng.normal(1, 2, size=(13, 3))
    assert mmd(source, target) == pytest.approx(by_hand(source, target), rel=1e-9)
    assert mmd(source, target) == pytest.approx(mmd(target, source), rel=1e-9)


def test_it_is_0_on_equal_samples_in_any_order(rng):
    rows = rng.normal(size=(40, 5))
    assert mmd(rows, rng.permutation(rows)) < 1e-12
    assert loss(rows, rng.permutation(rows)) < 1e-6


@pytest.mark.parametrize("unit", [1e-8, 1.0, 1e8])
def test_neither_the_unit_nor_a_common_shift_matters(rng, unit):
    source, target = rng.normal(size=(30, 4)), rng.normal(0.5, 1, size=(20, 4))
    assert mmd(unit * (source + 3), unit * (target + 3)) == pytest.approx(mmd(source, target), rel=1e-3)


@pytest.mark.parametrize("shift", ["mean", "spread", "correlation"])
def test_a_shift_is_above_the_95_percent_of_random_splits(rng, shift):
    source, target = rng.normal(size=(2, 150, 3))
    match shift:
        case "mean":
            target = target + 0.5
        case "spread":
            target = target * 1.8
        case "correlation":
            target[:, 1] = 0.95 * target[:, 0] + 0.3 * target[:, 1]
    found = mmd_test(source, target, permutations=200)
    assert found.shifted
    assert found.statistic > found.quantile
    assert found.p_value == pytest.approx(1 / 201)
    assert found.statistic == pytest.approx(mmd(source, target))


def test_without_a_shift_about_5_percent_of_the_tests_call_one():
    alarms = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        alarms.append(mmd_test(*rng.normal(size=(2, 25, 2)), permutations=60, seed=seed).shifted)
    assert 2 <= sum(alarms) <= 22  # binomial(200, 5 %): outside once in a thousand


def test_the_same_seed_gives_the_same_test_and_another_seed_another(rng):
    source, target = rng.normal(size=(2, 30, 2))
    first, again, other = (mmd_test(source, target, permutations=50, seed=seed) for seed in (0, 0, 1))
    assert np.array_equal(first.permuted, again.permuted)
    assert not np.array_equal(first.permuted, other.permuted)


@pytest.mark.parametrize(
    "rows",
    [np.zeros((8, 3)), np.full((8, 3), 7.0), np.full((8, 3), 1e18), np.full((8, 3), 1e-30), np.eye(8, 3) * 1e-20],
    ids=["zeros", "all equal", "huge", "tiny", "nearly all zero"],
)
def test_collapsed_features_give_numbers_and_gradients_that_are_numbers(rows, gradient_of):
    rows = rows.astype("float32")
    for source, target in ((rows, rows), (rows, rows + 1), (rows, rows * 2)):
        assert np.isfinite(mmd(source, target))
        assert np.isfinite(loss(source, target))
        at = ops.convert_to_tensor(target)
        assert np.isfinite(gradient_of(lambda x, at=at: mmd_loss(x, at), source)).all()


def test_the_loss_cannot_be_lowered_by_shrinking_the_features(rng):
    source, target = rng.normal(1, 1, size=(30, 4)), rng.normal(-1, 1, size=(30, 4))
    assert loss(source, target) > 0.2
    assert loss(source / 100, target / 100) == pytest.approx(loss(source, target), rel=1e-4)


def test_a_step_along_the_gradient_of_the_loss_lowers_it(rng, gradient_of):
    source, target = rng.normal(size=(2, 40, 3)).astype("float32")
    source[:, 0] += 2
    step = source - 3 * gradient_of(lambda x: mmd_loss(x, ops.convert_to_tensor(target)), source)
    assert loss(step, target) < loss(source, target) - 0.005


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"permutations": 10}, "20 permutations or more. Received: permutations=10"),
        ({"scales": ()}, r"`scales` must be numbers above 0"),
        ({"scales": (1.0, 0.0)}, r"Received: scales=\(1.0, 0.0\)"),
    ],
)
def test_what_is_out_of_range_is_named(rng, options, message):
    with pytest.raises(ValueError, match=message):
        mmd_test(*rng.normal(size=(2, 10, 2)), **options)
