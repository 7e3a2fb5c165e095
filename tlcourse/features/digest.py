"""Digests of a model and of images: two that agree give the same features."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np

# Raise it where features of the same model and images change, for example by another way to cast inputs.
_FORMAT = 1
_ROWS_AT_ONCE = 4096


def digest_of_images(images: np.ndarray) -> str:
    """Digest shape, dtype and every byte of `images`, chunk by chunk: memory-mapped data stays on disk.

    Args:
        images: `(n, ...)`, any numeric dtype.

    Returns:
        32 hexadecimal digits.
    """
    digest = hashlib.blake2b(f"{images.shape} {images.dtype.str}".encode(), digest_size=16)
    for start in range(0, len(images), _ROWS_AT_ONCE):
        digest.update(np.ascontiguousarray(images[start : start + _ROWS_AT_ONCE]).data)
    return digest.hexdigest()


def digest_of_model(model: Any) -> str:
    """Digest architecture, preprocessing inside the model, and the values of all weights.

    Names that Keras numbers (`conv2d_3`) and trainable flags do not count: building the same network again, or freezing it,
    gives the same digest. Code of layers that are not Keras' own counts: an edited layer is not mistaken for what it
    was.

    Args:
        model: A built Keras model.

    Returns:
        32 hexadecimal digits.

    Raises:
        NotImplementedError: If the model cannot describe itself, as subclassed models without `get_config` cannot.
    """
    import keras

    digest = hashlib.blake2b(digest_size=16)
    config = keras.saving.serialize_keras_object(model)
    digest.update(
        json.dumps([_FORMAT, keras.backend.backend(), _architecture(config, {})], sort_keys=True, default=str).encode()
    )
    for layer in model._flatten_layers():
        if not type(layer).__module__.startswith("keras."):
            digest.update(_code_of(type(layer)))
    for weight in model.weights:
        value = np.ascontiguousarray(weight.numpy())
        digest.update(f"{value.shape} {value.dtype.str}".encode())
        digest.update(value.data)
    return digest.hexdigest()


def _architecture(config: Any, names: dict[str, int]) -> Any:
    """Copy a Keras config with layers named by order of appearance, without what does not change the outputs."""
    if isinstance(config, dict):
        dropped = ("trainable", "compile_config", "build_config")
        # `name` first: a layer is numbered before the connections that mention it.
        return {key: _part(key, config[key], names) for key in sorted(config, key=lambda k: k != "name") if key not in dropped}
    if isinstance(config, (list, tuple)):
        return [_architecture(item, names) for item in config]
    return config


def _part(key: str, value: Any, names: dict[str, int]) -> Any:
    if key == "name" and isinstance(value, str):
        return names.setdefault(value, len(names))
    if key in ("keras_history", "input_layers", "output_layers"):
        return _renamed(value, names)
    return _architecture(value, names)


def _renamed(reference: Any, names: dict[str, int]) -> Any:
    """Number the layer in `["conv", 0, 0]`, by itself or in lists of such references."""
    if isinstance(reference, (list, tuple)):
        if reference and isinstance(reference[0], str):
            return [names.setdefault(reference[0], len(names)), *reference[1:]]
        return [_renamed(item, names) for item in reference]
    return reference


def _code_of(kind: type) -> bytes:
    """Return the compiled code of the methods of a class."""
    code = []
    for name, member in sorted(vars(kind).items()):
        compiled = getattr(member, "__code__", None)
        if compiled is not None:
            constants = [constant for constant in compiled.co_consts if not hasattr(constant, "co_code")]
            code.append(repr((name, compiled.co_code, constants, compiled.co_names)))
    return "\n".join(code).encode()
