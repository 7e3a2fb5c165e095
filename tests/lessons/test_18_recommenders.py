"""Lesson 18: what it writes out is what the package does, and its tasks are judged the same on many seeds."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers, ops

from tests.lessons.answers import lost_seeds, misjudged, official_answer
from tests.lessons.sources import from_lesson
from tlcourse import recommend
from tlcourse.worlds import draw_catalogues

OFFICIAL = {"18.1": "map_cold_users", "18.2": "mean_recall", "18.3": "mean_ndcg", "18.4": "enough_shared"}


@pytest.mark.parametrize("task_id", OFFICIAL)
def test_answers_are_judged_by_name_on_64_hidden_seeds(task_id):
    assert lost_seeds(task_id, official_answer(task_id, OFFICIAL[task_id]), range(1000, 1064)) == {}
    assert misjudged(task_id, range(1000, 1064)) == []


@pytest.mark.slow
@pytest.mark.parametrize("task_id", OFFICIAL)
def test_answers_are_judged_by_name_on_500_hidden_seeds(task_id):
    assert lost_seeds(task_id, official_answer(task_id, OFFICIAL[task_id]), range(1000, 1500)) == {}
    assert misjudged(task_id, range(1000, 1500)) == []


def test_the_factorisation_is_that_of_the_package():
    written = from_lesson("18", "Factors", keras=keras, layers=layers, ops=ops)
    first, _ = draw_catalogues(users=40, items=20, seed=0, per_user=8)
    pairs = np.stack([first.users, first.items], axis=1)
    models = (written(40, 20, 8, first.ratings.mean()), recommend.MatrixFactors(40, 20, 8, mean=float(first.ratings.mean())))
    for model in models:
        model(pairs[:1])
    models[1].set_weights(models[0].get_weights())
    for model in models:
        keras.utils.set_random_seed(0)
        model.compile(keras.optimizers.Adam(0.01), loss="mse")
        model.fit(pairs, first.ratings, batch_size=64, epochs=2, verbose=0)
    for a, b in zip(models[0].get_weights(), models[1].get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_the_map_is_that_of_the_package():
    written = from_lesson("18", "fit_map")
    source, target = np.random.default_rng(0).normal(size=(2, 30, 4))
    for a, b in zip(written(source, target), recommend.fit_linear_map(source, target), strict=True):
        np.testing.assert_allclose(a, b)


def test_the_metrics_are_those_of_the_package():
    rng = np.random.default_rng(0)
    scores, relevant = rng.normal(size=(30, 12)), rng.random((30, 12)) < 0.3
    recall, ndcg = from_lesson("18", "recall"), from_lesson("18", "ndcg")
    assert recall(scores, relevant, 4) == pytest.approx(np.nanmean(recommend.recall_at_k(scores, relevant, 4)))
    assert ndcg(scores, relevant, 4) == pytest.approx(np.nanmean(recommend.ndcg_at_k(scores, relevant, 4)))
