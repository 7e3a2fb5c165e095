"""Lesson 03: what it and its exercise write out is what the package does from the next lesson on."""

from __future__ import annotations

import numpy as np
import pytest

import tlcourse
from tests.lessons.sources import from_lesson
from tlcourse import evaluate, explain


@pytest.mark.parametrize(("n", "wide", "narrow"), [(60, 8, 5), (20, 50, 30)])  # more images than features, and fewer
def test_the_similarity_of_lesson_03_is_that_of_the_package(rng, n, wide, narrow):
    by_hand = from_lesson("03", "linear_cka")
    x = rng.normal(3, 1, (n, wide))
    y = x @ rng.normal(size=(wide, narrow)) + rng.normal(5, 2, (n, narrow))
    assert 0.05 < by_hand(x, y) < 0.95
    assert by_hand(x, y) == pytest.approx(evaluate.cka(x, y), rel=1e-6)
    assert by_hand(x, x) == pytest.approx(1)


@pytest.mark.parametrize("count", [1, 3, 4])
def test_the_kept_blocks_of_lesson_03_are_frozen_as_the_package_freezes(count):
    keep_blocks = from_lesson("03", "keep_blocks", tlcourse=tlcourse)
    source, theirs = tlcourse.small_cnn(3), tlcourse.small_cnn(10)
    for i in range(1, 5):
        norm = source.get_layer(f"norm{i}")
        norm.set_weights([np.full(value.shape, i + 1.0) for value in norm.get_weights()])
    by_hand = keep_blocks(source, count)
    tlcourse.freeze(theirs, up_to=f"pool{count}")
    assert [w.path for w in by_hand.trainable_variables] == [w.path for w in theirs.trainable_variables]
    for i in range(1, 5):
        for name in (f"conv{i}", f"norm{i}"):
            ours, old = by_hand.get_layer(name).get_weights(), source.get_layer(name).get_weights()
            assert all(np.array_equal(a, b) == (i <= count) for a, b in zip(ours, old, strict=True)), name


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_the_map_of_lesson_03_is_that_of_the_package(rng, activation):
    import keras
    from keras import layers

    keras.utils.set_random_seed(int(rng.integers(1000)))
    mapper = keras.Sequential([keras.Input((16, 16, 3)), layers.Conv2D(6, 3, strides=4, activation=activation)])
    head = layers.Dense(3)
    head.build((None, 6))
    head.set_weights([rng.normal(size=(6, 3)), rng.normal(size=3)])
    by_hand = from_lesson("03", "grad_cam", mapper=mapper, head=head)
    model = keras.Sequential([mapper, layers.GlobalAveragePooling2D(), head])
    images = rng.uniform(0, 1, (4, 16, 16, 3)).astype("float32")
    theirs = explain.grad_cam(model, images, [0, 1, 2, 0], size=(4, 4))
    assert theirs.max() > 0
    for image, label, heat in zip(images, [0, 1, 2, 0], theirs, strict=True):
        np.testing.assert_allclose(by_hand(image, label), heat, atol=1e-5)
