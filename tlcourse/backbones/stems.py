"""A backbone for RGB images with a wider stem, for images of more bands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import keras

from tlcourse.arguments import require_one_of


def widen_stem(
    backbone: keras.Model,
    bands: int,
    rgb: Sequence[int] = (0, 1, 2),
    *,
    extra: Literal["zeros", "mean"] = "zeros",
    scale: float = 1 / 127.5,
) -> keras.Model:
    """Return a backbone for images of `bands` bands that shares all layers with `backbone`.

    The bands in `rgb` go the old way. The others go through one more convolution, of the form of the backbone's first one,
    whose output is added to its output, which is the same as a wider kernel. Where the other bands are 0, the output is that of
    `backbone` for the RGB image, whatever `extra` is.

    Args:
        backbone: A functional backbone for images `(height, width, 3)` whose first layer with weights is a convolution.
        bands: Number of bands, more than 3.
        rgb: Positions of red, green and blue among the bands.
        extra: Kernel of the other bands: "zeros", so the output is the RGB output until training moves it, or "mean", the mean over the
            three old channels, times 3 over the number of other bands.
        scale: Factor of the other bands before the convolution.

    Raises:
        ValueError: If `bands` or `rgb` do not fit, or the backbone has no such convolution.
        TypeError: If the backbone is not functional.

    Example:
        >>> backbone = tlcourse.load_backbone("tiny_resnet", pooling="avg")
        >>> tlcourse.backbones.widen_stem(backbone, 13, rgb=(3, 2, 1)).input_shape
        (None, 64, 64, 13)
    """
    require_one_of("extra", extra, ("zeros", "mean"))
    if not hasattr(backbone, "_nodes_by_depth"):
        raise TypeError(f"`backbone` must be a functional model. Received: backbone={type(backbone).__name__}.")
    if bands <= 3 or len(set(rgb)) != 3 or not all(0 <= place < bands for place in rgb):
        raise ValueError(
            f"`bands` must be above 3, and `rgb` three positions below it. Received: bands={bands}, rgb={tuple(rgb)}."
        )
    nodes = [node for depth in sorted(backbone._nodes_by_depth, reverse=True) for node in backbone._nodes_by_depth[depth]]
    first = next((node.operation for node in nodes if not node.is_input and getattr(node.operation, "weights", None)), None)
    if not isinstance(first, keras.layers.Conv2D) or first.kernel.shape[2] != 3:
        found = type(first).__name__ if first is not None else "none"
        raise ValueError(f"The first layer with weights must be a Conv2D of three channels. Received: first layer={found}.")
    others = [place for place in range(bands) if place not in set(rgb)]
    shape = (*backbone.input_shape[1:3], bands)
    images = keras.Input(shape)
    widening = _extra_convolution(first)
    extra_bands = keras.layers.Rescaling(scale, name="scaled_other_bands")(_Bands(others, name="other_bands")(images))
    values: dict[int, Any] = {id(backbone.inputs[0]): _Bands(list(rgb), name="rgb")(images)}
    for node in nodes:
        if node.is_input:
            continue
        args, kwargs = node.arguments.fill_in({id(tensor): values[id(tensor)] for tensor in node.input_tensors})
        output: Any = node.operation(*args, **kwargs)
        if isinstance(node.operation, keras.layers.ZeroPadding2D) and not widening.built:
            extra_bands = node.operation(extra_bands)  # some stems pad by a layer of its own
        if node.operation is first:
            output = keras.layers.Add(name="wide_stem")([output, widening(extra_bands)])
        values |= dict(zip(map(id, node.outputs), keras.tree.flatten(output), strict=True))
    kernel = first.kernel.numpy().mean(axis=2, keepdims=True).repeat(len(others), axis=2) * (3 / len(others))
    widening.set_weights([kernel if extra == "mean" else 0 * kernel])
    return keras.Model(images, values[id(backbone.outputs[0])], name=f"{backbone.name}_{bands}_bands")


@keras.saving.register_keras_serializable(package="tlcourse")
class _Bands(keras.layers.Layer):
    """Take some channels of an image.

    Args:
        places: Their positions.
    """

    def __init__(self, places: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.places = tuple(int(place) for place in places)

    def call(self, images: Any) -> Any:
        return keras.ops.take(images, list(self.places), axis=-1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "places": list(self.places)}


def _extra_convolution(first: keras.layers.Conv2D) -> keras.layers.Conv2D:
    """Return a convolution of the form of `first`, without bias and activation."""
    if first.activation is not keras.activations.linear:
        raise ValueError(
            "The first convolution must have no activation of its own. Received: activation=" + first.activation.__name__ + "."
        )
    return keras.layers.Conv2D(
        first.filters,
        first.kernel_size,
        strides=first.strides,
        padding=first.padding,
        dilation_rate=first.dilation_rate,
        use_bias=False,
        name="stem_of_other_bands",
    )
