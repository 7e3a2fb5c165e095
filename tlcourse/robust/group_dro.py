"""Group DRO: train for the group with the largest loss (Sagawa et al. 2020, "Distributionally robust neural networks")."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from tlcourse.arguments import as_labels, require_same_length


class GroupDRO:
    """Train a compiled Keras model so that the group that fares worst counts most.

    Algorithm 1 of the paper: each group has a weight `q`. At every step the weights are multiplied by
    `exp(step_size * loss of the group)`, scaled to sum 1, and the model takes a step on the sum of `q * loss of the group`.
    Needs the group of every training example. In the authors' own runs batches are balanced by group as well, those of the
    baseline are not: compare with weights or balanced batches too, or the method gets the credit of the balance.

    Args:
        model: A model compiled with `SparseCategoricalCrossentropy(from_logits=True)`; gives `(n, num_classes)` logits.
        step_size: How fast weights follow the losses, above 0; 0.01 in the paper.
        batch_size: Examples of each step.
        balanced: Draw batches in which each group is equally likely; otherwise as the examples come.
        seed: Seed of the batches.

    Raises:
        ValueError: If the model is not compiled, or is with another loss.
    """

    def __init__(
        self, model: Any, *, step_size: float = 0.01, batch_size: int = 64, balanced: bool = True, seed: int = 0
    ) -> None:
        import keras

        loss = getattr(model, "loss", None)
        if not isinstance(loss, keras.losses.SparseCategoricalCrossentropy) or not loss.get_config().get("from_logits", False):
            raise ValueError(
                "`model` must be compiled with the loss on logits: "
                "model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True)). "
                f"Received: model.loss={loss!r}."
            )
        if not step_size > 0:
            raise ValueError(f"`step_size` must be above 0. Received: step_size={step_size!r}.")
        self._model, self._step_size, self._batch_size = model, step_size, batch_size
        self._balanced, self._seed = balanced, seed

    def fit(self, inputs: ArrayLike, labels: ArrayLike, groups: ArrayLike, *, epochs: int = 20) -> np.ndarray:
        """Train, and return the weight of each group after every epoch, `(epochs, num_groups)`.

        Args:
            inputs: `(n, ...)`, what the model takes.
            labels: `(n,)` class numbers.
            groups: `(n,)` group numbers from 0 on, each with examples.
            epochs: Passes over as many examples as there are.

        Raises:
            ValueError: If lengths differ or a group has no example.
        """
        inputs, labels, groups = np.asarray(inputs), as_labels("labels", labels), as_labels("groups", groups)
        require_same_length(inputs=inputs, labels=labels, groups=groups)
        counts = np.bincount(groups)
        if not counts.all():
            raise ValueError(
                f"Groups must be numbered from 0 on without a gap. Received: np.bincount(groups)={counts.tolist()}."
            )
        rng = np.random.default_rng(self._seed)
        weights = np.full(len(counts), 1.0 / len(counts))
        chances = 1.0 / counts[groups] if self._balanced else np.ones(len(groups))
        chances = chances / chances.sum()
        path = np.empty((epochs, len(counts)))
        for epoch in range(epochs):
            order = rng.choice(len(labels), len(labels), p=chances) if self._balanced else rng.permutation(len(labels))
            for start in range(0, len(order), self._batch_size):
                batch = order[start : start + self._batch_size]
                weights = self.step(inputs[batch], labels[batch], groups[batch], weights)
            path[epoch] = weights
        return path

    def step(self, inputs: np.ndarray, labels: np.ndarray, groups: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Take one step on one batch, and return the new weights of the groups.

        A group that is not in the batch counts as one without loss.

        Args:
            inputs: `(n, ...)`, what the model takes.
            labels: `(n,)` class numbers.
            groups: `(n,)` group numbers.
            weights: `(num_groups,)` weights before the step.
        """
        import keras

        logits = self._model(inputs, training=False)
        losses = keras.ops.convert_to_numpy(keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True))
        counts = np.bincount(groups, minlength=len(weights))
        means = np.bincount(groups, losses, len(weights)) / np.maximum(counts, 1)
        weights = weights * np.exp(self._step_size * (means - means.max()))  # a common factor is scaled away
        weights = weights / weights.sum()
        share = weights[groups] / counts[groups] * len(groups)  # Keras divides by the batch: the loss sums weight * mean
        self._model.train_on_batch(inputs, labels, sample_weight=share)
        return weights
