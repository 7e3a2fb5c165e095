"""Stored against arriving variance: training itself is never taken for another scale."""

import keras
import numpy as np
import pytest
from keras import layers

import tlcourse
from tlcourse.audit.model.stored_statistics import Statistics


@pytest.mark.parametrize(
    ("stored", "arriving", "fit"),
    [
        (1.0, 1.0, True),
        (1.0, 16.0, True),
        (0.08, 0.08 * 65025, False),
        (5000.0, 5000 / 65025, False),
        (0.9, 1e-5, True),
        (1.9, 1.9 * 199, True),
    ],
)
def test_only_what_training_cannot_explain_is_a_misfit(stored, arriving, fit):
    assert Statistics("bn", stored, arriving, 200.0).fit is fit


@pytest.mark.parametrize("scale", [1e-3, 1.0, 255.0])
@pytest.mark.parametrize("momentum", [0.9, 0.99, 0.999])
@pytest.mark.parametrize("steps", [1, 3, 40])
def test_a_network_in_training_is_never_accused(scale, momentum, steps):
    """However far its statistics are on their way from 1."""
    rng = np.random.default_rng(0)
    x, y = (scale * rng.random((64, 8, 8, 3))).astype("float32"), rng.integers(0, 3, 64)
    model = keras.Sequential([keras.Input((8, 8, 3)), layers.BatchNormalization(momentum=momentum), layers.Conv2D(4, 3)])
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dense(3))
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    for _ in range(steps):
        model.layers[0](x, training=True)
    report = tlcourse.audit(model, (x, y))
    assert "preprocessing" not in report.ids, str(report)


def test_without_trained_statistics_nothing_is_claimed():
    x, y = np.random.default_rng(0).random((32, 8, 8, 3)).astype("float32"), np.arange(32) % 2
    model = keras.Sequential([keras.Input((8, 8, 3)), layers.BatchNormalization(), layers.Flatten(), layers.Dense(2)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    assert "preprocessing" in {row.id for row in tlcourse.audit(model, (255 * x, y)).not_checked}
