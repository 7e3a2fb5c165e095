"""What training moved: weights and BatchNorm statistics of every layer, before against after."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import keras
import numpy as np

from tlcourse.finetune.blocks import batchnorms_in, units_of
from tlcourse.finetune.summary import weights_of
from tlcourse.tables import as_html, as_text

_HEADER = ("layer", "weights", "statistics", "tensors moved")


@dataclass(frozen=True)
class LayerValues:
    """Copies of one layer's values: `weights` are what gradients move, `statistics` what BatchNorm averages."""

    name: str
    weights: tuple[np.ndarray, ...]
    statistics: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Snapshot:
    """The values of a model at one moment, layer by layer in forward order.

    Args:
        model_name: Name of the model.
        layers: Layer name -> copies of its values.
    """

    model_name: str
    layers: MappingProxyType[str, LayerValues]


@dataclass(frozen=True)
class MovedRow:
    """How far one layer moved.

    A change is `||after - before|| / ||before||` over all the layer's values of that kind (Euclidean norm; infinite where the
    values were all zero; `None` where the layer has none).

    Args:
        name: Name of the layer.
        weight_change: Change of what gradients move.
        statistic_change: Change of what BatchNorm averages.
        tensors_moved: Number of tensors of which at least one bit differs.
        tensors: Number of its tensors.
    """

    name: str
    weight_change: float | None
    statistic_change: float | None
    tensors_moved: int
    tensors: int

    @property
    def bit_identical(self) -> bool:
        """Whether not a single bit differs."""
        return self.tensors_moved == 0


@dataclass(frozen=True)
class WhatMoved:
    """How far every layer with values moved, in forward order; prints aligned, shows as HTML in a notebook.

    Args:
        model_name: Name of the model.
        rows: One for each layer.
    """

    model_name: str
    rows: tuple[MovedRow, ...]

    def __getitem__(self, name: str) -> MovedRow:
        for row in self.rows:
            if row.name == name:
                return row
        raise KeyError(f"no layer {name!r} with values; layers: {', '.join(row.name for row in self.rows)}")

    @property
    def bit_identical(self) -> bool:
        """Whether not a single bit of any weight or statistic differs."""
        return all(row.bit_identical for row in self.rows)

    @property
    def moved_names(self) -> tuple[str, ...]:
        """Names of the layers of which at least one bit differs."""
        return tuple(row.name for row in self.rows if not row.bit_identical)

    def __str__(self) -> str:
        return as_text(self._title(), _HEADER, self._cells(), right=(1, 2, 3))

    def _repr_html_(self) -> str:
        return as_html(self._title(), _HEADER, self._cells(), right=(1, 2, 3))

    def _title(self) -> str:
        moved, total = sum(row.tensors_moved for row in self.rows), sum(row.tensors for row in self.rows)
        return f"{self.model_name}: {moved} of {total} tensors moved" if moved else f"{self.model_name}: bit-identical"

    def _cells(self) -> list[tuple[str, ...]]:
        return [
            (row.name, _percent(row.weight_change), _percent(row.statistic_change), f"{row.tensors_moved} of {row.tensors}")
            for row in self.rows
        ]


def snapshot(model: keras.Model) -> Snapshot:
    """Copy the weights and BatchNorm statistics of `model`, to compare with `what_moved` later.

    Args:
        model: A built model, flat or with a nested backbone. Memory: as much as its weights.

    Raises:
        ValueError: If the model has no weights yet.

    Example:
        >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, name="head")])
        >>> before = tlcourse.snapshot(model)
        >>> list(before.layers)
        ['head']
    """
    if not model.built:
        raise ValueError(f"Model {model.name!r} has no weights yet. Call it on a batch, or model.build(input_shape).")
    layers: dict[str, LayerValues] = {}
    for unit in units_of(model):
        weights = weights_of(unit)
        statistics = [v for layer in batchnorms_in(unit) for v in (layer.moving_mean, layer.moving_variance)]
        own = {id(v) for v in [*weights, *statistics]}
        # Other state that is no random seed, such as a Normalization layer's mean, counts as statistics too.
        statistics += [v for v in unit.weights if id(v) not in own and "float" in keras.backend.standardize_dtype(v.dtype)]
        if weights or statistics:
            name, count = unit.name, 1
            while name in layers:
                count += 1
                name = f"{unit.name} ({count})"
            layers[name] = LayerValues(name, _copies(weights), _copies(statistics))
    return Snapshot(model_name=model.name, layers=MappingProxyType(layers))


def what_moved(before: Snapshot, after: Snapshot | keras.Model) -> WhatMoved:
    """Measure how far every layer moved between two moments of a model.

    Args:
        before: `snapshot(model)` from before training.
        after: A second snapshot, or the model as it is now.

    Returns:
        One row for every layer that has values, in forward order. `bit_identical` is exact: no bit differs.

    Raises:
        TypeError: If `before` is no snapshot: a model would have moved along with itself.
        ValueError: If the two do not have the same layers and shapes.

    Example:
        >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="early"), keras.layers.Dense(2, name="head")])
        >>> before = tlcourse.snapshot(model)
        >>> model.layers[-1].set_weights([np.ones((3, 2)), np.zeros(2)])
        >>> tlcourse.what_moved(before, model).moved_names
        ('head',)
    """
    if not isinstance(before, Snapshot):
        raise TypeError(
            "`before` must be a snapshot. Take one before training: `before = snapshot(model)`. "
            f"Received: type(before)={type(before).__name__}."
        )
    after = after if isinstance(after, Snapshot) else snapshot(after)
    old, new = list(before.layers.values()), list(after.layers.values())
    if _shapes(old) != _shapes(new):
        raise ValueError(
            f"The two have different layers or shapes, so they cannot be compared: {before.model_name!r} has {len(old)} layers "
            f"with values, {after.model_name!r} has {len(new)}. Compare snapshots of one model, or of a copy of it."
        )
    return WhatMoved(model_name=after.model_name, rows=tuple(_row(a, b) for a, b in zip(old, new, strict=True)))


def _row(before: LayerValues, after: LayerValues) -> MovedRow:
    pairs = [*zip(before.weights, after.weights, strict=True), *zip(before.statistics, after.statistics, strict=True)]
    return MovedRow(
        name=before.name,
        weight_change=_relative_change(before.weights, after.weights),
        statistic_change=_relative_change(before.statistics, after.statistics),
        tensors_moved=sum(old.tobytes() != new.tobytes() for old, new in pairs),
        tensors=len(pairs),
    )


def _relative_change(before: tuple[np.ndarray, ...], after: tuple[np.ndarray, ...]) -> float | None:
    if not before:
        return None
    change = np.sqrt(sum(np.sum((b.astype("float64") - a) ** 2) for a, b in zip(before, after, strict=True)))
    size = np.sqrt(sum(np.sum(a.astype("float64") ** 2) for a in before))
    if size == 0:
        return float("inf") if change > 0 else 0.0
    return float(change / size)


def _shapes(layers: list[LayerValues]) -> list[list[tuple[int, ...]]]:
    return [[value.shape for value in (*layer.weights, *layer.statistics)] for layer in layers]


def _copies(variables: list[keras.Variable]) -> tuple[np.ndarray, ...]:
    copies = tuple(np.array(variable.numpy()) for variable in variables)
    for copy in copies:
        copy.flags.writeable = False
    return copies


def _percent(change: float | None) -> str:
    if change is None:
        return "-"
    return f"{change:.2%}" if change >= 0.0001 or change == 0 else f"{change:.0e}"
