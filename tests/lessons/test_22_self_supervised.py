"""Lesson 22: what it writes out is what the package does, and its tasks are judged the same on many seeds."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from tests.lessons.answers import lost_seeds, misjudged, official_answer
from tests.lessons.sources import from_lesson
from tlcourse import selfsup

OFFICIAL = {"22.1": "two_views", "22.2": "nt_xent", "22.3": "probe_features", "22.4": "spread_and_collapse"}


@pytest.mark.parametrize("task_id", OFFICIAL)
def test_answers_are_judged_by_name_on_64_hidden_seeds(task_id):
    assert lost_seeds(task_id, official_answer(task_id, OFFICIAL[task_id]), range(1000, 1064)) == {}
    assert misjudged(task_id, range(1000, 1064)) == []


@pytest.mark.slow
@pytest.mark.parametrize("task_id", OFFICIAL)
def test_answers_are_judged_by_name_on_500_hidden_seeds(task_id):
    assert lost_seeds(task_id, official_answer(task_id, OFFICIAL[task_id]), range(1000, 1500)) == {}
    assert misjudged(task_id, range(1000, 1500)) == []


def pairs(rng):
    return (rng.normal(size=(6, 5)).astype("float32") for _ in range(2))


@pytest.mark.parametrize("temperature", [0.2, 1.0])
def test_the_loss_of_two_views_is_that_of_the_package(temperature):
    written = from_lesson("22", "nt_xent", keras=keras, ops=keras.ops)
    first, second = pairs(np.random.default_rng(0))
    found = float(written(first, second, temperature))
    assert found == pytest.approx(float(selfsup.nt_xent(first, second, temperature)), rel=1e-5)


def test_vicreg_is_that_of_the_package():
    written = from_lesson("22", "vicreg", ops=keras.ops)
    first, second = pairs(np.random.default_rng(1))
    assert float(written(first, second)) == pytest.approx(float(selfsup.vicreg_loss(first, second)), rel=1e-5)
    assert float(written(first, second, 0.0, 2.0)) == pytest.approx(
        float(selfsup.vicreg_loss(first, second, variance=0.0, covariance=2.0)), rel=1e-5
    )


def test_the_masked_error_is_that_of_the_package():
    written = from_lesson("22", "masked_error", ops=keras.ops)
    rng = np.random.default_rng(2)
    images, predicted = rng.normal(size=(2, 3, 8, 8, 3)).astype("float32")
    mask = selfsup.random_patch_mask(3, 8, 4, 0.5, seed=0)
    assert float(written(images, predicted, mask)) == pytest.approx(
        float(selfsup.masked_error(images, predicted, mask)), rel=1e-5
    )
