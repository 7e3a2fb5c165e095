"""Batches of two domains, and how they reach `fit`."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from numpy.typing import ArrayLike

from tlcourse.adapt.inputs import as_paired_images

_SMALL = 64 * 2**20  # bytes of both domains: what may be copied


class PairedBatches(keras.utils.PyDataset):
    """Batches with as many examples of the source as of the target, for `PairedModel`.

    An epoch shows every example of the larger domain at least once; the smaller domain starts over in a new order as often as
    needed. Every batch is full, so no step is compiled twice. Source and target are shuffled separately: examples side by side
    in a batch have nothing to do with each other.

    Args:
        source_images: `(n_source, ...)`, what the backbone takes.
        source_labels: `(n_source,)` class numbers.
        target_images: `(n_target, ...)`; no labels.
        batch_size: Examples of each domain in a batch, 1 or more.
        seed: Seed of the order.
        with_domains: Whether batches carry the true domains with the labels: `(batch_size, 2)`, 1 for source and 0 for target.

    Raises:
        ValueError: If shapes do not fit, or `batch_size` is below 1.
    """

    def __init__(
        self,
        source_images: ArrayLike,
        source_labels: ArrayLike,
        target_images: ArrayLike,
        *,
        batch_size: int = 32,
        seed: int = 0,
        with_domains: bool = False,
    ) -> None:
        super().__init__()
        if batch_size < 1:
            raise ValueError(f"`batch_size` must be 1 or more. Received: batch_size={batch_size}.")
        self.source, self.labels, self.target = as_paired_images(source_images, source_labels, target_images)
        self.batch_size, self.with_domains = batch_size, with_domains
        self._rng = np.random.default_rng(seed)
        self.on_epoch_end()

    def __len__(self) -> int:
        return -(-max(len(self.source), len(self.target)) // self.batch_size)

    def __getitem__(self, index: int) -> tuple[dict[str, np.ndarray], Any]:
        places = slice(index * self.batch_size, (index + 1) * self.batch_size)
        source, target = self._source_order[places], self._target_order[places]
        inputs = {"source": self.source[source], "target": self.target[target]}
        labels = self.labels[source]
        if not self.with_domains:
            return inputs, labels
        return inputs, {"label": labels, "domain": self._domains()}

    def on_epoch_end(self) -> None:
        """Draw new orders."""
        self._source_order, self._target_order = self._orders(self._rng)

    def _orders(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        needed = len(self) * self.batch_size
        sizes = (len(self.source), len(self.target))
        source, target = (np.concatenate([rng.permutation(size) for _ in range(-(-needed // size))])[:needed] for size in sizes)
        return source, target

    def _domains(self) -> np.ndarray:
        return np.tile(np.array([1, 0], "float32"), (self.batch_size, 1))  # (batch_size, 2)

    def for_fit(self) -> Any:
        """Return what gives `fit` these batches, without end, in the least time.

        On TensorFlow, Keras asks a `PyDataset` for each batch through Python, which takes longer than a step of a small network.
        Small data is therefore copied once into a `tf.data.Dataset` that gathers the same batches in the same order, and asks
        Python once an epoch. Large data and other backends get this object itself.
        """
        if keras.backend.backend() != "tensorflow" or self.source.nbytes + self.target.nbytes > _SMALL:
            return self
        import tensorflow as tf

        with tf.device("CPU"):
            source, labels, target, domains = map(tf.constant, (self.source, self.labels, self.target, self._domains()))

        def orders() -> Iterator[np.ndarray]:
            rng = copy.deepcopy(self._rng)  # Keras begins twice: once to look at a batch
            while True:
                yield np.stack(self._orders(rng), axis=1).reshape(len(self), self.batch_size, 2)

        def batch(rows: Any) -> tuple[dict[str, Any], Any]:
            inputs = {"source": tf.gather(source, rows[:, 0]), "target": tf.gather(target, rows[:, 1])}
            label = tf.gather(labels, rows[:, 0])
            return inputs, {"label": label, "domain": domains} if self.with_domains else label

        epoch = tf.TensorSpec((len(self), self.batch_size, 2), "int64")
        return tf.data.Dataset.from_generator(orders, output_signature=epoch).unbatch().map(batch).prefetch(2)
