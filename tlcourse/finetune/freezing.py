"""Freeze and unfreeze by block: what the flags say is what `fit()` does in Keras 3."""

from __future__ import annotations

from typing import Literal

import keras

from tlcourse.finetune.blocks import batchnorms_in, children_of, is_container, locate, units_of
from tlcourse.finetune.lora import refreeze_base
from tlcourse.finetune.stale import mark_stale
from tlcourse.finetune.summary import TrainableSummary, trainable_summary, weights_of

_REMINDER = "Compile the model (again) before fit(): Keras reads these flags when it builds the training step."


def freeze(model: keras.Model, up_to: str | int | None = None) -> TrainableSummary:
    """Freeze all of `model`, or every layer up to and including the block `up_to`; BatchNorm included.

    A frozen BatchNorm runs in inference mode: it uses its moving statistics and does not move them. Layers after `up_to` keep
    the state they have.

    Args:
        model: A backbone, or a model around one: flat, nested or Sequential.
        up_to: Last block to freeze: a block of `blocks_of(model)`, a layer's name, the beginning of the names of a group of
            layers, the name of a nested backbone, or the index of a block. `None` freezes everything.

    Returns:
        What trains now. Its note says which models have to be compiled again. `fit()` of a model that was trained before the
        change raises `NotRecompiledError` until then.

    Raises:
        ValueError: If `up_to` names nothing in the model.

    Example:
        >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="early"), keras.layers.Dense(2, name="head")])
        >>> tlcourse.freeze(model, up_to="early").trainable_names
        ('head',)
    """
    units = units_of(model)
    last = len(units) - 1 if up_to is None else locate(model, up_to, "up_to")[1]
    flags = _current_flags(model)
    for unit in units[: last + 1]:
        flags.update({id(layer): False for layer in unit._flatten_layers()})
    return _apply(model, flags, "Layers were frozen")


def unfreeze(
    model: keras.Model,
    from_block: str | int | None = None,
    batchnorm: Literal["frozen", "trainable"] = "frozen",
) -> TrainableSummary:
    """Make all of `model` trainable, or every layer from the block `from_block` on, and keep BatchNorm in inference mode.

    Layers before `from_block` keep the state they have. With few images the statistics of a batch are noise, and moving them
    destroys what the backbone learned; `base(x, training=False)` does not prevent it in a functional model, a frozen
    BatchNorm layer does. A kernel that LoRA replaces (`layer.enable_lora`) stays frozen: its two factors train instead.

    Args:
        model: A backbone, or a model around one: flat, nested or Sequential.
        from_block: First block to unfreeze, named as in `freeze`. `None` unfreezes everything.
        batchnorm: "frozen" puts every BatchNorm layer in `model` in inference mode, scale and offset frozen too (a head with
            BatchNorm of its own: pass the backbone alone). "trainable" unfreezes BatchNorm like any other layer.

    Returns:
        What trains now. Its note says which models have to be compiled again. `fit()` of a model that was trained before the
        change raises `NotRecompiledError` until then.

    Raises:
        ValueError: If `from_block` names nothing in the model, or `batchnorm` is neither "frozen" nor "trainable".

    Example:
        >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="early"), keras.layers.Dense(2, name="head")])
        >>> tlcourse.freeze(model).trainable_parameters
        0
        >>> tlcourse.unfreeze(model, from_block="head").trainable_names
        ('head',)
    """
    if batchnorm not in ("frozen", "trainable"):
        raise ValueError(f'`batchnorm` must be "frozen" or "trainable". Received: batchnorm={batchnorm!r}.')
    units = units_of(model)
    first = 0 if from_block is None else locate(model, from_block, "from_block")[0]
    flags = _current_flags(model)
    for unit in units[first:]:
        flags.update({id(layer): True for layer in unit._flatten_layers()})
    if batchnorm == "frozen":
        flags.update({id(layer): False for layer in batchnorms_in(model)})
    return _apply(model, flags, "Layers were unfrozen")


def _current_flags(model: keras.Model) -> dict[int, bool]:
    """Read what trains now: below a frozen `model` nothing does, whatever the layers' own flags say."""
    return {id(layer): model.trainable and layer.trainable for unit in units_of(model) for layer in unit._flatten_layers()}


def _apply(model: keras.Model, flags: dict[int, bool], action: str) -> TrainableSummary:
    before = _state(model)
    write_flags(model, flags)
    stale = mark_stale(units_of(model), action) if _state(model) != before else []
    named = f" Waiting for it: {', '.join(stale)}." if stale else ""
    return trainable_summary(model, note=_REMINDER + named)


def write_flags(layer: keras.layers.Layer, flags: dict[int, bool]) -> None:
    """Set the flag of `layer` and of everything in it, parents before children; kernels that LoRA froze stay frozen.

    Parents first, because a parent overwrites its children. Every flag is written twice, because Keras on TensorFlow skips an
    assignment of the value that is already there, and with it the sublayers and variables that have another one.

    Args:
        layer: A model or layer.
        flags: `id(layer)` -> flag, for every unit and the layers in it. A container trains where anything in it does.
    """
    if is_container(layer):
        own = any(flags[id(unit)] for unit in units_of(layer) if weights_of(unit))
    else:
        own = flags.get(id(layer), layer.trainable)
    layer.trainable = not own
    layer.trainable = own
    refreeze_base(layer)
    for child in children_of(layer):
        write_flags(child, flags)


def _state(model: keras.Model) -> tuple[list[bool], list[bool]]:
    """Describe what `fit()` would do: which variables it moves, and which BatchNorm layers normalise by the batch."""
    return [model.trainable and v.trainable for v in weights_of(model)], [layer.trainable for layer in batchnorms_in(model)]
