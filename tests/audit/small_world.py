"""Images, networks and values for the programs of the audit's tests: small, drawn, the same every time."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers


def drawn_images(count=60, side=32, classes=3, seed=0):
    """Draw smooth coloured images, uint8 `(count, side, side, 3)` from 0 to 255, and their classes, shuffled."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(count) % classes)
    coarse = rng.random((count, 4, 4, 3)) + 0.8 * np.eye(3)[labels % 3][:, None, None, :]
    fine = coarse.repeat(side // 4, axis=1).repeat(side // 4, axis=2) + 0.15 * rng.normal(size=(count, side, side, 3))
    low, high = fine.min(axis=(1, 2, 3), keepdims=True), fine.max(axis=(1, 2, 3), keepdims=True)
    return np.round(255 * (fine - low) / (high - low)).astype("uint8"), labels.astype("int64")


def learned(model, seed=0):
    """Give `model` values that no initializer draws, as training would: heavy-tailed kernels, BatchNorm statistics that moved."""
    rng = np.random.default_rng(seed)
    for variable in model.weights:
        shape = tuple(variable.shape)
        if "seed" in variable.path:
            continue
        if variable.path.endswith(("kernel", "pointwise_kernel", "depthwise_kernel")):
            values = rng.standard_t(3, size=shape)
            variable.assign(values / max(1e-6, values.std()) * np.sqrt(1.5 / max(1, np.prod(shape[:-1]))))
        elif variable.path.endswith("moving_mean"):
            variable.assign(0.1 * rng.normal(size=shape))
        elif variable.path.endswith("moving_variance"):
            variable.assign(0.5 + rng.random(shape))
    return model


def custom_backbone(side=32, name="backbone"):
    """A network that no library knows: `(batch, side, side, 3)` in -1..1 -> `(batch, 32)`."""
    inputs = keras.Input((side, side, 3))
    x = inputs
    for block, width in enumerate((8, 16, 32)):
        x = layers.Conv2D(width, 3, strides=2, padding="same", use_bias=False, name=f"b{block}_conv")(x)
        x = layers.BatchNormalization(momentum=0.9, name=f"b{block}_bn")(x)
        x = layers.Activation("relu", name=f"b{block}_relu")(x)
    return learned(keras.Model(inputs, layers.GlobalAveragePooling2D(name="avg")(x), name=name))


def application(builder, side=32, until=None, **options):
    """A network of keras.applications with learned-looking values, cut after the layer `until`."""
    build = getattr(keras.applications, builder)
    model = build(weights=None, include_top=False, input_shape=(side, side, 3), **options)
    if until is not None:
        model = keras.Model(model.input, model.get_layer(until).output, name=model.name)
    return learned(model)
