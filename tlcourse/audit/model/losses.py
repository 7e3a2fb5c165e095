"""What the loss of a compiled model expects: which kind of outputs, and which kind of labels."""

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
    """What a cross-entropy expects.

    Args:
        kind: "sparse", "categorical" or "binary".
        from_logits: Whether it expects raw scores, not probabilities.
        name: Its name, for messages.
        function: `function(labels, outputs)` computes it.
    """

    kind: str
    from_logits: bool
    name: str
    function: Any

    @property
    def ignored(self) -> int | None:
        """The class number that the loss ignores, such as 255 at the borders of masks."""
        config = self.function.get_config() if hasattr(self.function, "get_config") else {}
        return config.get("ignore_class")

    @property
    def class_name(self) -> str:
        """Name of its Keras class."""
        return _MULTI_CLASS[self.kind]


def loss_kind(loss: Any) -> LossKind | None:
    """Read the argument of `compile(loss=...)`; None if it is not a cross-entropy of Keras.

    Args:
        loss: Name, function or Loss object, or a list or dict that holds one of these.
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
    """Return the name of the activation that gives the only output of the model; "" if it cannot be read."""
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
    # Activation("linear", dtype="float32") ends models of mixed precision, and does not show the activation before it.
    return "" if name == "linear" and type(layer).__name__ == "Activation" else name


def _innermost(layer: Any) -> Any:
    """Follow the output into nested models, to the layer that computes it."""
    while layer is not None and getattr(layer, "layers", None):
        outputs = getattr(layer, "outputs", None)
        inner = getattr(getattr(outputs[0], "_keras_history", None), "operation", None) if outputs else layer.layers[-1]
        if inner is layer or inner is None:
            break
        layer = inner
    return layer


def output_scale(outputs: np.ndarray, activation: str) -> str:
    """Return "probabilities" or "logits", by the activation or by values that only one of them can have; "" if it is not known."""
    flat = outputs.astype("float64").reshape(-1, outputs.shape[-1])
    if activation in ("softmax", "sigmoid"):
        return "probabilities"
    if (flat < -1e-3).any() or (flat > 1 + 1e-3).any():
        return "logits"
    if flat.shape[1] > 1 and np.allclose(flat.sum(axis=1), 1, atol=2e-2):
        return "probabilities"
    return "logits" if activation == "linear" else ""
