"""Stop a compiled model from training with trainable flags that are no longer true.

Keras reads the flags when it builds the training step, at the first `fit()` after `compile()`. Flags that change later are
ignored without a word, in both directions. Compiling again automatically would keep the learning rate of the head, which is the
one that destroys a backbone, so `fit()` is made to say what is missing instead. `compile()` takes the mark away.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

import keras

from tlcourse.finetune.live_models import compiled_models_with


class NotRecompiledError(RuntimeError):
    """Raised by `fit()` where layers were frozen or unfrozen after the training step had been built."""


class _Refusal:
    """Stands in the place of a model's training step and explains why there is none."""

    def __init__(self, model_name: str, action: str) -> None:
        self.model_name = model_name
        self.action = action

    def __call__(self, *step: Any) -> NoReturn:
        raise NotRecompiledError(
            f"{self.action} after model {self.model_name!r} had been trained, so its training step still follows the old flags. "
            "Compile it again before fit(), with a new optimizer and, for unfrozen layers, a small learning rate:\n"
            "    model.compile(optimizer=keras.optimizers.Adam(1e-5), loss=..., metrics=[...])"
        )


def mark_stale(layers: Sequence[keras.layers.Layer], action: str) -> list[str]:
    """Make `fit()` of every compiled model around `layers` refuse until it is compiled again.

    A model that was compiled but has neither a training step nor optimizer state yet picks the new flags up by itself, and is
    left alone.

    Args:
        layers: Layers whose flags changed.
        action: What was done, for the message ("Layers were unfrozen").

    Returns:
        Names of the models that have to be compiled again.
    """
    stale = [model for model in compiled_models_with(layers) if _has_trained(model)]
    for model in stale:
        model.train_function = _Refusal(model.name, action)
    return [model.name for model in stale]


def _has_trained(model: keras.Model) -> bool:
    return model.train_function is not None or bool(getattr(model.optimizer, "built", False))
