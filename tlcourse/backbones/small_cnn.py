"""The small convolutional network of the lessons: it trains within seconds, so a comparison can have many runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tlcourse.arguments import require_number, require_whole

if TYPE_CHECKING:
    import keras

CHANNELS = (16, 32, 64, 64)


def small_cnn(num_classes: int, *, momentum: float = 0.9) -> keras.Model:
    """Build the small network of lesson 01, with random values: four blocks, 32 -> 16 -> 8 -> 4 -> 2 pixels a side.

    A block is convolution (`conv1` to `conv4`), BatchNorm (`norm1` to `norm4`), ReLU and pooling. The last layer, `head`, gives logits.

    Args:
        num_classes: Classes of the head, 1 or more.
        momentum: Momentum of BatchNorm, 0 to 1. At 0.9 its statistics settle within a few dozen steps; Keras' default of 0.99 needs
            hundreds.

    Returns:
        A model from `(batch, 32, 32, 3)`, pixels 0-255, to `(batch, num_classes)` logits. Not compiled.

    Raises:
        ValueError: If `num_classes` is below 1 or `momentum` is outside 0 to 1.

    Example:
        >>> model = tlcourse.small_cnn(3)
        >>> model.output_shape
        (None, 3)
    """
    import keras
    from keras import layers

    require_whole("num_classes", num_classes, 1)
    require_number("momentum", momentum, 0, 1)
    images = keras.Input((32, 32, 3))
    x = layers.Rescaling(1 / 127.5, offset=-1)(images)
    for number, channels in enumerate(CHANNELS, start=1):
        x = layers.Conv2D(channels, 3, padding="same", use_bias=False, name=f"conv{number}")(x)
        x = layers.BatchNormalization(momentum=momentum, name=f"norm{number}")(x)
        x = layers.MaxPooling2D(name=f"pool{number}")(layers.ReLU(name=f"relu{number}")(x))  # halves both sides
    features = layers.Flatten(name="features")(x)  # (batch, 2, 2, 64) -> (batch, 256)
    return keras.Model(images, layers.Dense(num_classes, name="head")(features), name="small_cnn")
