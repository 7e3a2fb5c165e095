"""Lesson 21: what it writes out is what the package does, and its tasks are judged the same on many seeds."""

from __future__ import annotations

import numpy as np
import pytest

from tests.lessons.answers import lost_seeds, misjudged, official_answer
from tests.lessons.sources import from_lesson
from tlcourse import adapt

OFFICIAL = {"21.1": "domain_matrix", "21.2": "randomise", "21.3": "balanced", "21.4": "abstain"}


@pytest.mark.parametrize("task_id", OFFICIAL)
def test_answers_are_judged_by_name_on_32_hidden_seeds(task_id):
    seeds = range(1000, 1032)
    assert lost_seeds(task_id, official_answer(task_id, OFFICIAL[task_id]), seeds) == {}
    assert misjudged(task_id, seeds) == []


@pytest.mark.slow
@pytest.mark.parametrize("task_id", OFFICIAL)
def test_answers_are_judged_by_name_on_500_hidden_seeds(task_id):
    assert lost_seeds(task_id, official_answer(task_id, OFFICIAL[task_id]), range(1000, 1500)) == {}
    assert misjudged(task_id, range(1000, 1500)) == []


def test_the_light_of_the_target_is_that_of_the_package():
    in_light_of = from_lesson("21", "in_light_of")
    rng = np.random.default_rng(0)
    image, target = (rng.integers(low, high, (24, 36, 3)).astype(np.uint8) for low, high in ((60, 200), (0, 90)))
    for share in (0.0, 0.02, 0.1):
        expected = adapt.swap_amplitudes(image[None], target[None], share=share)[0].astype(int)
        assert np.abs(in_light_of(image, target, share).astype(int) - expected).max() <= 1  # one rounding of 32 bits


def test_the_kept_pseudo_labels_are_those_of_the_package():
    balanced = from_lesson("21", "balanced")
    values = np.random.default_rng(1).dirichlet((5.0, 2.0, 1.0), 400)
    for share in (0.2, 0.5, 1.0):
        keep, predicted = balanced(values, share)
        positions, labels = adapt.class_balanced(values, share)
        np.testing.assert_array_equal(np.flatnonzero(keep), positions)
        np.testing.assert_array_equal(predicted[keep], labels)


def test_the_iou_of_classes_by_hand():
    iou_of_classes = from_lesson("21", "iou_of_classes", num_classes=4)
    truth = np.array([[0, 0, 1, 1], [255, 2, 2, 255]])
    predicted = np.array([[0, 1, 1, 1], [3, 2, 0, 0]])
    np.testing.assert_allclose(iou_of_classes(truth, predicted), [1 / 3, 2 / 3, 1 / 2, np.nan])
