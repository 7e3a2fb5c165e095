"""Run a model on a batch and look at what reaches chosen layers, whatever kind of model it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tlcourse.audit.context import Context


@dataclass
class Seen:
    """What one call of a layer was given, and what it returned: NumPy arrays, or None where the call ran inside a graph."""

    layer: Any
    inputs: np.ndarray | None
    outputs: np.ndarray | None
    training: Any


@dataclass
class Trace:
    """The calls of the watched layers, in forward order, and the model's output."""

    calls: list[Seen] = field(default_factory=list)
    output: Any = None

    def of(self, layer: Any) -> list[Seen]:
        """List the calls of one layer."""
        return [call for call in self.calls if call.layer is layer]


def trace(context: Context, layers: Sequence[Any], inputs: Any, training: bool = False) -> Trace:
    """Run the model of `context` and record the first input and output of every call of `layers`.

    Args:
        context: Holds the model.
        layers: Layers to watch, at any depth.
        inputs: A batch.
        training: Mode of the run. In training mode BatchNorm statistics move; the caller puts them back.

    Raises:
        CannotCheckError: The model cannot be run on this batch.
    """
    result = Trace()
    with _watched(layers, result):
        result.output = context.forward(inputs, training=training)
    return result


@contextmanager
def _watched(layers: Sequence[Any], result: Trace) -> Iterator[None]:
    """Put a recorder in front of `layer.call` for the time of one run."""
    changed: list[Any] = []
    try:
        for layer in {id(layer): layer for layer in layers}.values():
            object.__setattr__(layer, "call", _recorder(layer, layer.call, result))
            changed.append(layer)
        yield
    finally:
        for layer in changed:
            object.__delattr__(layer, "call")


def _recorder(layer: Any, call: Any, result: Trace) -> Any:
    def record(*arguments: Any, **options: Any) -> Any:
        outputs = call(*arguments, **options)
        first = arguments[0] if arguments else next(iter(options.values()), None)
        result.calls.append(Seen(layer, _value(first), _value(outputs), options.get("training")))
        return outputs

    return record


def _value(tensor: Any) -> np.ndarray | None:
    try:
        return np.asarray(tensor.numpy() if hasattr(tensor, "numpy") else tensor)
    except Exception:  # symbolic tensors and structures have no single value
        return None
