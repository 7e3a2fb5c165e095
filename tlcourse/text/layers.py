"""Layers between an encoder and its head."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("tlcourse")
class MeanOverTokens(keras.layers.Layer):
    """Average token states where the mask is 1: `(batch, length, features)` -> `(batch, features)`."""

    def call(self, states: Any, mask: Any) -> Any:
        weights = ops.cast(mask, states.dtype)[..., None]  # (batch, length) -> (batch, length, 1)
        return ops.sum(states * weights, axis=1) / ops.maximum(ops.sum(weights, axis=1), 1)

    def compute_output_shape(self, states_shape: Any, mask_shape: Any = None) -> Any:
        return states_shape[0], states_shape[-1]


@keras.saving.register_keras_serializable("tlcourse")
class NeverWhereMasked(keras.layers.Layer):
    """Lower logits by 10,000 where the mask is 0: softmax over the tokens then never picks padding."""

    def call(self, logits: Any, mask: Any) -> Any:
        return logits - 1e4 * (1 - ops.cast(mask, logits.dtype))

    def compute_output_shape(self, logits_shape: Any, mask_shape: Any = None) -> Any:
        return logits_shape
