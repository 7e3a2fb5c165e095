"""Whether what arrives at the first BatchNorm layer has the spread that the layer stored when it was trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tlcourse.audit.context import Context
from tlcourse.audit.model.anatomy import is_batchnorm
from tlcourse.audit.model.trace import value_of, watched

_FAR = 100.0  # least ratio of two variances; 0..1 against -1..1 is 4, standardised against 0..1 about 16
_FEWEST = 16  # values of a channel


@dataclass(frozen=True)
class Statistics:
    """What a BatchNorm layer stored beside what arrives, each the median over channels.

    Args:
        layer: Name of the layer.
        stored: Variance that it stored.
        arriving: Variance of what arrives from the data.
        far: Ratio of the two from which on training cannot explain it, above 1.
    """

    layer: str
    stored: float
    arriving: float
    far: float

    @property
    def ratio(self) -> float:
        """Arriving over stored variance."""
        return self.arriving / self.stored

    @property
    def fit(self) -> bool:
        """Whether the two can belong together.

        Statistics start at 1 and move by `1 - momentum` a step: after one step they are at most `1 / (1 - momentum)` times too
        small, and they are too large only where they have hardly left 1.
        """
        return not (self.ratio > self.far or (self.ratio < 1 / self.far and self.stored > 2))


def first_statistics(context: Context) -> Statistics | None:
    """Run the model once on a sample of the train data, and compare the first BatchNorm layer that it calls.

    Returns:
        None if the model has no such layer, its statistics were never trained, or too few values arrive.

    Raises:
        CannotCheckError: If the data is missing, or the model cannot be run on it.
    """
    layers = [layer for layer in context.model._flatten_layers() if is_batchnorm(layer) and _was_trained(layer)]
    if not layers:
        return None
    seen: list[tuple[Any, np.ndarray]] = []

    def before(layer: Any, call: Any) -> Any:
        def record(*arguments: Any, **options: Any) -> Any:
            if not seen or seen[0][0] is layer:  # in pieces, the first layer is called again
                values = value_of(arguments[0] if arguments else next(iter(options.values()), None))
                if values is not None and values.dtype != object:
                    seen.append((layer, np.moveaxis(values.astype("float64"), layer.axis, -1)))
            return call(*arguments, **options)

        return record

    with watched(layers, before):
        context.forward(context.sample_to_run().inputs)
    if not seen:
        return None
    layer = seen[0][0]
    values = np.concatenate([one.reshape(-1, one.shape[-1]) for _, one in seen])
    if len(values) < _FEWEST or not np.isfinite(values).all():
        return None
    stored = np.asarray(layer.moving_variance, "float64") + layer.epsilon
    arriving = values.var(axis=0) + layer.epsilon
    middle = np.argsort(arriving / stored)[len(stored) // 2]
    return Statistics(layer.name, float(stored[middle]), float(arriving[middle]), max(_FAR, 2 / max(1e-6, 1 - layer.momentum)))


def _was_trained(layer: Any) -> bool:
    if not layer.built:
        return False
    mean, variance = np.asarray(layer.moving_mean), np.asarray(layer.moving_variance)
    return bool((mean != 0).any() or (variance != 1).any())
