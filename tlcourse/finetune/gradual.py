"""Gradual unfreezing: one more block every few epochs, from the head downwards."""

from __future__ import annotations

from typing import Any, Literal

import keras

from tlcourse.finetune.blocks import batchnorms_in, blocks, units_of
from tlcourse.finetune.freezing import write_flags
from tlcourse.finetune.summary import weights_of
from tlcourse.finetune.two_phase import backbone_in


class GradualUnfreezing(keras.callbacks.Callback):
    """Start with the head alone, then unfreeze one more block of the backbone every `epochs_per_block` epochs.

    `opened` lists `(epoch, block name)` of every step taken, epochs counted from 0.

    The schedule of ULMFiT (Howard and Ruder 2018, arXiv 1801.06146, section 3.3). In Keras 3 it works in one order only: the
    optimizer is built for every variable that will ever train, then the flags change, then the training step is built again.
    Compile with a new optimizer and a small learning rate; it serves the head and the backbone.

    Args:
        backbone: The pretrained part of the model that is fitted, nested in it or sharing its layers, or its name.
        epochs_per_block: Epochs between two steps, at least 1.
        batchnorm: "frozen" keeps every BatchNorm layer of the backbone in inference mode; "trainable" unfreezes it with its
            block.
    """

    def __init__(
        self,
        backbone: keras.Model | str,
        *,
        epochs_per_block: int = 1,
        batchnorm: Literal["frozen", "trainable"] = "frozen",
    ) -> None:
        super().__init__()
        if epochs_per_block < 1:
            raise ValueError(f"`epochs_per_block` must be at least 1. Received: epochs_per_block={epochs_per_block}.")
        if batchnorm not in ("frozen", "trainable"):
            raise ValueError(f'`batchnorm` must be "frozen" or "trainable". Received: batchnorm={batchnorm!r}.')
        self.backbone = backbone
        self.epochs_per_block = epochs_per_block
        self.batchnorm = batchnorm
        self.opened: list[tuple[int, str]] = []

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        part = backbone_in(self.model, self.backbone)
        still = {id(v) for layer in self._kept_still(part) for v in weights_of(layer)}
        self._late_to_early = [
            (name, layers)
            for name, layers in reversed(blocks(part).items())
            if any(id(v) not in still for layer in layers for v in weights_of(layer))
        ]
        self.opened = []
        self._write(len(self._late_to_early))
        self._build_optimizer()
        self._write(0)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        wanted = min(epoch // self.epochs_per_block, len(self._late_to_early))
        if wanted > len(self.opened):
            self.opened += [(epoch, name) for name, _ in self._late_to_early[len(self.opened) : wanted]]
            self._write(wanted)

    def _write(self, open_blocks: int) -> None:
        """Unfreeze the last `open_blocks` blocks and no other, and have the training step built again."""
        part = backbone_in(self.model, self.backbone)
        opened = {id(layer) for _, layers in self._late_to_early[:open_blocks] for layer in layers}
        kept_still = {id(layer) for layer in self._kept_still(part)}
        backbone_units = {id(unit) for unit in units_of(part)}
        flags = {}
        for unit in units_of(self.model):
            trains = id(unit) in opened or id(unit) not in backbone_units
            flags.update({id(layer): trains and id(layer) not in kept_still for layer in unit._flatten_layers()})
        write_flags(self.model, flags)
        self.model.make_train_function(force=True)

    def _kept_still(self, part: keras.Model) -> list[keras.layers.Layer]:
        return batchnorms_in(part) if self.batchnorm == "frozen" else []

    def _build_optimizer(self) -> None:
        optimizer = self.model.optimizer
        inner = getattr(optimizer, "inner_optimizer", optimizer)
        if isinstance(inner, keras.optimizers.MultiOptimizer):
            raise ValueError(
                "GradualUnfreezing cannot run with a MultiOptimizer, which expects a gradient for every one of its variables at "
                "every step. Compile with a single optimizer, or fine-tune with discriminative learning rates without this "
                "callback."
            )
        variables = self.model.trainable_variables
        if not optimizer.built:
            optimizer.build(variables)
            return
        known = {id(variable) for variable in inner._trainable_variables}
        unknown = [variable.path for variable in variables if id(variable) not in known]
        if unknown:
            raise ValueError(
                f"The optimizer of model {self.model.name!r} was built without {len(unknown)} of the weights that will be "
                f"unfrozen ({unknown[0]}, ...). Compile with a new optimizer before this fit()."
            )
