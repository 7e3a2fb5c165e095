"""What every detector is given: the model, the splits, what the passes collected, and a way to run the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from tlcourse.audit.data.collect import LABELS, SAMPLE, Collected, Labels
from tlcourse.audit.data.sources import Batch, Split
from tlcourse.audit.data.structures import leaves, stacked, take
from tlcourse.audit.report import NotChecked

_VALUES_TO_RUN = 64 * 128 * 128 * 3
_VALUES_AT_ONCE = 8 * 96 * 96 * 3  # Keras keeps what every layer returns until a run ends: many times the size of the images


class CannotCheckError(Exception):
    """Raised by a detector, or by the context, where something cannot be seen; becomes `NotChecked` with this reason."""


@dataclass
class Context:
    """The subject of one audit.

    Args:
        model: The Keras model.
        splits: "train", "validation", "test" -> `Split`, or `NotChecked` where the data cannot be read. Absent: not given.
        collected: What the passes left.
        backbone: The pretrained part as the caller named it: a layer of the model, its name, or None.
        history: Column -> values a epoch, or None.
        groups: Split name -> group of every example (patient, plot, session), or None.
        class_names: Of the target, or None.
        before: Snapshot of the model before training, or None.
        facts: Numbers for the report; detectors may add to it.
        shared: What one detector worked out and others use.
    """

    model: Any
    splits: Mapping[str, Split | NotChecked]
    collected: Collected
    backbone: Any = None
    history: Mapping[str, list[float]] | None = None
    groups: Mapping[str, np.ndarray] | None = None
    class_names: Sequence[str] | None = None
    before: Any = None
    facts: dict[str, Any] = field(default_factory=dict)
    shared: dict[str, Any] = field(default_factory=dict)

    def split(self, name: str) -> Split:
        """Return a split that was read.

        Raises:
            CannotCheckError: It was not given, or could not be read.
        """
        split = self.splits.get(name)
        if split is None:
            raise CannotCheckError(f"No {name} data was given.")
        if name in self.collected.failures:
            raise CannotCheckError(f"The {name} data could not be read. {self.collected.failures[name]}")
        assert isinstance(split, Split)
        return split

    def collector(self, split: str, name: str) -> Any:
        """Return a collector of this split after the passes.

        Raises:
            CannotCheckError: The split or the collector is missing; says why.
        """
        self.split(split)
        found = self.collected.by_split.get(split, {}).get(name)
        if found is None:
            reason = self.collected.failures.get(f"{split}/{name}", "there is nothing of the kind in it")
            raise CannotCheckError(f"The {split} data was not looked at for this: {reason}.")
        return found

    def sample(self, split: str = "train") -> Batch:
        """Return up to 64 examples drawn uniformly from the first pass.

        Raises:
            CannotCheckError: The split is missing, unreadable or empty.
        """
        batch = self.collector(split, SAMPLE).batch
        if batch is None:
            raise CannotCheckError(f"The {split} data is empty.")
        return batch

    def sample_to_run(self) -> Batch:
        """Return as many examples of the train sample as a forward pass takes seconds for: 64 small ones, 16 at least."""
        batch = self.sample("train")
        values = sum(int(np.size(leaf)) for _, leaf in leaves(batch.inputs) if isinstance(leaf, np.ndarray))
        count = int(np.clip(_VALUES_TO_RUN * batch.size // max(1, values), 16, batch.size))
        return Batch(take(batch.inputs, slice(0, count)), take(batch.labels, slice(0, count)), 0, count)

    def first_batch(self, split: str = "train") -> Batch:
        """Return the first batch of the first pass, at the size that the source has."""
        batch = self.collector(split, SAMPLE).first
        if batch is None:
            raise CannotCheckError(f"The {split} data is empty.")
        return batch

    def labels(self, split: str = "train") -> Labels:
        """Return how the labels of a split are encoded, and the class of every example."""
        return self.collector(split, LABELS)

    def count(self, split: str = "train") -> int:
        """Return the number of examples that were read."""
        self.split(split)
        return self.collected.counts[split]

    def forward(self, inputs: Any, training: bool = False) -> Any:
        """Run the model on a batch, outside of `fit()` and `predict()`; statistics that move are put back after the audit.

        In inference mode large inputs run a few examples at a time, so that memory stays small.

        Returns:
            The output as the model gives it, with NumPy arrays.

        Raises:
            CannotCheckError: The model cannot be run on this data; names the error.
        """
        from tlcourse.audit.data.structures import to_numpy

        try:
            if not training and (pieces := _pieces(inputs)):
                outputs = [to_numpy(self.model(ready(self.model, piece), training=False)) for piece in pieces]
                try:
                    return stacked(outputs)
                except (ValueError, TypeError):  # an output that depends on the size of the batch
                    pass
            return to_numpy(self.model(ready(self.model, inputs), training=training))
        except Exception as error:
            raise CannotCheckError(
                f"The model could not be run on a batch of the data: {type(error).__name__}: {error}"
            ) from error


def _pieces(inputs: Any) -> list[Any]:
    """Cut large inputs along the batch; the first piece is longer by one, which shows outputs that depend on its size."""
    arrays = [leaf for _, leaf in leaves(inputs)]
    if not arrays or not all(isinstance(leaf, np.ndarray) and leaf.ndim for leaf in arrays):
        return []
    count, values = len(arrays[0]), sum(int(leaf.size) for leaf in arrays)
    if values <= _VALUES_AT_ONCE or any(len(leaf) != count for leaf in arrays):
        return []
    size = max(2, _VALUES_AT_ONCE * count // values)
    starts = [0, *range(size + 1, count - 1, size), count]
    return [take(inputs, slice(start, end)) for start, end in pairwise(starts)]


def ready(model: Any, inputs: Any) -> Any:
    """Return what a call of the model takes: texts as tensors, or as the tokens that a KerasHub task makes of them in `fit()`."""
    preprocessor = getattr(model, "preprocessor", None)
    if preprocessor is not None and any(getattr(leaf, "dtype", np.dtype(int)).kind in "OSU" for _, leaf in leaves(inputs)):
        return preprocessor(as_tensors(inputs))
    return as_tensors(inputs)


def as_tensors(inputs: Any) -> Any:
    """Turn arrays of text into tensors, which Keras needs; leave all others."""
    if isinstance(inputs, dict):
        return {name: as_tensors(value) for name, value in inputs.items()}
    if isinstance(inputs, (tuple, list)):
        return type(inputs)(as_tensors(value) for value in inputs)
    if isinstance(inputs, np.ndarray) and inputs.dtype.kind in "OSU":
        import tensorflow as tf

        return tf.constant(inputs)
    return inputs
