"""AdaBN changes moving statistics and nothing else, and they are those of the target."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers, ops

from tlcourse.adapt import adapt_batchnorm


def network(momentum=0.99, trainable=True, dropout=0.5):
    keras.utils.set_random_seed(0)
    inner = keras.Sequential([keras.Input((4,)), layers.BatchNormalization(momentum=momentum, name="first")], name="inner")
    rows = keras.Input((4,))
    hidden = layers.Dropout(dropout)(inner(rows))
    hidden = layers.BatchNormalization(momentum=momentum, name="second")(layers.Dense(3, name="dense")(hidden))
    model = keras.Model(rows, hidden)
    inner.trainable = trainable
    return model


def values_of(model):
    return {weight.path: ops.convert_to_numpy(weight).copy() for weight in model.weights}


def test_only_moving_statistics_change(rng):
    model = network()
    model.compile("sgd", "mse")
    before, flags = values_of(model), [layer.trainable for layer in model._flatten_layers()]
    assert adapt_batchnorm(model, rng.normal(3, 2, size=(200, 4))) == 2
    changed = {path.split("/")[-1] for path, value in values_of(model).items() if not np.array_equal(value, before[path])}
    assert changed == {"moving_mean", "moving_variance"}
    assert [layer.trainable for layer in model._flatten_layers()] == flags


@pytest.mark.parametrize("momentum", [0.0, 0.9, 0.99])
@pytest.mark.parametrize("trainable", [True, False])
def test_the_statistics_are_the_targets_whatever_the_momentum_frozen_or_not(rng, momentum, trainable):
    target = rng.normal(3, 2, size=(300, 4)).astype("float32")
    model = network(momentum, trainable)
    adapt_batchnorm(model, target, batch_size=100)
    first = model.get_layer("inner").get_layer("first")
    np.testing.assert_allclose(ops.convert_to_numpy(first.moving_mean), target.mean(axis=0), rtol=1e-4)
    np.testing.assert_allclose(ops.convert_to_numpy(first.moving_variance), target.var(axis=0), rtol=0.05)  # within batches
    assert first.momentum == momentum


def test_deeper_layers_see_the_target_as_the_adapted_ones_before_them_pass_it_on(rng):
    """One batch, so that the average over batches is exact: the output is normalised, and dropout was off meanwhile."""
    target = rng.normal(3, 2, size=(256, 4)).astype("float32")
    model = network()
    adapt_batchnorm(model, target, batch_size=256)
    adapted = ops.convert_to_numpy(model(target, training=False))
    np.testing.assert_allclose(adapted.mean(axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(adapted.std(axis=0), 1, atol=0.01)


def test_a_gain_and_an_offset_of_the_sensor_are_undone(rng):
    source = rng.normal(size=(256, 4)).astype("float32")
    model = network(dropout=0.0)
    adapt_batchnorm(model, source, batch_size=256)
    wanted = ops.convert_to_numpy(model(source, training=False))
    target = source * np.float32([2, 0.5, 3, 1]) + np.float32([1, -4, 0, 2])
    assert np.abs(ops.convert_to_numpy(model(target, training=False)) - wanted).max() > 1
    adapt_batchnorm(model, target, batch_size=256)
    np.testing.assert_allclose(ops.convert_to_numpy(model(target, training=False)), wanted, atol=0.02)


def test_afterwards_the_layers_call_as_their_class_says(rng):
    model = network()
    adapt_batchnorm(model, rng.normal(size=(64, 4)))
    before = values_of(model)
    model(rng.normal(9, 1, size=(64, 4)), training=False)
    assert all(np.array_equal(value, before[path]) for path, value in values_of(model).items())
    assert all("call" not in vars(layer) for layer in model._flatten_layers())


def test_an_interrupted_run_leaves_the_layers_as_they_were():
    model = network(momentum=0.7, trainable=False)
    with pytest.raises(Exception, match=r"5|shape|incompatible"):
        adapt_batchnorm(model, np.ones((20, 5)))
    first = model.get_layer("inner").get_layer("first")
    assert first.momentum == 0.7
    assert not first.trainable
    assert "call" not in vars(first)


def test_a_model_without_batchnorm_is_told_so():
    with pytest.raises(ValueError, match=r"no BatchNormalization layer.*coral"):
        adapt_batchnorm(keras.Sequential([keras.Input((2,)), layers.Dense(1)]), np.ones((4, 2)))


@pytest.mark.parametrize(("count", "batch_size"), [(1, 64), (10, 1)])
def test_one_image_has_no_variance(count, batch_size):
    with pytest.raises(ValueError, match=rf"Received: len\(target_images\)={count}, batch_size={batch_size}"):
        adapt_batchnorm(network(), np.ones((count, 4)), batch_size=batch_size)
