"""Run a model of any kind on a batch, and record what reaches chosen layers."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.model.anatomy import backbone_part

_RANDOM = (
    "Dropout",
    "GaussianNoise",
    "GaussianDropout",
    "AlphaDropout",
    "SpatialDropout",
    "Random",
    "MixUp",
    "CutMix",
    "AugMix",
)


@dataclass
class Seen:
    """One call of a layer.

    Args:
        layer: The layer.
        inputs: The values of its input, for layers whose range matters; None for others, to save memory.
        input_digest: Digest of its input; None if the call ran inside a graph.
        output_digest: Digest of its output; None if the call ran inside a graph.
    """

    layer: Any
    inputs: np.ndarray | None
    input_digest: int | None
    output_digest: int | None


@dataclass
class Trace:
    """The calls of the watched layers, in forward order, and the output of the model."""

    calls: list[Seen] = field(default_factory=list)
    output: Any = None

    def of(self, layer: Any) -> list[Seen]:
        """List the calls of one layer."""
        return [call for call in self.calls if call.layer is layer]


def first_run(context: Context) -> Trace:
    """Run the model once on a sample of the train data, in inference mode, for all detectors.

    It watches layers that scale, layers that may be random, and the first layer of a known backbone.

    Raises:
        CannotCheckError: If the data is missing, or the model cannot be run on it.
    """
    model = context.model
    return context.once("first_run", lambda: trace(context, [*scaling_layers(model), *_stem(context)], random_layers(model)))


def _stem(context: Context) -> list[Any]:
    try:
        part = backbone_part(context)
    except CannotCheckError:
        return []
    return [part.stem] if part is not None and part.stem is not None else []


def trace(context: Context, keep: Sequence[Any], others: Sequence[Any]) -> Trace:
    """Run the model of `context` on a sample of the train data in inference mode, and record the calls of layers.

    Args:
        context: Context with the model.
        keep: Layers to watch, whose inputs are kept.
        others: Other layers to watch.

    Raises:
        CannotCheckError: If the data is missing, or the model cannot be run on it.
    """
    result = Trace()
    inputs = context.sample_to_run().inputs
    kept = {id(layer) for layer in keep}
    with watched([*keep, *others], lambda layer, call: _recorder(layer, call, result, id(layer) in kept)):
        result.output = context.forward(inputs)
    return result


def scaling_layers(model: Any) -> list[Any]:
    """List the Rescaling layers of `model` that scale raw pixels down."""
    found = [layer for layer in model._flatten_layers() if type(layer).__name__ == "Rescaling"]
    return [layer for layer in found if 0 < np.abs(np.asarray(layer.scale, dtype="float64")).max() <= 1 / 64]


def random_layers(model: Any) -> list[Any]:
    """List the layers of Keras that are random in training, and Lambda layers, which may always be random."""
    return [
        layer
        for layer in model._flatten_layers(include_self=False)
        if type(layer).__name__ == "Lambda"
        or (type(layer).__module__.startswith("keras") and type(layer).__name__.startswith(_RANDOM))
    ]


@contextmanager
def watched(layers: Sequence[Any], wrap: Callable[[Any, Any], Any]) -> Iterator[None]:
    """Replace `call` of each layer by `wrap(layer, layer.call)` for one run."""
    changed: list[Any] = []
    try:
        for layer in {id(layer): layer for layer in layers}.values():
            object.__setattr__(layer, "call", wrap(layer, layer.call))
            changed.append(layer)
        yield
    finally:
        for layer in changed:
            object.__delattr__(layer, "call")


def _recorder(layer: Any, call: Any, result: Trace, keep: bool) -> Any:
    def record(*arguments: Any, **options: Any) -> Any:
        outputs = call(*arguments, **options)
        first = value_of(arguments[0] if arguments else next(iter(options.values()), None))
        result.calls.append(Seen(layer, first if keep else None, _digest(first), _digest(value_of(outputs))))
        return outputs

    return record


def value_of(tensor: Any) -> np.ndarray | None:
    """Return the values of a tensor; None for symbolic tensors and structures."""
    try:
        return np.asarray(tensor.numpy() if hasattr(tensor, "numpy") else tensor)
    except Exception:
        return None


def _digest(values: np.ndarray | None) -> int | None:
    return None if values is None or values.dtype == object else zlib.crc32(np.ascontiguousarray(values).tobytes())
