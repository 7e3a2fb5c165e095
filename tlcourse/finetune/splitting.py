"""Cut a model in two where training begins: a trunk that gives the same maps in every epoch, and the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from tlcourse.finetune.blocks import locate, units_of
from tlcourse.finetune.fixed_mode import FixedMode


@dataclass(frozen=True)
class SplitModel:
    """A model in two parts that share its layers and weights: `rest(trunk(x))` is `model(x)`.

    Args:
        trunk: From the model's input to maps, `(batch, ...)`; a list where several tensors cross the cut.
        rest: From these maps to the model's output.
    """

    trunk: keras.Model
    rest: keras.Model

    def __iter__(self) -> Iterator[keras.Model]:
        return iter((self.trunk, self.rest))


@dataclass(frozen=True)
class _Value:
    """A tensor of one of the two new graphs.

    Args:
        tensor: The tensor.
        in_trunk: Whether it belongs to the trunk's graph.
        in_front: Whether no layer with weights stands before it.
    """

    tensor: Any
    in_trunk: bool
    in_front: bool


def split_model(model: keras.Model, from_block: str | int | None = None, *, augmentation: bool = False) -> SplitModel:
    """Split `model` into a trunk that does not change in training, and the rest.

    The trunk holds what comes before the block `from_block`, whatever the flags say; without it, what comes before the first
    layer that trains, that normalises by the batch, or that is random (dropout). All layers and weights are shared with
    `model`: what training changes in one is changed in the other.

    Args:
        model: A functional or Sequential model with one input; models nested in it are opened.
        from_block: First block of the rest, named as in `unfreeze`. None: as the flags are now.
        augmentation: Let random layers that stand before all weights be part of the trunk. It then gives other maps at each call
            with `training=True`.

    Returns:
        Trunk and rest; they can be unpacked as a pair.

    Raises:
        TypeError: If a model is neither functional nor Sequential.
        ValueError: If the trunk or the rest would be empty, or `from_block` names nothing.

    Example:
        >>> backbone = tlcourse.load_backbone("tiny_resnet")
        >>> model = keras.Sequential([backbone, keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(3)])
        >>> model.build((None, 64, 64, 3))
        >>> trunk, rest = tlcourse.split_model(model, from_block="block4")
        >>> trunk.output_shape, rest.input_shape
        ((None, 8, 8, 128), (None, 8, 8, 128))
    """
    after = units_of(model)[locate(model, from_block, "from_block")[0] :] if from_block is not None else []
    cutter = _Cutter({id(unit) for unit in after}, augmentation)
    graph = _graph_of(model)
    if len(graph.inputs) != 1:
        raise ValueError(f"Model {model.name!r} must have one input. Received: len(model.inputs)={len(graph.inputs)}.")
    given = graph.inputs[0]
    images = keras.Input(batch_shape=given.shape, dtype=given.dtype)
    outputs = cutter.run(graph, [_Value(images, True, True)])
    if not cutter.cuts:
        raise ValueError(f"Nothing in model {model.name!r} trains, so it has no rest. Unfreeze a layer, or name `from_block`.")
    if any(tensor is images for tensor, _ in cutter.cuts.values()):
        raise ValueError(
            f"Model {model.name!r} has no part that stays the same in training, because layer {cutter.first!r} comes first and "
            "trains, normalises by the batch or is random. Freeze the layers that shall not change with tlcourse.freeze, and move "
            f"augmentation out of the model or store views of it. Received: from_block={from_block!r}."
        )
    maps, entries = zip(*cutter.cuts.values(), strict=True)
    trunk = keras.Model(images, _one_or_list(maps), name=f"{model.name}_trunk")
    rest = keras.Model(_one_or_list(entries), _one_or_list([value.tensor for value in outputs]), name=f"{model.name}_rest")
    return SplitModel(trunk, rest)


def _one_or_list(tensors: Sequence[Any]) -> Any:
    return tensors[0] if len(tensors) == 1 else list(tensors)


class _Cutter:
    """Builds the two graphs, node by node.

    Args:
        after: `id` of each unit that belongs to the rest; empty where the flags decide.
        augmentation: Whether leading random layers may be in the trunk.
    """

    def __init__(self, after: set[int], augmentation: bool) -> None:
        self.after, self.augmentation = after, augmentation
        self.cuts: dict[int, tuple[Any, Any]] = {}  # id of a trunk's tensor -> that tensor, and its entry into the rest
        self.first = ""

    def run(self, graph: Any, inputs: list[_Value]) -> list[_Value]:
        """Run a functional graph on new tensors, and return the values of its outputs."""
        values = {id(tensor): value for tensor, value in zip(graph.inputs, inputs, strict=True)}
        for depth in sorted(graph._nodes_by_depth, reverse=True):
            for node in graph._nodes_by_depth[depth]:
                if not node.is_input:
                    given = [values[id(tensor)] for tensor in node.input_tensors]
                    values |= dict(zip(map(id, node.outputs), self._call(node, given), strict=True))
        return [values[id(tensor)] for tensor in graph.outputs]

    def _call(self, node: Any, given: list[_Value]) -> list[_Value]:
        operation = node.operation
        if isinstance(operation, keras.Model):
            return self.run(_graph_of(operation), given)
        stays = all(value.in_trunk for value in given) and self._is_fixed(operation, all(value.in_front for value in given))
        self.first = self.first if stays else self.first or operation.name
        tensors = [value.tensor if stays or not value.in_trunk else self._entry(value.tensor) for value in given]
        args, kwargs = node.arguments.fill_in({id(old): new for old, new in zip(node.input_tensors, tensors, strict=True)})
        front = all(value.in_front for value in given) and not getattr(operation, "weights", ())
        return [_Value(tensor, stays, front) for tensor in keras.tree.flatten(operation(*args, **kwargs))]

    def _entry(self, tensor: Any) -> Any:
        """Return the input of the rest that a tensor of the trunk goes into."""
        if id(tensor) not in self.cuts:
            self.cuts[id(tensor)] = tensor, keras.Input(batch_shape=tensor.shape, dtype=tensor.dtype)
        return self.cuts[id(tensor)][1]

    def _is_fixed(self, operation: Any, in_front: bool) -> bool:
        """Tell whether an operation gives the same output for the same input in every epoch."""
        if self.after:
            return id(operation) not in self.after
        if not isinstance(operation, keras.layers.Layer):
            return True
        if isinstance(operation, FixedMode) and not operation.training:
            return not any(variable.trainable for variable in operation.trainable_variables)
        if is_random(operation) and not (self.augmentation and in_front):
            return False
        by_batch = any(
            isinstance(layer, keras.layers.BatchNormalization) and layer.trainable for layer in operation._flatten_layers()
        )
        return not by_batch and not any(variable.trainable for variable in operation.trainable_variables)


def is_random(layer: keras.layers.Layer) -> bool:
    """Tell whether a layer, or one in it, draws random numbers in training."""
    generators = (value for part in layer._flatten_layers() for value in vars(part).values())
    return any(isinstance(value, keras.random.SeedGenerator) for value in generators)


def _graph_of(model: keras.Model) -> Any:
    """Return the functional graph of a model.

    Raises:
        TypeError: If it has none.
    """
    graph = getattr(model, "_functional", None) or model  # of a Sequential
    if not hasattr(graph, "_nodes_by_depth"):
        raise TypeError(
            "`model` and the models in it must be functional or Sequential and built, so that their layers can be followed. "
            f"Received: model={model.name!r}, a {type(model).__name__}."
        )
    return graph
