"""Lesson 23: what it writes out is what the package does, and its tasks are judged the same on many seeds."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from tests.lessons.answers import lost_seeds, misjudged, official_answer
from tests.lessons.sources import from_lesson
from tlcourse import fewshot

OFFICIAL = {"23.1": "draw_episode", "23.2": "classify", "23.3": "with_interval", "23.4": "outer_step"}


@pytest.mark.parametrize("task_id", OFFICIAL)
def test_answers_are_judged_by_name_on_64_hidden_seeds(task_id):
    assert lost_seeds(task_id, official_answer(task_id, OFFICIAL[task_id]), range(1000, 1064)) == {}
    assert misjudged(task_id, range(1000, 1064)) == []


@pytest.mark.slow
@pytest.mark.parametrize("task_id", OFFICIAL)
def test_answers_are_judged_by_name_on_500_hidden_seeds(task_id):
    assert lost_seeds(task_id, official_answer(task_id, OFFICIAL[task_id]), range(1000, 1500)) == {}
    assert misjudged(task_id, range(1000, 1500)) == []


def test_the_accuracy_of_an_episode_is_that_of_the_package():
    accuracy_of = from_lesson("23", "accuracy_of")
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(8), 10)
    features = np.eye(8)[labels] + rng.normal(size=(80, 8))
    episodes = fewshot.sample_episodes(labels, 5, 3, episodes=20, seed=1)
    expected = [accuracy_of(features, s, q) for s, q in zip(episodes.support, episodes.query, strict=True)]
    np.testing.assert_allclose(fewshot.centroid_accuracies(features, episodes), expected)


def test_the_loss_of_an_episode_is_that_of_the_package():
    written = from_lesson("23", "Prototypical", keras=keras, ops=keras.ops)
    features = keras.ops.convert_to_tensor(np.random.default_rng(0).normal(size=(4 * 5, 6)).astype("float32"))
    identity = keras.Sequential([keras.Input((6,)), keras.layers.Identity()])
    loss = written(identity, 4, 2).compute_loss(y_pred=features)
    assert float(loss) == pytest.approx(float(fewshot.episode_loss(features, 4, 2, 3)), rel=1e-6)


def test_reptile_steps_down_the_true_gradient():
    names = {name: from_lesson("23", name) for name in ("new_network", "output")}
    gradient_step = from_lesson("23", "gradient_step", output=names["output"])
    rng = np.random.default_rng(0)
    weights = names["new_network"](rng, 5)
    x, y = rng.normal(size=(2, 7, 1))
    stepped = gradient_step(weights, x, y, rate=1.0)
    for part, (old, new) in enumerate(zip(weights, stepped, strict=True)):
        nudged = [w.copy() for w in weights]
        nudged[part].flat[0] += 1e-6
        slope = (np.mean((names["output"](nudged, x)[2] - y) ** 2) - np.mean((names["output"](weights, x)[2] - y) ** 2)) / 1e-6
        assert (old - new).flat[0] == pytest.approx(slope, abs=1e-4)
