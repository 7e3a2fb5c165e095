"""Find the pretrained part of a model: named by the caller, or recognised by its layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.model.families import Family, recognise


@dataclass(frozen=True)
class Part:
    """The backbone inside a model.

    Args:
        name: Name of the part, for messages.
        layer: The nested model or layer; None if its layers belong directly to the model.
        units: Its layers in forward order, with containers opened.
        family: Its architecture, if it is a known one.
        named: Whether the caller named it as the backbone.
    """

    name: str
    layer: Any
    units: tuple[Any, ...]
    family: Family | None
    named: bool

    @property
    def stem(self) -> Any:
        """The first layer with weights, whose input range is known for the family; None for unknown architectures."""
        if self.family is None:
            return None
        import keras

        if self.family.name == "convnext":
            return next((unit for unit in self.units if unit.name.endswith("prestem_normalization")), None)
        for index, unit in enumerate(self.units):
            if unit.name == self.family.stem or (not self.family.stem and isinstance(unit, keras.layers.Conv2D)):
                before = self.units[max(0, index - 3) : index]
                return next((u for u in before if type(u).__name__ == "Normalization"), unit)
        return None

    @property
    def kernels(self) -> list[Any]:
        """Variables that gradients can move, without the scales and offsets of BatchNorm layers."""
        from tlcourse.finetune.summary import weights_of

        return [v for unit in self.units if not is_batchnorm(unit) for v in weights_of(unit)]

    @property
    def batchnorms(self) -> list[Any]:
        """BatchNorm layers at any depth."""
        from tlcourse.finetune.blocks import batchnorms_in

        return [layer for unit in self.units for layer in batchnorms_in(unit)]


def backbone_part(context: Context) -> Part | None:
    """Find the pretrained part once for all detectors; see `find_part`."""
    return context.once("part", lambda: find_part(context))


def find_part(context: Context) -> Part | None:
    """Return the pretrained part: named by the caller, a known architecture, the largest nested model, or the frozen beginning.

    Returns:
        The part; None if the model has nothing that could be a backbone.

    Raises:
        CannotCheckError: If the model has no weights, or does not hold the layer that the caller named.
    """
    from tlcourse.finetune.blocks import units_of

    model = context.model
    if not model.built:
        raise CannotCheckError(
            f"Model {model.name!r} has no weights yet. Call it on a batch, or call model.build(input_shape)."
        )
    if context.backbone is not None:
        return _named(model, context.backbone)
    nested = [(layer, units_of(layer)) for layer in _containers(model)]
    known = [(layer, units, family) for layer, units in nested if (family := recognise(units))]
    if known:
        layer, units, family = max(known, key=lambda row: _parameters(row[1]))
        return Part(layer.name, layer, _without_head(units, family), family, False)
    units = units_of(model)
    if family := recognise(units):
        return Part(family.name, None, _slice(units, family), family, False)
    total = _parameters(units)
    opaque = [(unit, [unit]) for unit in units if type(unit).__name__ in ("HubLayer", "TFSMLayer", "KerasLayer")]
    large = [
        (layer, inner) for layer, inner in [*nested, *opaque] if _is_encoder(layer, inner) and _parameters(inner) >= total / 2
    ]
    if large:
        layer, inner = max(large, key=lambda row: _parameters(row[1]))
        return Part(layer.name, layer, tuple(inner), None, False)
    return _frozen_beginning(units)


def head_units(context: Context, part: Part) -> list[Any]:
    """List the units with weights that are not in `part`."""
    from tlcourse.finetune.blocks import units_of

    inside = {id(unit) for unit in part.units}
    return [unit for unit in units_of(context.model) if id(unit) not in inside and unit.weights]


def is_batchnorm(layer: Any) -> bool:
    """Tell whether `layer` is a BatchNormalization layer."""
    import keras

    return isinstance(layer, keras.layers.BatchNormalization)


def _named(model: Any, backbone: Any) -> Part:
    from tlcourse.finetune.blocks import units_of

    everything = list(model._flatten_layers())
    if isinstance(backbone, str):
        found = [layer for layer in everything if layer.name == backbone and layer is not model]
        if not found:
            raise CannotCheckError(f"The model has no layer of this name. Received: backbone={backbone!r}.")
        backbone = found[0]
    units = units_of(backbone)
    inside = {id(layer) for layer in everything}
    shared = [unit for unit in units if id(unit) in inside]
    if not shared:
        raise CannotCheckError(
            f"The layers of backbone={getattr(backbone, 'name', backbone)!r} are not in the model. A copy is another network: "
            "pass the layer itself, or its name."
        )
    nested = backbone if id(backbone) in inside and backbone is not model else None
    return Part(backbone.name, nested, tuple(shared), recognise(shared), True)


def _containers(model: Any) -> list[Any]:
    """List the models inside `model`, at any depth, and the functional part of a subclassed one."""
    import keras

    return [layer for layer in model._flatten_layers(include_self=False) if isinstance(layer, keras.Model)]


def _slice(units: Sequence[Any], family: Family) -> tuple[Any, ...]:
    """Cut a known architecture out of a flat model: from its own normalisation and stem to its last layer."""
    names = [unit.name for unit in units]
    mine = [i for i, name in enumerate(names) if name.startswith(family.last) or name in family.signature]
    first = names.index(family.stem) if family.stem in names else min(mine)
    if not family.stem:
        first = next((i for i, unit in enumerate(units) if type(unit).__name__ == "Conv2D"), first)
    while first and type(units[first - 1]).__name__ in ("Normalization", "Rescaling", "ZeroPadding2D"):
        first -= 1
    # Names of head layers can begin like those of the backbone ("conv_head"): only layers before the first Dense layer count.
    ends = [i for i, unit in enumerate(units) if i > first and _is_head_start(unit, family)]
    end = min(ends, default=len(units))
    return tuple(units[first : max([i for i in mine if i < end] or [first]) + 1])


def _without_head(units: Sequence[Any], family: Family) -> tuple[Any, ...]:
    """Remove a head that is inside the nested model."""
    end = next((i for i, unit in enumerate(units) if _is_head_start(unit, family)), len(units))
    return tuple(units[:end])


def _is_head_start(unit: Any, family: Family) -> bool:
    """Tell whether a head begins at this layer. ConvNeXt has Dense layers inside, and squeeze-and-excitation blocks pool inside."""
    kind = type(unit).__name__
    if kind == "Dense":
        return family.name != "convnext"
    return kind == "Flatten" or (kind.startswith("Global") and "squeeze" not in unit.name)


def _frozen_beginning(units: Sequence[Any]) -> Part | None:
    """Take everything up to the last frozen layer as the pretrained part, if trainable layers follow it."""
    from tlcourse.finetune.summary import weights_of

    frozen = [i for i, unit in enumerate(units) if (own := weights_of(unit)) and not any(v.trainable for v in own)]
    training = [i for i, unit in enumerate(units) if any(v.trainable for v in weights_of(unit))]
    if not frozen or not training or max(training) < max(frozen):
        return None
    return Part("the frozen layers", None, tuple(units[: max(frozen) + 1]), None, False)


def _is_encoder(layer: Any, units: Sequence[Any]) -> bool:
    """Tell whether this could be a backbone: by the number of its layers with weights, by its name, or because it is one opaque layer."""
    called_so = any(word in layer.name.lower() for word in ("backbone", "base", "encoder", "pretrained", "extractor"))
    with_weights = sum(bool(unit.weights) for unit in units)
    return with_weights >= 4 or (with_weights > 0 and called_so) or (len(units) == 1 and units[0] is layer)


def _parameters(units: Sequence[Any]) -> int:
    return sum(prod(variable.shape) for unit in units for variable in unit.weights)
