"""A module of TensorFlow Hub as a backbone: raw pixels in, scaled to 0..1 inside where the module takes floats."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tlcourse.backbones.contract import InputContract

if TYPE_CHECKING:
    import keras

HUB_PREFIX = "hub:"
HUB_NAME = "hub_backbone"


def build_hub_backbone(
    handle: str,
    weights: str | os.PathLike[str] | None,
    input_shape: tuple[int, int, int] | None,
    pooling: str | None,
) -> keras.Model:
    """Build a model around the module: raw RGB pixels, 0 to 255, are scaled to 0..1 where the module takes floats.

    Args:
        handle: What `HubLayer` takes.
        weights: "pretrained"; a module has no others.
        input_shape: `(height, width, 3)`, which a module does not say.
        pooling: "avg" takes the mean over the places where the module returns a map; a vector stays as it is.

    Raises:
        ValueError: If other weights or no input shape are given.
        FileNotFoundError, HubError: If there is no such module.
    """
    if weights != "pretrained":
        raise ValueError(
            f'A module comes with its own values: weights="pretrained" is all it has. Received: weights={weights!r}.'
        )
    if input_shape is None:
        raise ValueError(
            "A hub module does not say its input size: pass input_shape, such as (224, 224, 3). Received: input_shape=None."
        )
    import keras

    from tlcourse.hub import HubLayer

    images = keras.Input(input_shape, name="images")
    module = HubLayer(handle, name="hub_module")
    scaled = images if module.takes_whole_numbers else keras.layers.Rescaling(1 / 255, name="preprocessing")(images)
    features = module(scaled)
    if pooling == "avg" and len(features.shape) == 4:
        features = keras.layers.GlobalAveragePooling2D(name="pool")(features)  # (batch, h, w, channels) -> (batch, channels)
    return keras.Model(images, features, name=HUB_NAME)


def hub_contract(model: keras.Model) -> InputContract:
    """Return the contract of a model that `build_hub_backbone` made; what it was trained on stands on the module's own page."""
    side = min(model.input_shape[1:3])
    return InputContract(side, side, "unit", "see the module's own page")
