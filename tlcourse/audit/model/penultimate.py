"""Collect features while a split is read: the input of the last layer of the model, for a random part of the examples."""

from __future__ import annotations

from typing import Any

import numpy as np

from tlcourse.audit.context import ready
from tlcourse.audit.data.sources import Batch, Split
from tlcourse.audit.data.structures import leaves, take

PENULTIMATE = "penultimate"
EXAMPLES = 1000
_AT_ONCE = 64


class Penultimate:
    """Runs the model up to its last layer, on at most 1,000 examples of the first pass that are drawn at random."""

    def __init__(self, split: Split, body: Any, whole: Any = None) -> None:
        self._body, self._whole = body, whole
        self._rng = np.random.default_rng(0)
        length = expected_length(split)
        self._share = 1.0 if length is None else min(1.0, EXAMPLES / max(length, 1))
        self._waiting: list[tuple[Any, np.ndarray]] = []  # inputs and positions of examples that are not run yet
        self._features: list[np.ndarray] = []
        self._positions: list[np.ndarray] = []
        self._kept = 0

    def update(self, batch: Batch, pass_number: int) -> None:
        if pass_number > 1 or self._kept >= EXAMPLES:
            return
        chosen = np.flatnonzero(self._rng.random(batch.size) < self._share)[: EXAMPLES - self._kept]
        if not len(chosen):
            return
        self._kept += len(chosen)
        self._waiting.append((take(batch.inputs, chosen), chosen + batch.start))
        if sum(len(positions) for _, positions in self._waiting) >= _AT_ONCE:
            self._run(whole_only=True)

    def features(self) -> tuple[np.ndarray, np.ndarray]:
        """Return `(n, features)` float32 and the positions of these examples in the pass."""
        self._run()
        if not self._features:
            return np.zeros((0, 1), np.float32), np.zeros(0, np.int64)
        return np.concatenate(self._features), np.concatenate(self._positions)

    def _run(self, whole_only: bool = False) -> None:
        """Run what waits in batches of one size, to compile the network only once. The last batch is kept for later, or filled up."""
        if not self._waiting:
            return
        inputs = _joined([inputs for inputs, _ in self._waiting])
        positions = np.concatenate([positions for _, positions in self._waiting])
        self._waiting = []
        for start in range(0, len(positions), _AT_ONCE):
            rows = np.arange(start, min(start + _AT_ONCE, len(positions)))
            if whole_only and len(rows) < _AT_ONCE:
                self._waiting = [(take(inputs, rows), positions[rows])]
                return
            batch = ready(self._whole, take(inputs, np.resize(rows, _AT_ONCE)))
            features = np.asarray(self._body.predict_on_batch(batch), dtype=np.float32)[: len(rows)]
            if features.ndim > 2:  # (batch, ..., channels) -> (batch, channels)
                features = features.mean(axis=tuple(range(1, features.ndim - 1)))
            self._features.append(features)
            self._positions.append(positions[rows])


def make_penultimate(split: Split, model: Any) -> Penultimate | None:
    """Return the collector for the training set, if the model can be cut before its last layer; None otherwise."""
    if split.name != "train":
        return None
    body = body_of(model)
    return None if body is None else Penultimate(split, body, model)


def body_of(model: Any) -> Any:
    """Return the model up to the input of its last Dense layer, the output layer; None if it cannot be cut there."""
    import keras

    try:
        inputs, outputs = model.inputs, model.outputs
    except AttributeError:
        return None
    if not inputs or not outputs or len(outputs) != 1:
        return None
    dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    if not dense:
        return None
    try:
        # A functional model keeps the names and the order of its inputs in `input`; a Sequential has no `input` before a call.
        return keras.Model(inputs[0] if isinstance(model, keras.Sequential) else model.input, dense[-1].input)
    except (AttributeError, ValueError, KeyError):
        return None


def expected_length(split: Split) -> int | None:
    """Return about how many examples a pass will give; None if it is not known."""
    if split.length is not None:
        return split.length
    data = split.original
    try:
        if split.kind == "tf.data":
            batches = int(data.cardinality())
            size = split.batch_size or _size_of_first_batch(split)
            return batches * size if batches >= 0 else None
        return len(data) * _size_of_first_batch(split)
    except (TypeError, AttributeError, NotImplementedError):
        return None


def _size_of_first_batch(split: Split) -> int:
    """Return the batch size of the pipeline, or 32 if it is not known."""
    size = getattr(split.original, "batch_size", None)
    stage: Any = split.original
    while size is None and stage is not None:
        size = getattr(stage, "_batch_size", None)
        sources = stage._inputs() if hasattr(stage, "_inputs") else []
        stage = sources[0] if sources else None
    return 32 if size is None else int(size)


def _joined(parts: list[Any]) -> Any:
    first = parts[0]
    if isinstance(first, dict):
        return {name: _joined([part[name] for part in parts]) for name in first}
    if isinstance(first, (tuple, list)):
        return type(first)(_joined([part[i] for part in parts]) for i in range(len(first)))
    return np.concatenate([leaf for part in parts for _, leaf in leaves(part)])
