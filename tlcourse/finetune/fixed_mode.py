"""A layer that holds another one in training or in inference mode, whatever `fit()` and `predict()` ask for."""

from __future__ import annotations

from typing import Any

import keras


@keras.saving.register_keras_serializable(package="tlcourse")
class FixedMode(keras.layers.Wrapper):
    """Run `layer` with `training` fixed.

    In a functional model `layer(x, training=False)` is only a default: `fit()` overrides it with `training=True`, and
    `predict()` overrides `training=True` with False. A call made inside another layer is not overridden.

    `FixedMode(backbone, training=False)` keeps BatchNorm in inference mode after `backbone.trainable = True`.
    `FixedMode(keras.layers.Dropout(0.5), training=True)` keeps dropout active in `predict()`, for Monte-Carlo dropout
    (Gal and Ghahramani 2016, arXiv 1506.02142).

    Args:
        layer: The layer or model to wrap.
        training: The mode to hold it in.
    """

    def __init__(self, layer: keras.layers.Layer, *, training: bool, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        self.training = bool(training)

    def call(self, inputs: Any) -> Any:
        return self.layer(inputs, training=self.training)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return self.layer.compute_output_shape(input_shape)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "training": self.training}
