"""Look at, and nudge, what a layer returns inside a model, however deep it is nested.

A graph of Keras layers cannot be cut open across nested models. So the model is called as it is, while the `call` of the layers in it is
replaced on the instance and put back afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

_SQUASHING = (keras.activations.softmax, keras.activations.sigmoid)


@dataclass(frozen=True)
class Call:
    """One call of a layer: what shape and type it returned, with the batch first; an empty shape if it was no tensor."""

    layer: keras.layers.Layer
    shape: tuple[int, ...]
    dtype: str

    @property
    def is_map(self) -> bool:
        """Whether the output has rows, columns and channels, and more than one place."""
        return len(self.shape) == 4 and self.shape[1] * self.shape[2] > 1


def run(model: keras.Model, images: Any) -> Any:
    """Call the model in inference mode; one that was built with its input in a list or dict gets it so."""
    form = getattr(model, "_inputs_struct", None)
    if isinstance(form, dict):
        return model(dict.fromkeys(form, images), training=False)
    return model([images] if isinstance(form, list | tuple) else images, training=False)


def watch_calls(model: keras.Model, images: np.ndarray) -> list[Call]:
    """Run the model once and list the calls of its innermost layers, in order."""
    calls: list[Call] = []

    def noting(layer: keras.layers.Layer, call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            outputs = call(*args, **kwargs)
            shape = tuple(int(n) for n in getattr(outputs, "shape", ()))
            calls.append(Call(layer, shape, keras.backend.standardize_dtype(outputs.dtype) if shape else ""))
            return outputs

        return wrapped

    with ExitStack() as stack:
        for layer in model._flatten_layers():
            innermost = not layer._flatten_layers(include_self=False, recursive=False)
            if innermost and not isinstance(layer, keras.layers.InputLayer):
                stack.enter_context(_replaced(layer, "call", noting(layer, layer.call)))
        run(model, images)
    if not calls:
        raise ValueError(f"Model {model.name!r} called none of its layers.")
    return calls


def last_map_layer(calls: list[Call]) -> Call:
    """Return the last call that made a feature map of more than one place, pooling left out.

    Raises:
        ValueError: If no layer with weights makes maps.
    """
    learned = [i for i, call in enumerate(calls) if call.is_map and call.layer.weights and not _only_scales(call.layer)]
    if not learned:
        raise ValueError(
            "The model makes no feature maps (batch, rows, columns, channels) of more than one place. Where its convolutions leave one "
            "place only, pass larger images."
        )
    return next(call for call in reversed(calls) if call.is_map and not _is_pooling(call.layer))


def named_map_layer(calls: list[Call], layer: str | keras.layers.Layer) -> Call:
    """Return the last call of the layer that was asked for.

    Raises:
        ValueError: If it was not called, or returns no maps.
    """
    found = [call for call in calls if call.layer is layer or call.layer.name == layer]
    name = layer if isinstance(layer, str) else layer.name
    if not found:
        maps = list(dict.fromkeys(call.layer.name for call in calls if call.is_map))
        raise ValueError(f"No layer of this name ran. Its last layers with maps are {maps[-5:]}. Received: layer={name!r}.")
    if not found[-1].is_map:
        raise ValueError(
            f"`layer` must return maps (batch, rows, columns, channels) of more than one place. Received: layer={name!r}, "
            f"which returns shape {found[-1].shape}."
        )
    return found[-1]


@contextmanager
def nudged(layer: keras.layers.Layer, nudge: Any) -> Iterator[list[Any]]:
    """Add `nudge` to what `layer` returns; yield the list of what it returned."""
    seen: list[Any] = []
    call = layer.call

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        seen.append(call(*args, **kwargs) + nudge)
        return seen[-1]

    with _replaced(layer, "call", wrapped):
        yield seen


@contextmanager
def call_without_squashing(model: keras.Model, last: keras.layers.Layer) -> Iterator[None]:
    """Leave out the softmax or sigmoid at a model's end, so scores come out as they went into it.

    Args:
        model: The model; at the end of its graph `keras.ops.softmax` and `keras.ops.sigmoid` are left out too.
        last: The layer that is called last.
    """
    operation = _last_operation(model)
    with ExitStack() as stack:
        if operation is not None:
            stack.enter_context(_replaced(operation, "call", lambda inputs, *_, **__: inputs))
        elif isinstance(last, keras.layers.Softmax):
            stack.enter_context(_replaced(last, "call", lambda inputs, **_: inputs))
        elif getattr(last, "activation", None) in _SQUASHING:
            stack.enter_context(_replaced(last, "activation", keras.activations.linear))
        yield


def _last_operation(model: keras.Model) -> Any:
    """Return the softmax or sigmoid of `keras.ops` that a graph of layers ends with, nested models opened; None where there is none."""
    while True:
        outputs: list[Any] = list(getattr(model, "outputs", None) or [])
        operation = getattr(getattr(outputs[0], "_keras_history", None), "operation", None) if len(outputs) == 1 else None
        if not isinstance(operation, keras.Model):
            break
        model = operation
    is_layer = isinstance(operation, keras.layers.Layer)
    return operation if not is_layer and type(operation).__name__ in ("Softmax", "Sigmoid") else None


@contextmanager
def _replaced(layer: Any, name: str, value: Any) -> Iterator[None]:
    """Set an attribute of one instance, past what Keras tracks, and put the old state back."""
    had, old = name in layer.__dict__, layer.__dict__.get(name)
    layer.__dict__[name] = value
    try:
        yield
    finally:
        if had:
            layer.__dict__[name] = old
        else:
            del layer.__dict__[name]


def _is_pooling(layer: keras.layers.Layer) -> bool:
    return "Pooling" in type(layer).__name__


def _only_scales(layer: keras.layers.Layer) -> bool:
    return isinstance(layer, keras.layers.Normalization)
