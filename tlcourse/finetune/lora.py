"""Kernels that LoRA froze: `layer.enable_lora(rank)` trains two small factors in place of the kernel.

Keras freezes the kernel as a variable and leaves the layer's flag as it is, so setting that flag again would undo it.
"""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

_BASES = ("_kernel", "_embeddings")  # where Dense, EinsumDense and Conv, and where Embedding, keep what LoRA freezes


def lora_layers(layer: keras.layers.Layer) -> list[keras.layers.Layer]:
    """List the layers in `layer`, itself included, at any depth, on which `enable_lora` was called."""
    return [inner for inner in layer._flatten_layers() if getattr(inner, "lora_enabled", False)]


def refreeze_base(layer: keras.layers.Layer) -> None:
    """Freeze the kernel of `layer` again, if LoRA is enabled on it; layers inside it are not looked at."""
    if getattr(layer, "lora_enabled", False):
        for name in _BASES:
            if (base := getattr(layer, name, None)) is not None:
                base.trainable = False


def set_kernel(layer: keras.layers.Dense, kernel: np.ndarray, bias: np.ndarray) -> None:
    """Make `layer` compute with `kernel` and `bias`; what LoRA's factors add to the kernel is taken off first."""
    added = ops.convert_to_numpy(layer.kernel) - ops.convert_to_numpy(layer._kernel) if lora_layers(layer) else 0.0
    layer._kernel.assign(kernel - added)
    layer.bias.assign(bias)


def lora_note(model: keras.Model) -> str:
    """Say which kernels LoRA keeps frozen; empty if there are none."""
    names = [layer.name for layer in lora_layers(model)]
    if not names:
        return ""
    shown = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
    return (
        f"LoRA keeps the kernel of {len(names)} layer{'s'[: len(names) - 1]} frozen ({shown}): two small factors train instead."
    )
