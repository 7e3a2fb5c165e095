"""Networks small enough for a second of training: 8x8 images, four filters, BatchNorm that moves fast."""

from __future__ import annotations

import keras
from keras import layers


def make_backbone(name="backbone"):
    """Two blocks of convolution and BatchNorm, `(batch, 8, 8, 3) -> (batch, 4)`."""
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, activation="relu", name="early_conv")(inputs)  # (batch, 8, 8, 3) -> (batch, 6, 6, 4)
    x = layers.BatchNormalization(momentum=0.5, name="early_bn")(x)
    x = layers.Conv2D(4, 3, activation="relu", name="late_conv")(x)  # (batch, 6, 6, 4) -> (batch, 4, 4, 4)
    x = layers.BatchNormalization(momentum=0.5, name="late_bn")(x)
    return keras.Model(inputs, layers.GlobalAveragePooling2D(name="pool")(x), name=name)


def make_nested(backbone):
    inputs = keras.Input((8, 8, 3))
    return keras.Model(inputs, layers.Dense(3, name="head")(backbone(inputs)), name="nested")


def make_flat(backbone):
    return keras.Model(backbone.input, layers.Dense(3, name="head")(backbone.output), name="flat")


def make_sequential(backbone):
    model = keras.Sequential([keras.Input((8, 8, 3)), backbone, layers.Dense(3, name="head")], name="sequential")
    return model


def compile_sgd(model, learning_rate=0.1):
    model.compile(keras.optimizers.SGD(learning_rate), keras.losses.SparseCategoricalCrossentropy(from_logits=True))


def stats_of(model_or_layer):
    """Copies of every BatchNorm statistic, to compare bit by bit."""
    batchnorms = [layer for layer in model_or_layer._flatten_layers() if isinstance(layer, layers.BatchNormalization)]
    return [v.numpy().copy() for layer in batchnorms for v in (layer.moving_mean, layer.moving_variance)]


def same(before, after):
    return all((old == new).all() for old, new in zip(before, after, strict=True))
