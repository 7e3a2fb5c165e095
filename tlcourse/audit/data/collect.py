"""Read every split once or twice for all detectors together. Each collector sees every batch and keeps what it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from tlcourse.audit.data.sources import Batch, Split
from tlcourse.audit.data.structures import leaves, stacked, take
from tlcourse.audit.report import NotChecked, in_short

SAMPLE_SIZE = 64


class Collector(Protocol):
    """Sees the batches of one split. Its memory may grow with the number of examples, but not with the number of pixels."""

    def update(self, batch: Batch, pass_number: int) -> None:
        """Look at one batch of pass 1 or 2."""


@dataclass(frozen=True)
class Collection:
    """How to make a collector.

    Args:
        name: Name of the collector: detectors get it by `context.collector("train", name)`.
        make: `make(split, model)` returns a collector, or None if there is nothing to collect from this split.
        passes: 1, or 2 to compare two readings of the same split.
    """

    name: str
    make: Callable[[Split, Any], Collector | None]
    passes: int = 1


class Sample:
    """Keeps a uniform sample of at most 64 examples of the first pass, and the first batch."""

    def __init__(self, split: Split, model: Any) -> None:
        self._rng = np.random.default_rng(0)
        self._parts: list[tuple[Any, Any]] = []
        self.first: Batch | None = None
        self.seen = 0

    def update(self, batch: Batch, pass_number: int) -> None:
        if pass_number > 1:
            return
        self.first = self.first or batch
        positions = self.seen + np.arange(batch.size)
        self.seen += batch.size
        # Reservoir sampling (Vitter 1985, algorithm R), with one example in each slot.
        for index in np.flatnonzero(self._rng.random(batch.size) * (positions + 1) < SAMPLE_SIZE):
            one = slice(int(index), int(index) + 1)
            example = (_copy(take(batch.inputs, one)), _copy(take(batch.labels, one)))
            if len(self._parts) < SAMPLE_SIZE:
                self._parts.append(example)
            else:
                self._parts[int(self._rng.integers(SAMPLE_SIZE))] = example

    @property
    def batch(self) -> Batch | None:
        """The sample as one batch; None if the split is empty. The first batch, if the examples cannot be stacked (ragged)."""
        if not self._parts:
            return None
        try:
            inputs, labels = (stacked([part[i] for part in self._parts]) for i in (0, 1))
        except (ValueError, TypeError):
            return self.first
        return Batch(inputs, labels, 0, len(self._parts))


class Labels:
    """Keeps the labels of the first pass as class indices, and their encoding."""

    def __init__(self, split: Split, model: Any) -> None:
        self._parts: list[np.ndarray] = []
        self.structured = False
        self.dtype = ""
        self.shape: tuple[int, ...] = ()
        self.low, self.high = np.inf, -np.inf
        self.whole = self.binary = self.rows_sum_to_one = True
        self.rows_below_zero_or_above_one = False

    def update(self, batch: Batch, pass_number: int) -> None:
        if pass_number > 1 or batch.labels is None:
            return
        found = leaves(batch.labels)
        if len(found) != 1 or not isinstance(found[0][1], np.ndarray):
            self.structured = True
            return
        labels = found[0][1]
        self.dtype, self.shape = str(labels.dtype), tuple(labels.shape[1:])
        if not np.issubdtype(labels.dtype, np.number) and labels.dtype != bool:
            self.whole = False
            return
        numbers = labels.astype("float64")
        if numbers.size:
            self.low, self.high = min(self.low, float(numbers.min())), max(self.high, float(numbers.max()))
        self.whole = self.whole and bool((numbers == np.floor(numbers)).all())
        self.binary = self.binary and bool(np.isin(numbers, (0, 1)).all())
        if len(self.shape) == 1 and self.shape[0] > 1:
            self.rows_sum_to_one = self.rows_sum_to_one and bool(np.allclose(numbers.sum(axis=1), 1, atol=1e-3))
            self._parts.append(numbers.argmax(axis=1).astype("int64"))
        elif self.shape in ((), (1,)):
            self._parts.append(numbers.reshape(-1) if not self.whole else numbers.reshape(-1).astype("int64"))

    @property
    def encoding(self) -> str:
        """ "integer", "one-hot" (soft labels too), "multi-hot", "continuous", "dense" (one value a pixel or token) or "none"."""
        if self.structured or not self.dtype:
            return "none"
        if self.shape in ((), (1,)):
            return "integer" if self.whole and self.low >= 0 else "continuous"
        if len(self.shape) == 1:
            if self.rows_sum_to_one and self.low >= 0:
                return "one-hot"
            return "multi-hot" if self.binary else "continuous"
        return "dense"

    @property
    def classes(self) -> np.ndarray | None:
        """Class of every example in the order of the pass, `(n,)` int64; None if a label is not one class."""
        if self.encoding not in ("integer", "one-hot") or not self._parts:
            return None
        return np.concatenate(self._parts).astype("int64")


SAMPLE, LABELS = "sample", "labels"
BASIC = (Collection(SAMPLE, Sample), Collection(LABELS, Labels))


@dataclass
class Collected:
    """What was collected: for each split its collectors by name, its number of examples, and why it could not be read."""

    by_split: dict[str, dict[str, Any]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)


def read_splits(splits: Mapping[str, Split | NotChecked], collections: Iterable[Collection], model: Any) -> Collected:
    """Read every split once, and a second time if a collector asks for it.

    Args:
        splits: Split name -> split; a `NotChecked` is not read.
        collections: How to make the collectors.
        model: The model, for collectors that run it.

    Returns:
        The collectors after the passes. A collector that raises is dropped, and the reason is kept under "split/collector".
    """
    result = Collected()
    for name, split in splits.items():
        if isinstance(split, NotChecked):
            result.failures[name] = split.reason
            continue
        made = {c.name: (c, made) for c in collections if (made := c.make(split, model)) is not None}
        result.by_split[name] = {key: collector for key, (_, collector) in made.items()}
        for number in (1, 2):
            active = {key: collector for key, (c, collector) in made.items() if c.passes >= number}
            if not active:
                continue
            try:
                count = _one_pass(split, number, active, result)
            except Exception as error:  # the caller's pipeline may raise anything
                result.failures[name] = f"Reading it failed: {in_short(error)}"
                break
            if number == 1:
                result.counts[name] = count
    return result


def _one_pass(split: Split, number: int, active: dict[str, Any], result: Collected) -> int:
    count = 0
    for batch in split.iter_batches():
        count += batch.size
        for key, collector in list(active.items()):
            try:
                collector.update(batch, number)
            except Exception as error:  # one failing collector must not stop the others
                result.failures[f"{split.name}/{key}"] = in_short(error)
                result.by_split[split.name].pop(key, None)
                del active[key]
    return count


def _copy(structure: Any) -> Any:
    """Copy a structure of arrays; a view would keep the whole batch in memory."""
    if isinstance(structure, np.ndarray):
        return structure.copy()
    if isinstance(structure, dict):
        return {name: _copy(value) for name, value in structure.items()}
    if isinstance(structure, (tuple, list)):
        return type(structure)(_copy(value) for value in structure)
    return structure
