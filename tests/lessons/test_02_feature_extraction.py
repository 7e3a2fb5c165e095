"""Lesson 02: what it and its exercise write out is what the package does from the next lesson on."""

from __future__ import annotations

import numpy as np
import pytest

import tlcourse
from tests.lessons.sources import from_lesson


@pytest.fixture
def backbone(rng):
    """A small network in which it matters that nothing learns: statistics that are not those of a batch, and dropout."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(int(rng.integers(1000)))
    network = keras.Sequential(
        [
            keras.Input((12, 12, 3)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(6, 3, strides=2),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.GlobalAveragePooling2D(),
            layers.Dropout(0.5),
        ],
        name="toy",
    )
    norm = network.layers[2]
    norm.set_weights([rng.uniform(0.5, 2, value.shape) for value in norm.get_weights()])
    network.trainable = False
    return network


@pytest.mark.parametrize("count", [1, 64, 150])
def test_the_extraction_of_lesson_02_is_that_of_the_package(backbone, rng, count):
    by_hand = from_lesson("02", "extract")
    images = rng.integers(0, 256, (count, 12, 12, 3), dtype=np.uint8)
    features = by_hand(backbone, images)
    assert features.shape == (count, 6)
    assert np.ptp(features) > 0
    np.testing.assert_allclose(features, tlcourse.extract_features(backbone, images, cache=False), rtol=1e-4, atol=1e-6)
