"""Build a backbone of the registry: raw pixels in, the right preprocessing inside, pretrained values where wanted."""

from __future__ import annotations

import os
import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlcourse.arguments import require_one_of
from tlcourse.backbones import embedded
from tlcourse.backbones.hub_backbone import HUB_NAME, HUB_PREFIX, build_hub_backbone, hub_contract
from tlcourse.backbones.registry import BACKBONES, DEFAULT, DEFAULT_SIZE, Backbone, find_backbone
from tlcourse.config import profile

if TYPE_CHECKING:
    import keras

    from tlcourse.backbones.contract import InputContract


def load_backbone(
    name: str | None = None,
    *,
    weights: str | os.PathLike[str] | None = "pretrained",
    input_shape: tuple[int, int, int] | None = None,
    pooling: str | None = None,
) -> keras.Model:
    """Build a backbone that takes raw RGB pixels, 0 to 255, and preprocesses them itself.

    Args:
        name: Name in `list_backbones()`, or "hub:" and the handle of a module for `HubLayer`. Where it takes floats, it
            gets images scaled to 0..1, as image modules of TensorFlow Hub expect. None: the default of the profile.
        weights: "pretrained", None for random values, or a file of weights (`.h5`, `.weights.h5`; `.npz` for the embedded one).
        input_shape: `(height, width, 3)`. None: 64 pixels for the embedded network, 128 for the default of the full profile,
            else what the weights were trained at.
        pooling: None for the feature map `(batch, height, width, channels)`, "avg" for its mean, `(batch, channels)`.

    Returns:
        A functional model with the name of the registry; flat: every layer can be reached by name.

    Raises:
        ValueError: If name, pooling or shape is unknown, or a file does not fit the architecture.
        FileNotFoundError: If a given file does not exist.
        OSError: If pretrained values are not cached and cannot be downloaded.

    Example:
        >>> backbone = tlcourse.load_backbone("tiny_resnet", input_shape=(64, 64, 3), pooling="avg")
        >>> backbone.output_shape
        (None, 1280)
        >>> backbone.trainable  # freeze(backbone) stops it from learning
        True
    """
    name = DEFAULT[profile()] if name is None else name
    require_one_of("pooling", pooling, (None, "avg"))
    if name.startswith(HUB_PREFIX):
        return build_hub_backbone(name.removeprefix(HUB_PREFIX), weights, input_shape, pooling)
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
        backbone: A name of the registry, or a model that `load_backbone` built or that contains one by its name.

    Raises:
        ValueError: If the registry does not know it.

    Example:
        >>> contract = tlcourse.contract_of("tiny_resnet")
        >>> contract.value_range, contract.channel_order, contract.size
        ((0, 255), 'RGB', 64)
    """
    if isinstance(backbone, str):
        return find_backbone(backbone).contract
    name = _registered_name(backbone)
    return hub_contract(_inner(backbone, name)) if name == HUB_NAME else find_backbone(name).contract


def blocks_of(model: keras.Model) -> dict[str, list[keras.layers.Layer]]:
    """Group the layers of a backbone that hold weights into blocks, from the input to the output.

    Args:
        model: What `load_backbone` returned, or a model that it is nested in or that was built upon it under the same name.

    Returns:
        `{block name: layers}`, early to late; each layer with weights stands in exactly one block.

    Raises:
        ValueError: If the registry does not know the model, or a layer with weights fits no block.

    Example:
        >>> backbone = tlcourse.load_backbone("tiny_resnet", weights=None)
        >>> list(tlcourse.blocks_of(backbone))
        ['stem', 'block1', 'block2', 'block3', 'block4', 'block5']
    """
    name = _registered_name(model)
    inner = _inner(model, name)
    if name == HUB_NAME:
        return {"module": [layer for layer in inner.layers if layer.weights]}
    rows = find_backbone(name).blocks
    blocks: dict[str, list[Any]] = {block: [] for block, _ in rows}
    for layer in inner.layers:
        block = next((block for block, pattern in rows if re.match(pattern, layer.name)), None)
        if block is not None:
            blocks[block].append(layer)
        elif layer.weights and inner.name == name:
            raise ValueError(
                f"A layer of backbone {name!r} belongs to no block of the registry. Received: layer.name={layer.name!r}."
            )
    return blocks


def _inner(model: keras.Model, name: str) -> Any:
    return next((layer for layer in model.layers if layer.name == name), model)


def _registered_name(model: keras.Model) -> str:
    names = [model.name, *(layer.name for layer in getattr(model, "layers", ()))]
    found = next((name for name in names if name in BACKBONES or name == HUB_NAME), None)
    if found is None:
        raise ValueError(
            f"The registry knows neither this model nor a model in it. It has: {', '.join(BACKBONES)}. Received: model.name={model.name!r}."
        )
    return found


def _weights_path(weights: str | os.PathLike[str] | None) -> Path | None:
    if weights is None or weights == "pretrained":
        return None
    path = Path(weights)
    if path.is_dir():
        raise ValueError(
            '`weights` must be "pretrained", None, or one file of weights. A SavedModel in a folder is a whole model: load it with '
            f"`tlcourse.HubLayer` or `keras.layers.TFSMLayer`. Received: weights={str(path)!r}, a folder."
        )
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
        with warnings.catch_warnings():  # the one file for 224 pixels serves every size; Keras warns of that
            warnings.filterwarnings("ignore", message="`input_shape` is undefined or non-square")
            model = build(weights="imagenet" if weights == "pretrained" else None, **options)
    except Exception as error:
        if weights != "pretrained":
            raise
        raise _no_pretrained(row, error) from error
    model = keras.Model(images, model.output, name=row.name)
    if path is not None:
        _load_file(model, row, path)
    return model


def _no_pretrained(row: Backbone, error: Exception) -> OSError:
    """Say which file is missing or damaged, where it belongs, and what works without it."""
    reason = re.sub(r"https?://\S*/([\w.-]+)", r"\1", str(error))  # the file's name says more than its address
    named = re.search(r"[\w.-]+\.h5", reason)
    file = f"the file {named[0]}" if named else f"Keras' file for {row.builder} without top"
    folder = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "models"
    return OSError(
        f"The ImageNet weights of {row.name!r} could not be loaded ({type(error).__name__}: {reason}). Without a network, put {file} "
        f"into {folder}, or set KERAS_HOME, before Python starts, to a folder whose `models` has it. A damaged file there has to be "
        'deleted first. The embedded profile needs no file: tlcourse.use_profile("embedded").'
    )


def _load_file(model: keras.Model, row: Backbone, path: Path) -> None:
    if path.suffix not in (".h5", ".keras"):
        raise ValueError(
            f"Weights of {row.name!r} come in a file that Keras wrote and whose name ends in .weights.h5 or .h5: "
            f"`load_backbone({row.name!r}, weights=None).save_weights('mine.weights.h5')`. Received: weights={str(path)!r}."
        )
    try:
        model.load_weights(str(path))
    except Exception as error:
        raise ValueError(
            f"The file {path.name!r} does not fit {row.name!r} without top, or is damaged. It must hold the weights of that "
            f"architecture, built with include_top=False. Received: weights={str(path)!r} ({type(error).__name__}: {error})."
        ) from error
