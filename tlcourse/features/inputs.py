"""Refuse backbones and images that do not fit together, and name the usual mistake."""

from __future__ import annotations

from typing import Any

import numpy as np

from tlcourse.transparency import LAY_ON_WHITE

_SAMPLE = 256


def check_backbone(backbone: Any) -> None:
    """Raise unless `backbone` is a built Keras model with one input and one feature vector an image.

    Raises:
        TypeError: If it is no Keras model.
        ValueError: If its inputs or outputs are not as they should be.
    """
    import keras

    if not isinstance(backbone, keras.Model):
        raise TypeError(
            f"`backbone` must be a Keras model, such as load_backbone(pooling='avg'). Received: backbone={type(backbone).__name__}."
        )
    if not backbone.built:
        raise ValueError(
            f"Backbone {backbone.name!r} has no weights yet. Call it on a batch, or backbone.build(input_shape). Received: built=False."
        )
    shapes = {"inputs": getattr(backbone, "inputs", None), "outputs": getattr(backbone, "outputs", None)}
    for what, tensors in shapes.items():
        if tensors is not None and len(tensors) != 1:
            raise ValueError(
                f"Backbone {backbone.name!r} must have one input and one output; it has {len(tensors)} {what}. "
                f"Received: len(backbone.{what})={len(tensors)}."
            )
    if shapes["outputs"]:
        check_output_shape(backbone.name, tuple(shapes["outputs"][0].shape))


def check_output_shape(name: str, shape: tuple[int | None, ...]) -> None:
    """Raise unless a backbone's output is `(batch, features)`."""
    if len(shape) == 2:
        return
    fix = (
        "Pool over the image: load_backbone(..., pooling='avg'), or keras.layers.GlobalAveragePooling2D() at its end."
        if len(shape) == 4
        else "End it with a pooling or Flatten layer."
    )
    raise ValueError(
        f"Backbone {name!r} must give one vector an image, of shape (batch, features). {fix} Received: output.shape={shape}."
    )


def check_images(backbone: Any, images: np.ndarray, *, scale: bool = True) -> None:
    """Raise unless `images` are what `backbone` takes.

    Args:
        backbone: A built Keras model.
        images: `(n, height, width, channels)`.
        scale: Whether to look at the values too.

    Raises:
        ValueError: If the shape differs, there are none, or values were scaled to 0-1 for a backbone that scales by itself.
        TypeError: If they are not numbers.
    """
    if not (np.issubdtype(images.dtype, np.integer) or np.issubdtype(images.dtype, np.floating)):
        raise TypeError(
            f"`images` must be whole numbers or floats, best uint8 from 0 to 255. Received: images.dtype={images.dtype}."
        )
    inputs = getattr(backbone, "inputs", None)
    expected = tuple(inputs[0].shape) if inputs else None
    if expected is not None and images.ndim == len(expected) - 1 and _fits(images.shape, expected[1:]):
        raise ValueError(f"`images` is one image. Pass a batch of one: images[None]. Received: images.shape={images.shape}.")
    if expected is not None and (images.ndim != len(expected) or not _fits(images.shape[1:], expected[1:])):
        wanted = ", ".join("any" if size is None else str(size) for size in expected[1:])
        raise ValueError(
            f"Backbone {backbone.name!r} takes images of shape (n, {wanted}).{_shape_advice(images, expected)} "
            f"Received: images.shape={images.shape}."
        )
    if len(images) == 0:
        raise ValueError(f"There are no images to extract features from. Received: images.shape={images.shape}.")
    if scale:
        _check_scale(backbone, images)


def _check_scale(backbone: Any, images: np.ndarray) -> None:
    if not np.issubdtype(images.dtype, np.floating):
        return
    value_range = _range_of(backbone)
    if value_range is None or max(value_range) <= 1:
        return
    sample = images[:: max(1, len(images) // _SAMPLE)]
    lowest, highest = float(sample.min()), float(sample.max())
    if 0 < highest <= 1 and lowest >= -1:
        raise ValueError(
            f"The images seem to be scaled already, but backbone {backbone.name!r} takes {value_range[0]:g} to {value_range[1]:g} and "
            "scales inside, so they would be scaled twice. Pass the images as loaded (uint8), without / 255 and without "
            f"preprocess_input. Received: images={lowest:.2f} to {highest:.2f}."
        )


def _range_of(backbone: Any) -> tuple[float, float] | None:
    """Ask the registry for the range that a backbone takes; a model it does not know could take any."""
    from tlcourse.backbones import contract_of

    try:
        low, high = contract_of(backbone).value_range
        return float(low), float(high)
    except (KeyError, TypeError, ValueError):
        return None


def _fits(shape: tuple[int, ...], expected: tuple[int | None, ...]) -> bool:
    return len(shape) == len(expected) and all(e is None or s == e for s, e in zip(shape, expected, strict=True))


def _shape_advice(images: np.ndarray, expected: tuple[int | None, ...]) -> str:
    if images.ndim == 3 and len(expected) == 4:
        return " Grey images need a colour axis: np.repeat(images[..., None], 3, axis=-1)."
    if images.ndim == 4 and len(expected) == 4:
        if images.shape[1] == expected[-1] and images.shape[-1] != expected[-1]:
            return " Colours seem to come first: np.moveaxis(images, 1, -1)."
        if images.shape[-1] == 1 and expected[-1] == 3:
            return " Grey images need three equal channels: np.repeat(images, 3, axis=-1)."
        if images.shape[-1] == 4 and expected[-1] == 3:
            return f" {LAY_ON_WHITE}"
        return (
            " Load the images at that size, or build the backbone for this one: load_backbone(..., "
            "input_shape=images.shape[1:])."
        )
    return ""
