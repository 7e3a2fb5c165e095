"""What would train if the model were compiled now: a table of blocks or layers."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Literal

import keras

from tlcourse.finetune.blocks import batchnorms_in, blocks, units_of
from tlcourse.finetune.lora import lora_note
from tlcourse.tables import as_html, as_text

_HEADER = ("", "parameters", "trainable", "BatchNorm")


@dataclass(frozen=True)
class SummaryRow:
    """One block or layer.

    Args:
        name: Name of the block or layer.
        parameters: Number of values that a gradient can move.
        trainable_parameters: Number of those that train.
        batchnorm: Mode of its BatchNorm layers: "inference", "training", "mixed", or "" if it has none.
    """

    name: str
    parameters: int
    trainable_parameters: int
    batchnorm: str


@dataclass(frozen=True)
class TrainableSummary:
    """What trains, block by block, in forward order.

    Parameters count what a gradient can move: kernels, biases, scales and offsets, not BatchNorm's moving statistics. Those are
    the last column: "training" means that `fit()` normalises by the batch and moves them, whatever flags the parents have.

    Args:
        model_name: Name of the model.
        rows: One for each block or layer.
        note: Text below the table.
    """

    model_name: str
    rows: tuple[SummaryRow, ...]
    note: str = ""

    @property
    def parameters(self) -> int:
        """Parameters of all rows."""
        return sum(row.parameters for row in self.rows)

    @property
    def trainable_parameters(self) -> int:
        """Parameters that train, of all rows."""
        return sum(row.trainable_parameters for row in self.rows)

    @property
    def trainable_names(self) -> tuple[str, ...]:
        """Names of the rows in which at least one parameter trains."""
        return tuple(row.name for row in self.rows if row.trainable_parameters)

    def __str__(self) -> str:
        return as_text(self._title(), _HEADER, self._cells(), right=(1, 2, 3), note=self.note)

    def _repr_html_(self) -> str:
        return as_html(self._title(), _HEADER, self._cells(), right=(1, 2, 3), note=self.note)

    def _title(self) -> str:
        return f"{self.model_name}: {self.trainable_parameters:,} of {self.parameters:,} parameters train"

    def _cells(self) -> list[tuple[str, ...]]:
        return [(row.name, f"{row.parameters:,}", f"{row.trainable_parameters:,}", row.batchnorm or "-") for row in self.rows]


def trainable_summary(model: keras.Model, by: Literal["block", "layer"] = "block", note: str = "") -> TrainableSummary:
    """Tell which parts of `model` the next `compile()` and `fit()` would train.

    Args:
        model: A built model, flat or with a nested backbone.
        by: One row for every block, or one for every layer. Rows without parameters are left out.
        note: Text to print below the table; which kernels LoRA keeps frozen is added to it.

    Returns:
        A frozen table that prints aligned and shows as HTML in a notebook.

    Raises:
        ValueError: If the model has not been built, or `by` is neither "block" nor "layer".

    Example:
        >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), keras.layers.Dense(2)], name="mine")
        >>> print(tlcourse.trainable_summary(model, by="layer"))
        mine: 23 of 23 parameters train
        ...
    """
    if by not in ("block", "layer"):
        raise ValueError(f'`by` must be "block" or "layer". Received: by={by!r}.')
    if not model.built:
        raise ValueError(
            f"Model {model.name!r} has no weights yet, so there is nothing to count. Call it on a batch, or "
            "model.build(input_shape)."
        )
    groups = blocks(model) if by == "block" else {f"{i} {unit.name}": [unit] for i, unit in enumerate(units_of(model))}
    rows = tuple(row for name, layers in groups.items() if (row := _row(name, layers, model.trainable)).parameters)
    return TrainableSummary(model_name=model.name, rows=rows, note=" ".join(filter(None, (note, lora_note(model)))))


def weights_of(layer: keras.layers.Layer) -> list[keras.Variable]:
    """List the variables that gradients can move, frozen now or not; `trainable_weights` hides frozen ones."""
    return [variable for inner in layer._flatten_layers() for variable in inner._trainable_variables]


def _row(name: str, layers: list[keras.layers.Layer], model_trains: bool) -> SummaryRow:
    variables = [variable for layer in layers for variable in weights_of(layer)]
    # fit() asks each variable, and the model that is fitted: flags of the containers in between play no part.
    trainable = [variable for variable in variables if model_trains and variable.trainable]
    # BatchNorm asks its own flag alone, even inside a frozen model.
    modes = {"training" if layer.trainable else "inference" for unit in layers for layer in batchnorms_in(unit)}
    return SummaryRow(
        name=name,
        parameters=sum(prod(variable.shape) for variable in variables),
        trainable_parameters=sum(prod(variable.shape) for variable in trainable),
        batchnorm="mixed" if len(modes) == 2 else "".join(modes),
    )
