"""What the tests of adaptation share. They run on every backend of Keras, so that nothing here imports TensorFlow by itself."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def gradient_of():
    """Return the gradient of a scalar function of one tensor at `values`, as an array."""

    def gradient(function, values):
        match keras.backend.backend():
            case "tensorflow":
                import tensorflow as tf

                at = tf.constant(values)
                with tf.GradientTape() as tape:
                    tape.watch(at)
                    result = function(at)
                return tape.gradient(result, at).numpy()
            case "jax":
                import jax

                return np.asarray(jax.grad(function)(values))
            case other:
                pytest.skip(f"no gradient written for the backend {other}")

    return gradient


@pytest.fixture
def two_domains(rng):
    """Three classes in six columns; the target is turned, stretched and moved."""
    labels = rng.integers(0, 3, 120)
    centres = np.eye(3, 6) * 3
    source = (centres[labels] + rng.normal(size=(120, 6))).astype("float32")
    mixing = np.eye(6) + 0.4 * rng.normal(size=(6, 6))
    target = ((centres[rng.integers(0, 3, 90)] + rng.normal(size=(90, 6))) @ mixing + 1.5).astype("float32")
    return source, labels, target


@pytest.fixture
def small_parts():
    """Return (backbone, head) for six columns and three classes, the same weights at every call."""

    def build():
        keras.utils.set_random_seed(1)
        rows = keras.Input((6,))
        features = layers.Dense(8, activation="tanh")(layers.Dense(10, activation="relu")(rows))
        return keras.Model(rows, features, name="backbone"), layers.Dense(3, name="head")

    return build
