"""What reaches the layers that look up tokens and positions. It is recorded even if the run stops there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.data.structures import leaves
from tlcourse.audit.model.trace import value_of, watched


@dataclass(frozen=True)
class Arrival:
    """The input of one call of a layer.

    Args:
        layer: An Embedding, or KerasHub's PositionEmbedding.
        values: Ids `(batch, length)` or `(length,)`; states `(batch, length, features)` for a PositionEmbedding.
        size: Number of rows of the layer's table.
        leaf: Name of the input that holds exactly these ids; None if the model computed them.
    """

    layer: Any
    values: np.ndarray
    size: int
    leaf: str | None

    @property
    def is_position(self) -> bool:
        """Whether the layer looks up positions, not words: its input are states, or the ids 0, 1, 2 ... in each row."""
        return self.values.ndim > 2 or self._counts_up

    @property
    def _counts_up(self) -> bool:
        return self.values.ndim <= 2 and self.length > 2 and bool((self.values == np.arange(self.length)).all())

    @property
    def length(self) -> int:
        """Number of tokens in a text."""
        return self.values.shape[1] if self.values.ndim > 1 else self.values.shape[0]


def arrivals(context: Context) -> list[Arrival]:
    """Run the model once on a sample of the train data, and list what reached its tables.

    Returns:
        An empty list if the model has no such layer.

    Raises:
        CannotCheckError: If the model has such layers and nothing reached them.
    """
    return context.once("arrivals", lambda: _look(context))


def has_tables(model: Any) -> bool:
    """Tell whether the model looks up tokens or positions."""
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
    except CannotCheckError:  # ids outside a table stop the run on a CPU, after they have been recorded
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
