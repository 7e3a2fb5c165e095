"""Build a backbone of the registry: raw pixels in, the right preprocessing inside, pretrained values where wanted."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlcourse.backbones import embedded
from tlcourse.backbones.registry import DEFAULT, DEFAULT_SIZE, Backbone, find_backbone
from tlcourse.config import profile

if TYPE_CHECKING:
    import keras

    from tlcourse.backbones.contract import InputContract

_HUB_PREFIX = "hub:"


def load_backbone(
    name: str | None = None,
    *,
    weights: str | os.PathLike[str] | None = "pretrained",
    input_shape: tuple[int, int, int] | None = None,
    pooling: str | None = None,
) -> keras.Model:
    """Build a backbone that takes raw RGB pixels, 0 to 255, and preprocesses them itself.

    Args:
        name: of `list_backbones()`, or "hub:" and a handle for `HubLayer`. None: the default of the profile.
        weights: "pretrained", None for random values, or a file of weights (`.h5`, `.weights.h5`; `.npz` for the embedded one).
        input_shape: `(height, width, 3)`. None: 64 pixels for the embedded network, 128 for the default of the full profile,
            else what the weights were trained at.
        pooling: None for the feature map `(batch, height, width, channels)`, "avg" for its mean, `(batch, channels)`.

    Returns:
        A functional model with the name of the registry; flat, so that every layer can be reached by name.

    Raises:
        ValueError: unknown name, pooling or shape, or a file that does not fit the architecture.
        FileNotFoundError: a given file does not exist.
        OSError: pretrained values are neither cached nor to be had.
    """
    name = DEFAULT[profile()] if name is None else name
    if pooling not in (None, "avg"):
        raise ValueError(f'`pooling` must be None or "avg". Received: pooling={pooling!r}.')
    if name.startswith(_HUB_PREFIX):
        return _load_hub(name.removeprefix(_HUB_PREFIX), input_shape)
    row = find_backbone(name)
    side = DEFAULT_SIZE[profile()] if name == DEFAULT[profile()] else row.contract.size
    shape = tuple(input_shape) if input_shape is not None else (side, side, 3)
    if len(shape) != 3 or shape[2] != 3 or any(s is None or s < row.contract.min_size for s in shape[:2]):
        raise ValueError(
            f"`input_shape` must be (height, width, 3), each side at least {row.contract.min_size}. Received: input_shape={shape}."
        )
    path = _weights_path(weights)
    if not row.builder:
        model = embedded.build_tiny_resnet(
            weights="pretrained" if weights == "pretrained" else None, input_shape=shape, pooling=pooling
        )
        if path is not None:
            embedded.load_pretrained(model, path)
        return model
    return _build_application(row, shape, pooling, weights if path is None else None, path)


def contract_of(backbone: str | keras.Model) -> InputContract:
    """Return what a backbone expects at its input.

    Args:
        backbone: a name of the registry, or a model that `load_backbone` built or that contains one by its name.

    Raises:
        ValueError: the registry does not know it.
    """
    return find_backbone(backbone if isinstance(backbone, str) else _registered_name(backbone)).contract


def blocks_of(model: keras.Model) -> dict[str, list[keras.layers.Layer]]:
    """Group the layers of a backbone that hold weights into blocks, from the input to the output.

    Args:
        model: what `load_backbone` returned, or a model that it is nested in or that was built upon it under the same name.

    Returns:
        `{block name: layers}`, early to late; each layer with weights stands in exactly one block.

    Raises:
        ValueError: the registry does not know the model, or a layer with weights fits no block.
    """
    name = _registered_name(model)
    inner = next((layer for layer in model.layers if layer.name == name), model)
    rows = find_backbone(name).blocks
    blocks: dict[str, list[Any]] = {block: [] for block, _ in rows}
    for layer in inner.layers:
        block = next((block for block, pattern in rows if re.match(pattern, layer.name)), None)
        if block is not None:
            blocks[block].append(layer)
        elif layer.weights and inner.name == name:
            raise ValueError(f"Layer {layer.name!r} of backbone {name!r} belongs to no block of the registry.")
    return blocks


def _registered_name(model: keras.Model) -> str:
    from tlcourse.backbones.registry import BACKBONES

    names = [model.name, *(layer.name for layer in getattr(model, "layers", ()))]
    found = next((name for name in names if name in BACKBONES), None)
    if found is None:
        raise ValueError(f"The registry knows neither model {model.name!r} nor a model in it. It has: {', '.join(BACKBONES)}.")
    return found


def _weights_path(weights: str | os.PathLike[str] | None) -> Path | None:
    if weights is None or weights == "pretrained":
        return None
    path = Path(weights)
    if not path.is_file():
        raise FileNotFoundError(
            f'`weights` must be "pretrained", None, or a file. There is no file {str(path)!r}.'
            + (' For ImageNet values pass weights="pretrained".' if str(weights) == "imagenet" else "")
        )
    return path


def _build_application(
    row: Backbone, shape: tuple[int, int, int], pooling: str | None, weights: Any, path: Path | None
) -> keras.Model:
    import keras

    from tlcourse.backbones.preprocessing import preprocessing_layer

    images = keras.Input(shape, name="images")
    layer = preprocessing_layer(row.contract.mode)
    ready = images if layer is None else layer(images)
    build = getattr(keras.applications, row.builder)
    options = {"include_top": False, "input_tensor": ready, "pooling": pooling, **dict(row.options)}
    try:
        model = build(weights="imagenet" if weights == "pretrained" else None, **options)
    except Exception as error:
        if weights != "pretrained":
            raise
        folder = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "models"
        raise OSError(
            f"The ImageNet weights of {row.name!r} could not be loaded ({type(error).__name__}: {error}). Put Keras' file for "
            f"{row.builder} without top into {folder}, or set KERAS_HOME to a folder whose `models` has it. The embedded profile "
            f'needs no file: tlcourse.use_profile("embedded").'
        ) from error
    model = keras.Model(model.inputs, model.outputs, name=row.name)
    if path is not None:
        _load_file(model, row, path)
    return model


def _load_file(model: keras.Model, row: Backbone, path: Path) -> None:
    try:
        model.load_weights(str(path))
    except Exception as error:
        raise ValueError(
            f"The file {path.name!r} does not fit {row.name!r} without top, or is damaged ({type(error).__name__}: {error})."
        ) from error


def _load_hub(handle: str, input_shape: tuple[int, int, int] | None) -> keras.Model:
    import keras

    from tlcourse.hub import HubLayer

    if input_shape is None:
        raise ValueError("A hub module does not tell its input size: pass input_shape, such as input_shape=(224, 224, 3).")
    images = keras.Input(input_shape, name="images")
    scaled = keras.layers.Rescaling(1 / 255, name="preprocessing")(images)  # image modules of TensorFlow Hub take 0..1
    return keras.Model(images, HubLayer(handle, name="hub_module")(scaled), name="hub_backbone")
