"""One gradient, on TensorFlow or JAX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras


def gradient_with_extra(function: Callable[[Any], tuple[Any, Any]], at: Any) -> tuple[Any, Any]:
    """Differentiate the first result of `function` and hand the second one through.

    Args:
        function: Takes a tensor, returns a number and anything else.
        at: The tensor at which to differentiate.

    Returns:
        The gradient, of the shape of `at`, and the second result.

    Raises:
        RuntimeError: If on a backend other than TensorFlow and JAX.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(at)
            value, extra = function(at)
        return tape.gradient(value, at, unconnected_gradients=tf.UnconnectedGradients.ZERO), extra
    if backend == "jax":
        import jax

        return jax.grad(function, has_aux=True)(at)
    raise RuntimeError(
        f"Gradients are taken on TensorFlow and JAX. Keras runs on {backend!r}; set KERAS_BACKEND before Python starts."
    )
