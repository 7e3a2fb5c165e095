"""One learning rate for every block: small for early, general layers, larger for late ones and the head."""

from __future__ import annotations

import re
from collections.abc import Callable

import keras

from tlcourse.finetune.blocks import blocks
from tlcourse.finetune.summary import weights_of


def layerwise_learning_rates(model: keras.Model, learning_rate: float, decay: float = 2.6) -> dict[str, float]:
    """Give the last trainable block of `model` the full rate, and every earlier one `decay` times less than its successor.

    Args:
        model: A built model. Blocks that are frozen or without weights are left out, and do not count as a step.
        learning_rate: Rate of the last trainable block, normally the head. Above 0.
        decay: Factor between neighbours, at least 1. 2.6 is the value of ULMFiT (Howard and Ruder 2018, arXiv 1801.06146,
            section 3.2); 1 gives every block the same rate.

    Returns:
        Block name -> learning rate, in forward order.

    Raises:
        ValueError: If a number is out of range, or nothing in the model is trainable.
    """
    if learning_rate <= 0:
        raise ValueError(f"`learning_rate` must be above 0. Received: learning_rate={learning_rate}.")
    if decay < 1:
        raise ValueError(f"`decay` must be at least 1: early layers learn slower. Received: decay={decay}.")
    names = [name for name, variables in _trainable_by_block(model).items() if variables]
    if not names:
        raise ValueError(f"Nothing in model {model.name!r} is trainable. Call unfreeze(...) first.")
    return {name: learning_rate / decay ** (len(names) - 1 - index) for index, name in enumerate(names)}


def discriminative_optimizer(
    model: keras.Model,
    *,
    learning_rate: float = 1e-4,
    decay: float = 2.6,
    optimizer: Callable[[float], keras.optimizers.Optimizer] = keras.optimizers.Adam,
) -> keras.optimizers.Optimizer:
    """Build an optimizer that trains every block of `model` with its own learning rate.

    Scaling gradients would not do it: Adam divides by their size, so the step stays the same.

    Args:
        model: A built model with the flags it will be trained with: freeze and unfreeze first, then call this, then compile.
        learning_rate: Rate of the last trainable block, normally the head.
        decay: Factor between neighbouring blocks, as in `layerwise_learning_rates`.
        optimizer: Called with a learning rate, once for every trainable block.

    Returns:
        A `keras.optimizers.MultiOptimizer`. It is saved and loaded with the model. Keras' learning-rate callbacks do not
        support it.

    Raises:
        ValueError: If a number is out of range, nothing is trainable, or two blocks hold variables of the same path.
    """
    rates = layerwise_learning_rates(model, learning_rate, decay)
    by_block = {name: [v.path for v in variables] for name, variables in _trainable_by_block(model).items() if variables}
    owner: dict[str, str] = {}
    for name, paths in by_block.items():
        for path in paths:
            if owner.setdefault(path, name) != name:
                raise ValueError(
                    f"Blocks {owner[path]!r} and {name!r} both hold a variable of path {path!r}, and Keras tells variables "
                    "apart by their path. Give the layers different names."
                )
    # One pattern a block, and not one entry a variable: a saved model then has one optimizer for each block again.
    patterns = {"|".join(re.escape(path) for path in paths): optimizer(rates[name]) for name, paths in by_block.items()}
    last = list(patterns.values())[-1]
    return keras.optimizers.MultiOptimizer(keras.optimizers.OptimizerMap(default_optimizer=last, optimizer_map=patterns))


def _trainable_by_block(model: keras.Model) -> dict[str, list[keras.Variable]]:
    trained = {id(variable) for variable in model.trainable_variables}
    return {
        name: [variable for layer in layers for variable in weights_of(layer) if id(variable) in trained]
        for name, layers in blocks(model).items()
    }
