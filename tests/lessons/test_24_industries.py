"""Lesson 24: what it writes out is what the package does, and its tasks are judged the same on many seeds."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import tlcourse
from tests.lessons.answers import lost_seeds, misjudged, official_answer
from tests.lessons.sources import from_lesson
from tlcourse import adapt, backbones

OFFICIAL = {"24.1": "new_weights", "24.2": "widen", "24.3": "alarms"}


@pytest.mark.parametrize("task_id", OFFICIAL)
def test_answers_are_judged_by_name_on_64_hidden_seeds(task_id):
    assert lost_seeds(task_id, official_answer(task_id, OFFICIAL[task_id]), range(1000, 1064)) == {}
    assert misjudged(task_id, range(1000, 1064)) == []


@pytest.mark.slow
@pytest.mark.parametrize("task_id", OFFICIAL)
def test_answers_are_judged_by_name_on_500_hidden_seeds(task_id):
    assert lost_seeds(task_id, official_answer(task_id, OFFICIAL[task_id]), range(1000, 1500)) == {}
    assert misjudged(task_id, range(1000, 1500)) == []


def test_tradaboost_of_the_lesson_is_that_of_the_package():
    tradaboost_round = from_lesson("24", "tradaboost_round", LogisticRegression=LogisticRegression)
    rng = np.random.default_rng(0)
    source, target = rng.normal(size=(60, 3)), rng.normal(size=(20, 3))
    source_labels, target_labels = (source[:, 0] > 0).astype(int), (target[:, 0] + target[:, 1] > 0).astype(int)
    rows, labels = np.concatenate([source, target]), np.concatenate([source_labels, target_labels])
    weights = np.ones(80) / 80
    for _ in range(6):
        _, error, weights = tradaboost_round(rows, labels, np.arange(80) < 60, weights, 6)
        assert error < 0.5
    package = adapt.TrAdaBoost(LogisticRegression(max_iter=500), rounds=6).fit(source, source_labels, target, target_labels)
    found = np.concatenate([package.source_weights_, package.target_weights_])
    np.testing.assert_allclose(weights / weights.sum(), found, rtol=1e-6)


def test_the_wide_kernel_of_the_lesson_is_that_of_the_package():
    widen = from_lesson("24", "widen")
    backbone = tlcourse.load_backbone("tiny_resnet", pooling="avg")
    kernel = backbone.get_layer("stem_conv").kernel.numpy()
    wide = backbones.widen_stem(backbone, 6, (4, 0, 2), extra="mean")
    tail = widen(kernel, 6, (4, 0, 2))
    np.testing.assert_array_equal(tail[:, :, [4, 0, 2]], kernel)
    extra = wide.get_layer("stem_of_other_bands").kernel.numpy()
    answer = official_answer("24.2", "widen")(kernel, 6, (4, 0, 2))
    np.testing.assert_allclose(extra, answer[:, :, [1, 3, 5]], rtol=1e-5)
