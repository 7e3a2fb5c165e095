"""Lesson 01: what it and its exercise write out is what the package does from the next lesson on."""

from __future__ import annotations

import numpy as np

import tlcourse
from tests.lessons.sources import from_lesson
from tlcourse import evaluate


def test_the_network_of_lesson_01_is_the_small_cnn_of_the_package(rng):
    import keras

    build_backbone = from_lesson("01", "build_backbone", keras=keras, layers=keras.layers)
    ours = from_lesson("01", "with_head", keras=keras, layers=keras.layers)(build_backbone(), 10)
    theirs = tlcourse.small_cnn(10)
    assert [w.shape for w in ours.weights] == [w.shape for w in theirs.weights]
    assert ours.count_params() == theirs.count_params() == 63_610
    theirs.set_weights(
        [rng.uniform(0.1, 0.9, w.shape) * rng.choice([-1, 1], w.shape[-1:]) ** (w.ndim > 1) for w in theirs.weights]
    )
    ours.set_weights(theirs.get_weights())
    images = rng.integers(0, 256, (5, 32, 32, 3)).astype("uint8")
    for training in (False, True):  # the second one shows that both have the same momentum
        outputs = np.array(ours(images, training=training))
        assert np.ptp(outputs) > 0
        np.testing.assert_array_equal(outputs, np.array(theirs(images, training=training)))
    for by_hand, packaged in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(by_hand, packaged)


def test_the_backbone_of_lesson_01_is_unfrozen_as_the_package_unfreezes():
    import keras

    build_backbone = from_lesson("01", "build_backbone", keras=keras, layers=keras.layers)
    ours, theirs = build_backbone(), build_backbone()
    ours.trainable = theirs.trainable = False
    from_lesson("01", "unfreeze", layers=keras.layers)(ours)
    tlcourse.unfreeze(theirs)
    assert len(ours.trainable_weights) == 4
    by_hand, package = ([(w.shape, t) for w, t in flags(model)] for model in (ours, theirs))
    assert by_hand == package


def flags(model):
    """List every weight with whether it trains, in the order of the model."""
    trains = {id(weight) for weight in model.trainable_weights}
    return [(weight, id(weight) in trains) for weight in model.weights]


def test_the_label_equivalents_of_exercise_01_are_those_of_the_package(rng):
    by_hand = from_lesson("01", "label_equivalent", folder="exercises")
    labels = np.array([5, 10, 20, 50, 100])
    scratch, transfer = np.sort(rng.uniform(0.1, 0.9, size=(2, 5)), axis=1)
    transfer[[0, -1]] = scratch[0] - 0.05, scratch[-1] + 0.05  # below and above what was measured
    needed = evaluate.label_equivalent(labels, transfer, scratch)
    assert needed[0] == 0
    assert np.isinf(needed[-1])
    np.testing.assert_allclose(by_hand(labels, transfer, scratch), needed)


def test_the_speed_up_of_exercise_01_counts_epochs_as_the_package_does(rng):
    by_hand = from_lesson("01", "median_speed_up", folder="exercises")
    runs = [(np.append(fast, 1), np.append(slow, 1)) for fast, slow in rng.uniform(0, 0.9, size=(3, 2, 7))]
    for target in (0.3, 0.8, 0.95):
        theirs = [evaluate.epochs_to_target(slow, target) / evaluate.epochs_to_target(fast, target) for fast, slow in runs]
        assert by_hand(runs, target) == np.median(theirs)
