"""Lesson 04: what it and its exercise write out is what the package does from the next lesson on."""

from __future__ import annotations

import pytest

import tlcourse
from tests.lessons.sources import from_lesson


@pytest.mark.parametrize("count", [1, 2, 5, 6])
def test_the_last_blocks_of_lesson_04_are_unfrozen_as_the_package_unfreezes(count):
    import keras

    ours, theirs = (tlcourse.load_backbone("tiny_resnet", weights=None) for _ in range(2))
    from_lesson("04", "unfreeze_last_blocks", backbone=ours, tlcourse=tlcourse, layers=keras.layers)(count)
    tlcourse.freeze(theirs)
    tlcourse.unfreeze(theirs, from_block=list(tlcourse.blocks_of(theirs))[-count])
    assert [t for _, t in flags(ours)] == [t for _, t in flags(theirs)]
    assert 0 < len(ours.trainable_weights) < len(ours.weights)


def flags(model):
    """List every weight with whether it trains, in the order of the model."""
    trains = {id(weight) for weight in model.trainable_weights}
    return [(weight, id(weight) in trains) for weight in model.weights]


@pytest.mark.parametrize("strength", [0.1, 3.0])
def test_the_penalty_of_exercise_04_pulls_as_hard_as_the_packages(rng, strength):
    import keras

    model = tlcourse.small_cnn(10)
    trunk = keras.Model(model.input, model.get_layer("pool4").output)
    for norm in (layer for layer in trunk.layers if isinstance(layer, keras.layers.BatchNormalization)):
        norm.trainable = False  # as in the lesson: the package's penalty leaves what does not train where it is, too
    by_hand = from_lesson("04", "make_penalty", folder="exercises", ops=keras.ops)(model, trunk, strength)
    penalised = tlcourse.finetune.l2_sp(model, backbone=trunk, alpha=strength, beta=0.0)
    assert float(by_hand()) == float(penalised.penalty()) == 0
    for weight in trunk.trainable_weights:
        weight.assign(weight + rng.normal(0, 0.1, weight.shape))
    assert float(by_hand()) == pytest.approx(float(penalised.penalty()), rel=1e-5)
    assert float(by_hand()) > 0
