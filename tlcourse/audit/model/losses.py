"""What the loss of a compiled model expects of outputs and labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

_KINDS = {
    "sparse_categorical_crossentropy": "sparse",
    "sparsecategoricalcrossentropy": "sparse",
    "categorical_crossentropy": "categorical",
    "categoricalcrossentropy": "categorical",
    "categorical_focal_crossentropy": "categorical",
    "categoricalfocalcrossentropy": "categorical",
    "binary_crossentropy": "binary",
    "binarycrossentropy": "binary",
    "bce": "binary",
    "binary_focal_crossentropy": "binary",
    "binaryfocalcrossentropy": "binary",
}
_MULTI_CLASS = {
    "sparse": "SparseCategoricalCrossentropy",
    "categorical": "CategoricalCrossentropy",
    "binary": "BinaryCrossentropy",
}


@dataclass(frozen=True)
class LossKind:
    """`kind` is "sparse", "categorical" or "binary"; `function` takes (labels, outputs)."""

    kind: str
    from_logits: bool
    name: str
    function: Any

    @property
    def class_name(self) -> str:
        """Name of the Keras class."""
        return _MULTI_CLASS[self.kind]


def loss_kind(loss: Any) -> LossKind | None:
    """Read what `compile(loss=...)` was given; None where it is no cross-entropy of Keras.

    Args:
        loss: Name, function or Loss object. A list or dict of one is opened.
    """
    import keras

    while isinstance(loss, (list, tuple, dict)) and len(loss) == 1:
        loss = next(iter(loss.values())) if isinstance(loss, dict) else loss[0]
    if isinstance(loss, str):
        try:
            function = keras.losses.get(loss)
        except ValueError:
            return None
        kind = _KINDS.get(loss.lower())
        return LossKind(kind, False, loss, function) if kind else None
    if isinstance(loss, keras.losses.Loss):
        kind = _KINDS.get(type(loss).__name__.lower())
        if not kind or not type(loss).__module__.startswith("keras"):
            return None
        return LossKind(kind, bool(loss.get_config().get("from_logits", False)), type(loss).__name__, loss)
    name = getattr(loss, "__name__", "")
    kind = _KINDS.get(name)
    return LossKind(kind, False, name, loss) if kind and getattr(loss, "__module__", "").startswith("keras") else None


def last_activation(model: Any) -> str:
    """Return the name of the activation that the model's only output comes from; "" where it cannot be read."""
    outputs = getattr(model, "outputs", None)
    layer = None
    if outputs and len(outputs) == 1:
        layer = getattr(getattr(outputs[0], "_keras_history", None), "operation", None)
        layer = _innermost(layer)
    if layer is None:
        return ""
    if type(layer).__name__ in ("Softmax", "ReLU"):
        return type(layer).__name__.lower()
    name = getattr(getattr(layer, "activation", None), "__name__", "")
    # Activation("linear", dtype="float32") ends models of mixed precision, and says nothing of what comes before it.
    return "" if name == "linear" and type(layer).__name__ == "Activation" else name


def _innermost(layer: Any) -> Any:
    """Open nested models: the output of `Sequential([..., Dense])` comes from its last layer."""
    while layer is not None and getattr(layer, "layers", None):
        outputs = getattr(layer, "outputs", None)
        inner = getattr(getattr(outputs[0], "_keras_history", None), "operation", None) if outputs else layer.layers[-1]
        if inner is layer or inner is None:
            break
        layer = inner
    return layer


def output_scale(outputs: np.ndarray, activation: str) -> str:
    """Tell "probabilities" from "logits", by the activation, or by values that only one of them can have; "" where neither can be said."""
    flat = outputs.astype("float64").reshape(-1, outputs.shape[-1])
    if activation in ("softmax", "sigmoid"):
        return "probabilities"
    if (flat < -1e-3).any() or (flat > 1 + 1e-3).any():
        return "logits"
    if flat.shape[1] > 1 and np.allclose(flat.sum(axis=1), 1, atol=2e-2):
        return "probabilities"
    return "logits" if activation == "linear" else ""
