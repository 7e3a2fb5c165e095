"""What every detector gets: the model, the splits, what was collected while reading them, and a way to run the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from tlcourse.audit.data.collect import LABELS, SAMPLE, Collected, Labels
from tlcourse.audit.data.fingerprints import FINGERPRINTS, Fingerprints
from tlcourse.audit.data.sources import Batch, Split
from tlcourse.audit.data.structures import leaves, stacked, take
from tlcourse.audit.data.trail import Trail
from tlcourse.audit.report import NotChecked, in_short

_VALUES_TO_RUN = 64 * 128 * 128 * 3
_VALUES_AT_ONCE = 8 * 96 * 96 * 3  # Keras keeps the output of every layer until a run ends: many times the size of the images


class CannotCheckError(Exception):
    """Raised by a detector or by the context when something cannot be checked; its text becomes the reason of `NotChecked`."""


@dataclass
class Context:
    """The subject of one audit.

    Args:
        model: The Keras model.
        splits: "train", "validation", "test" -> `Split`, or `NotChecked` where the data cannot be read. Absent: not given.
        collected: What was collected while reading the splits.
        backbone: The pretrained part as the caller named it: a layer of the model, its name, or None.
        history: Column -> one value per epoch, or None.
        groups: Split name -> group of every example (patient, plot, session), or None.
        class_names: Names of the target classes, or None.
        before: Snapshot of the model before training, or None.
        trail: What was seen of the program that called `fit`; None outside `tlcourse doctor`.
        facts: Numbers for the report; detectors may add to it.
        shared: Results of one detector that others use; see `once`.
    """

    model: Any
    splits: Mapping[str, Split | NotChecked]
    collected: Collected
    backbone: Any = None
    history: Mapping[str, list[float]] | None = None
    groups: Mapping[str, np.ndarray] | None = None
    class_names: Sequence[str] | None = None
    before: Any = None
    trail: Trail | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    shared: dict[str, Any] = field(default_factory=dict)

    def once(self, name: str, measure: Callable[[], Any]) -> Any:
        """Return `measure()`, computed only the first time that any detector asks for `name`."""
        if name not in self.shared:
            self.shared[name] = measure()
        return self.shared[name]

    def split(self, name: str) -> Split:
        """Return a split that was read.

        Raises:
            CannotCheckError: If it was not given, or could not be read.
        """
        split = self.splits.get(name)
        if split is None:
            raise CannotCheckError(f"No {name} data was given.")
        if name in self.collected.failures:
            raise CannotCheckError(f"The {name} data could not be read. {self.collected.failures[name]}")
        assert isinstance(split, Split)
        return split

    def collector(self, split: str, name: str) -> Any:
        """Return what one collector kept of a split.

        Raises:
            CannotCheckError: If the split or the collector is missing; the text says why.
        """
        self.split(split)
        found = self.collected.by_split.get(split, {}).get(name)
        if found is None:
            reason = self.collected.failures.get(f"{split}/{name}", "it holds nothing of this kind")
            raise CannotCheckError(f"The {split} data was not examined for this: {reason}.")
        return found

    def sample(self, split: str = "train") -> Batch:
        """Return up to 64 examples, drawn uniformly while the split was read the first time.

        Raises:
            CannotCheckError: If the split is missing, unreadable or empty.
        """
        batch = self.collector(split, SAMPLE).batch
        if batch is None:
            raise CannotCheckError(f"The {split} data is empty.")
        return batch

    def sample_to_run(self) -> Batch:
        """Return the part of the train sample that a forward pass handles in seconds: 64 small examples, 16 large ones."""
        batch = self.sample("train")
        values = sum(int(np.size(leaf)) for _, leaf in leaves(batch.inputs) if isinstance(leaf, np.ndarray))
        count = int(np.clip(_VALUES_TO_RUN * batch.size // max(1, values), 16, batch.size))
        return Batch(take(batch.inputs, slice(0, count)), take(batch.labels, slice(0, count)), 0, count)

    def first_batch(self, split: str = "train") -> Batch:
        """Return the first batch of the split, in the batch size of its source."""
        batch = self.collector(split, SAMPLE).first
        if batch is None:
            raise CannotCheckError(f"The {split} data is empty.")
        return batch

    def labels(self, split: str = "train") -> Labels:
        """Return how the labels of a split are encoded, and the class of every example."""
        return self.collector(split, LABELS)

    def fingerprints(self, split: str) -> Fingerprints:
        """Return the digests of the examples of a split, and the perceptual hashes of its images."""
        return self.collector(split, FINGERPRINTS)

    def all_fingerprints(self) -> dict[str, Fingerprints]:
        """Return the fingerprints of every split that has some, in the order train, validation, test."""
        found = {}
        for name in ("train", "validation", "test"):
            try:
                found[name] = self.fingerprints(name)
            except CannotCheckError:
                continue
        return found

    def readable_splits(self) -> dict[str, Split]:
        """Return the splits that are given and can be read, by name."""
        return {name: split for name, split in self.splits.items() if isinstance(split, Split)}

    def count(self, split: str = "train") -> int:
        """Return the number of examples that were read."""
        self.split(split)
        return self.collected.counts[split]

    def forward(self, inputs: Any, training: bool = False) -> Any:
        """Run the model on a batch, outside `fit()` and `predict()`. Statistics that move are restored after the audit.

        In inference mode, large inputs run a few examples at a time to save memory.

        Returns:
            The output of the model, with NumPy arrays in place of tensors.

        Raises:
            CannotCheckError: If the model cannot be run on this data; the text names the error.
        """
        from tlcourse.audit.data.structures import to_numpy

        try:
            if not training and (pieces := _pieces(inputs)):
                outputs = [to_numpy(self.model(ready(self.model, piece), training=False)) for piece in pieces]
                try:
                    return stacked(outputs)
                except (ValueError, TypeError):  # the output depends on the size of the batch
                    pass
            return to_numpy(self.model(ready(self.model, inputs), training=training))
        except Exception as error:
            raise CannotCheckError(f"The model could not be run on a batch of the data: {in_short(error)}") from error


def _pieces(inputs: Any) -> list[Any]:
    """Cut large inputs along the batch. The first piece is longer by one, which exposes outputs that depend on the batch size."""
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
    """Convert inputs to what a call of the model takes: texts become tensors, or the tokens that a KerasHub task makes in `fit()`."""
    preprocessor = getattr(model, "preprocessor", None)
    if preprocessor is not None and any(getattr(leaf, "dtype", np.dtype(int)).kind in "OSU" for _, leaf in leaves(inputs)):
        return preprocessor(as_tensors(inputs))
    return as_tensors(inputs)


def as_tensors(inputs: Any) -> Any:
    """Turn arrays of text into tensors, which Keras needs; leave all other arrays."""
    if isinstance(inputs, dict):
        return {name: as_tensors(value) for name, value in inputs.items()}
    if isinstance(inputs, (tuple, list)):
        return type(inputs)(as_tensors(value) for value in inputs)
    if isinstance(inputs, np.ndarray) and inputs.dtype.kind in "OSU":
        import tensorflow as tf

        return tf.constant(inputs)
    return inputs
