"""Lesson 12: what it and its exercise write out is what the package does from the next lesson on."""

from __future__ import annotations

import numpy as np
import pytest

from tests.lessons.sources import from_lesson


def test_coral_of_lesson_12_is_that_of_the_package(rng):
    from tlcourse import adapt

    by_hand = from_lesson("12", "coral", power=from_lesson("12", "power"))
    source, target = rng.normal(2, 1, (90, 5)) @ rng.normal(size=(5, 5)), rng.normal(size=(70, 5)) @ rng.normal(size=(5, 5))
    assert np.abs(by_hand(source, target) - source).max() > 1
    np.testing.assert_allclose(by_hand(source, target), adapt.coral(source, target), rtol=1e-8, atol=1e-8)


def test_the_discrepancy_of_lesson_12_and_its_chance_are_those_of_the_package(rng):
    from tlcourse import adapt

    kernel_matrix, discrepancy = from_lesson("12", "kernel_matrix"), from_lesson("12", "discrepancy")
    test = from_lesson("12", "permutation_test", kernel_matrix=kernel_matrix, discrepancy=discrepancy, permutations=400)
    source, target = rng.normal(size=(30, 3)), rng.normal(1, 1, (50, 3))
    value, chance = test(source, target, rng)
    theirs = adapt.mmd_test(source, target, permutations=400, seed=1)
    assert value == pytest.approx(theirs.statistic, rel=1e-9)
    assert np.quantile(chance, 0.95) == pytest.approx(theirs.quantile, rel=0.25)  # both draw at random


@pytest.mark.parametrize(("batch_size", "within"), [(192, 1e-4), (64, 0.1)])  # in several batches the two differ in their order
def test_the_adapted_statistics_of_lesson_12_are_those_of_the_package(rng, batch_size, within):
    import keras

    from tlcourse import adapt

    by_hand = from_lesson("12", "adapt_statistics", layers=keras.layers)
    norm, dense = keras.layers.BatchNormalization, keras.layers.Dense
    model = keras.Sequential([keras.Input((4,)), norm(), dense(3, activation="relu"), norm()])
    rows, start, found = rng.normal(3, 2, (192, 4)).astype("float32"), model.get_weights(), []
    for adapted in (by_hand, lambda model, rows, size: adapt.adapt_batchnorm(model, rows, batch_size=size)):
        model.set_weights(start)
        adapted(model, rows, batch_size)
        found.append(model.get_weights())
    assert not np.allclose(found[0][2], start[2])
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=within, atol=within)
