"""Preprocessing as layers inside the model, equal to `keras.applications.*.preprocess_input`.

Imported when a backbone is built, because it defines Keras layers.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

# Means and standard deviations of ImageNet, as `keras.applications.imagenet_utils` has them.
_CAFFE_MEAN_BGR = (103.939, 116.779, 123.68)
_TORCH_MEAN, _TORCH_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@keras.saving.register_keras_serializable(package="tlcourse")
class CaffePreprocessing(keras.layers.Layer):
    """Turn RGB 0..255 into BGR with the ImageNet mean subtracted, as VGG16 and ResNet50 were trained."""

    def call(self, images: Any) -> Any:
        bgr = ops.flip(ops.cast(images, self.compute_dtype), axis=-1)  # (batch, height, width, 3), RGB -> BGR
        return bgr - ops.convert_to_tensor(_CAFFE_MEAN_BGR, dtype=bgr.dtype)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return tuple(input_shape)


@keras.saving.register_keras_serializable(package="tlcourse")
class TorchPreprocessing(keras.layers.Layer):
    """Turn RGB 0..255 into 0..1, minus the ImageNet mean, over its standard deviation, as DenseNet was trained."""

    def call(self, images: Any) -> Any:
        scaled = ops.cast(images, self.compute_dtype) / 255.0
        mean = ops.convert_to_tensor(_TORCH_MEAN, dtype=scaled.dtype)
        return (scaled - mean) / ops.convert_to_tensor(_TORCH_STD, dtype=scaled.dtype)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return tuple(input_shape)


def preprocessing_layer(mode: str) -> keras.layers.Layer | None:
    """Return the layer that does what `preprocess_input` of this mode does; None where the architecture does it itself."""
    if mode == "tf":
        return keras.layers.Rescaling(1 / 127.5, offset=-1.0, name="preprocessing")
    if mode == "caffe":
        return CaffePreprocessing(name="preprocessing")
    if mode == "torch":
        return TorchPreprocessing(name="preprocessing")
    return None
