"""Fine-tuning in two phases: the head on a frozen backbone first, then backbone and head at a small learning rate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import keras

from tlcourse.finetune.blocks import units_of
from tlcourse.finetune.freezing import freeze, unfreeze
from tlcourse.finetune.reusing import TrunkMaps
from tlcourse.finetune.summary import TrainableSummary, trainable_summary


@dataclass(frozen=True)
class Phase:
    """One phase of training.

    Args:
        name: Name of the phase.
        first_epoch: Its first epoch, counted from 0 over all phases.
        history: Metric -> one value an epoch.
        summary: What trained.
    """

    name: str
    first_epoch: int
    history: dict[str, list[float]]
    summary: TrainableSummary

    @property
    def epochs(self) -> int:
        """Number of epochs."""
        return len(next(iter(self.history.values()), []))


@dataclass(frozen=True)
class PhaseHistory:
    """The phases of a training, in order.

    Args:
        phases: The first phase comes first.
    """

    phases: tuple[Phase, ...]

    @property
    def history(self) -> dict[str, list[float]]:
        """The metrics that every phase has, one after the other, as in the `History` of a single `fit()`."""
        shared = [name for name in self.phases[0].history if all(name in phase.history for phase in self.phases)]
        return {name: [value for phase in self.phases for value in phase.history[name]] for name in shared}

    @property
    def boundaries(self) -> tuple[int, ...]:
        """First epochs of the second and later phases."""
        return tuple(phase.first_epoch for phase in self.phases[1:])


def fit_two_phase(
    model: keras.Model,
    train_data: Any,
    validation_data: Any = None,
    *,
    backbone: keras.Model | str,
    loss: Any,
    head_epochs: int = 5,
    fine_tune_epochs: int = 5,
    head_learning_rate: float = 1e-3,
    fine_tune_learning_rate: float = 1e-5,
    from_block: str | int | None = None,
    batchnorm: Literal["frozen", "trainable"] = "frozen",
    optimizer: Callable[[float], keras.optimizers.Optimizer] = keras.optimizers.Adam,
    metrics: Sequence[Any] = ("accuracy",),
    callbacks: Sequence[keras.callbacks.Callback] = (),
    verbose: int | str = "auto",
    batch_size: int | None = None,
    reuse_trunk: bool = False,
    views: int = 0,
) -> PhaseHistory:
    """Train the head on the frozen backbone, then unfreeze, compile again and fine-tune.

    A head at random values sends large, random gradients into the backbone; that is why it comes first. Each phase compiles
    with an optimizer of its own, because an optimizer that was built for the head does not know the backbone's weights.

    Args:
        model: A built model: backbone and head.
        train_data: `(x, y)` arrays, or anything that `fit()` takes as `x` alone.
        validation_data: As in `fit()`.
        backbone: The pretrained part: a model nested in `model` or sharing its layers, or the name of a nested one.
        loss: As in `compile()`.
        head_epochs: Epochs of the first phase, at least 1.
        fine_tune_epochs: Epochs of the second phase, at least 1.
        head_learning_rate: Learning rate of the first phase.
        fine_tune_learning_rate: Learning rate of the second phase, 10 to 100 times below the first.
        from_block: First block of the backbone to fine-tune, as in `unfreeze`. `None`: all of it.
        batchnorm: As in `unfreeze`.
        optimizer: Called with a learning rate, once a phase.
        metrics: As in `compile()`.
        callbacks: Given to both `fit()` calls.
        verbose: As in `fit()`.
        batch_size: As in `fit()`, where `train_data` are arrays.
        reuse_trunk: Compute the outputs of the frozen layers once for all epochs of a phase, and train the rest on them. The weights
            become those of the plain way up to rounding, if nothing random stands in or before the frozen layers. `train_data` may
            then also be `(open_image_folder(...), labels)`. The maps have to fit into memory; the cache of features keeps them.
            Callbacks see the part that trains as their model. Where `from_block` is None the second phase trains all
            layers, and has nothing to reuse.
        views: With `reuse_trunk`, where random layers (augmentation) stand at the model's front: how many augmented views of
            each training image are stored. Each epoch takes the next one. Fewer views than epochs are less augmentation
            than the plain way has.

    Returns:
        The history of both phases with what trained in each.

    Raises:
        ValueError: If a number of epochs is below 1 or the model does not contain the backbone.
    """
    for name, epochs in (("head_epochs", head_epochs), ("fine_tune_epochs", fine_tune_epochs)):
        if epochs < 1:
            raise ValueError(f"`{name}` must be at least 1. Received: {name}={epochs}.")
    part = backbone_in(model, backbone)

    def train(name: str, first_epoch: int, epochs: int, learning_rate: float) -> Phase:
        summary = trainable_summary(model)
        part: Any = model
        data: dict[str, Any] = {"train_data": train_data, "validation_data": validation_data, "batch_size": batch_size}
        if reuse_trunk and (name == "head" or from_block is not None):
            maps = TrunkMaps(model, train_data, validation_data, views=views)
            part, data = maps.rest, maps.data(batch_size)
            model.compile(optimizer=optimizer(learning_rate), loss=loss, metrics=list(metrics))  # to evaluate and save it
        part.compile(optimizer=optimizer(learning_rate), loss=loss, metrics=list(metrics))
        epochs_of = {"initial_epoch": first_epoch, "epochs": first_epoch + epochs}
        history = fit(part, **data, **epochs_of, callbacks=list(callbacks), verbose=verbose)
        return Phase(name=name, first_epoch=first_epoch, history=history, summary=summary)

    unfreeze(model, batchnorm="trainable")  # the head, whatever its flags were
    freeze(part)
    head = train("head", 0, head_epochs, head_learning_rate)
    unfreeze(part, from_block=from_block, batchnorm=batchnorm)
    fine_tuned = train("fine-tune", head.epochs, fine_tune_epochs, fine_tune_learning_rate)
    return PhaseHistory(phases=(head, fine_tuned))


def fit(model: keras.Model, train_data: Any, **options: Any) -> dict[str, list[float]]:
    """Call `model.fit` with `(x, y)` arrays or a data set, and return the history as plain numbers."""
    inputs: dict[str, Any] = (
        {"x": train_data[0], "y": train_data[1]} if isinstance(train_data, (tuple, list)) else {"x": train_data}
    )
    if hasattr(train_data, "element_spec"):  # a tf.data pipeline, which Keras warns it will not shuffle
        inputs["shuffle"] = False
    history = model.fit(**inputs, **options).history
    return {name: [float(value) for value in values] for name, values in history.items()}


def backbone_in(model: keras.Model, backbone: keras.Model | str) -> keras.Model:
    """Find the backbone and make sure that `model` really contains it: freezing another copy would do nothing.

    Raises:
        ValueError: If `model` does not contain it.
        TypeError: If `backbone` is neither a model nor a name.
    """
    if isinstance(backbone, str):
        nested = {part.name: part for part in model._flatten_layers(include_self=False) if isinstance(part, keras.Model)}
        if backbone not in nested:
            held = f"nested models: {', '.join(nested)}" if nested else "it has no nested model; pass the backbone itself"
            raise ValueError(f"Model {model.name!r} has no nested model of that name: {held}. Received: backbone={backbone!r}.")
        return nested[backbone]
    if not isinstance(backbone, keras.layers.Layer):
        raise TypeError(f"`backbone` must be a Keras model or its name. Received: backbone={backbone!r}.")
    inside = {id(unit) for unit in units_of(model)}
    if backbone is model or not all(id(unit) in inside for unit in units_of(backbone)):
        raise ValueError(
            f"`backbone` must be the pretrained part of model {model.name!r}, not a copy of it and not the model itself. "
            f"Pass the object that the model was built on, or its name. Received: backbone.name={backbone.name!r}."
        )
    return backbone
