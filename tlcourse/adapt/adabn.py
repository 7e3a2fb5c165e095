"""AdaBN: give every BatchNorm the target's mean and variance; no weight learns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
from numpy.typing import ArrayLike


def adapt_batchnorm(model: keras.Model, target_images: ArrayLike, *, batch_size: int = 64, seed: int = 0) -> int:
    """Replace the moving statistics of every BatchNorm by those of the target's images, in place.

    For each BatchNorm, `moving_mean` and `moving_variance` become the averages over batches of the target of what the layer sees
    there: Li et al. (2018), "Adaptive batch normalization for practical domain adaptation", Pattern Recognition 80
    (arXiv 1603.04779). Batch `k` has momentum `(k - 1) / k`: every batch counts the same, and the layer's own momentum plays no
    part. With Keras' default of 0.99, ten plain passes would leave 90 % of the old statistics in place.

    Only these statistics change; weights, flags and momenta are as before. During the passes only BatchNorm is in training mode;
    dropout and augmentation are off. Frozen BatchNorm layers are adapted, too. To go back, keep `model.get_weights()`.

    Args:
        model: A model that holds `BatchNormalization`, however deep.
        target_images: `(n, ...)` what the model takes; labels are not needed. A few hundred examples suffice.
        batch_size: Examples a batch, 2 or more. Images that fill no batch are left out, unless there is no full one.
        seed: Seed of the order in which the images are shown.

    Returns:
        How many BatchNorm layers were adapted.

    Raises:
        ValueError: If the model has no BatchNorm, or there are fewer than 2 images.
    """
    images = np.asarray(target_images)
    norms = [layer for layer in model._flatten_layers() if isinstance(layer, keras.layers.BatchNormalization)]
    if not norms:
        raise ValueError(
            f"The model {model.name!r} has no BatchNormalization layer, so AdaBN cannot change it. "
            "Use coral(...) on its features instead."
        )
    if len(images) < 2 or batch_size < 2:
        raise ValueError(
            "A variance needs 2 images or more, and so does a batch. "
            f"Received: len(target_images)={len(images)}, batch_size={batch_size}."
        )
    order = np.random.default_rng(seed).permutation(len(images))
    starts = range(0, max(1, len(images) - batch_size + 1), batch_size)
    with _training_mode(norms):
        for count, start in enumerate(starts):
            for norm in norms:
                norm.momentum = count / (count + 1)  # 0 for the first batch: the old statistics are gone
            model(images[order[start : start + batch_size]], training=False)
    return len(norms)


@contextmanager
def _training_mode(norms: list[keras.layers.BatchNormalization]) -> Iterator[None]:
    """Let only these layers use and record the statistics of a batch, whatever mode the model is called in."""
    kept = [(norm, norm.momentum, norm.trainable) for norm in norms]
    try:
        for norm in norms:
            norm.trainable = True  # a frozen BatchNorm ignores its batch
            norm.call = _always_training(norm.call)
        yield
    finally:
        for norm, momentum, trainable in kept:
            del norm.call  # the method of the class is back
            norm.momentum, norm.trainable = momentum, trainable


def _always_training(call: Callable[..., Any]) -> Callable[..., Any]:
    def call_in_training_mode(inputs: Any, training: Any = None, mask: Any = None) -> Any:
        return call(inputs, training=True, mask=mask)

    return call_in_training_mode
