"""What reaches the layers that look up tokens and places: seen even where the run stops there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.data.structures import leaves
from tlcourse.audit.model.trace import value_of, watched


@dataclass(frozen=True)
class Arrival:
    """What one call of a layer was given.

    Args:
        layer: An Embedding, or KerasHub's PositionEmbedding.
        values: Ids `(batch, length)` or `(length,)`; states `(batch, length, features)` for a PositionEmbedding.
        size: Number of rows of the layer's table.
        leaf: Name of the input that holds exactly these ids; None where the model computed them.
    """

    layer: Any
    values: np.ndarray
    size: int
    leaf: str | None

    @property
    def counts_places(self) -> bool:
        """Whether the ids are 0, 1, 2 ... in each row: places, not words."""
        return self.values.ndim <= 2 and self.length > 2 and bool((self.values == np.arange(self.length)).all())

    @property
    def length(self) -> int:
        """Number of tokens of a text."""
        return self.values.shape[1] if self.values.ndim > 1 else self.values.shape[0]


def arrivals(context: Context) -> list[Arrival]:
    """Run the model once on a sample of the train data and list what reached its tables, for all detectors that ask.

    Returns:
        An empty list where the model has no such layer.

    Raises:
        CannotCheckError: The model has such layers and nothing reached them.
    """
    if "arrivals" not in context.shared:
        context.shared["arrivals"] = _look(context)
    return context.shared["arrivals"]


def has_tables(model: Any) -> bool:
    """Tell whether the model looks up tokens or places."""
    return bool(_tables(model))


def _look(context: Context) -> list[Arrival]:
    tables = _tables(context.model)
    if not tables:
        return []
    seen: list[tuple[Any, np.ndarray]] = []

    def before(layer: Any, call: Any) -> Any:
        def record(*arguments: Any, **options: Any) -> Any:
            values = value_of(arguments[0] if arguments else next(iter(options.values()), None))
            if values is not None and not options.get("reverse"):
                seen.append((layer, values))
            return call(*arguments, **options)

        return record

    inputs = context.sample_to_run().inputs
    try:
        with watched(tables, before):
            context.forward(inputs)
    except CannotCheckError:  # ids beyond a table stop the run on a processor, after they have been seen
        if not seen:
            raise
    named = [(name, leaf) for name, leaf in leaves(inputs) if _is_ids(leaf)]
    return [
        Arrival(layer, values, _size(layer), next((name for name, leaf in named if _same(leaf, values)), None))
        for layer, values in seen
    ]


def _tables(model: Any) -> list[Any]:
    import keras

    return [
        layer
        for layer in model._flatten_layers(include_self=False)
        if isinstance(layer, keras.layers.Embedding) or type(layer).__name__ == "PositionEmbedding"
    ]


def _size(layer: Any) -> int:
    return int(layer.input_dim if hasattr(layer, "input_dim") else layer.sequence_length)


def _is_ids(leaf: Any) -> bool:
    return isinstance(leaf, np.ndarray) and leaf.ndim == 2 and np.issubdtype(leaf.dtype, np.number)


def _same(leaf: np.ndarray, values: np.ndarray) -> bool:
    """Tell whether `values` are the ids of `leaf`, or of its first examples."""
    return values.ndim == 2 and values.shape[1:] == leaf.shape[1:] and np.array_equal(leaf[: len(values)], values)
