"""Contrastive training: is a model trained so, which of its layers are the projector, and which layers of a step saw one tensor twice."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

_WORDS = re.compile(r"contrast|nt_?xent|info_?nce|sim_?clr|sim_?siam|byol|moco|barlow|vic_?reg|dino|swav", re.IGNORECASE)
_OTHER_HEADS = re.compile(r"class|probe|linear|logit|predict", re.IGNORECASE)
_AUGMENTS = ("Random", "CutMix", "MixUp", "AugMix", "RandAugment")
_HEAD_LAYERS = ("Dense", "BatchNormalization", "LayerNormalization", "Activation", "ReLU", "LeakyReLU", "Dropout", "InputLayer")


def is_contrastive(model: Any) -> bool:
    """Tell whether names of the model, of its methods or of its loss say that it is trained with a contrastive loss."""
    loss = getattr(model, "loss", None)
    names = [model.name, type(model).__name__, getattr(loss, "name", ""), getattr(loss, "__name__", ""), type(loss).__name__]
    names += [
        name for part in type(model).__mro__ if not part.__module__.startswith(("keras", "tensorflow")) for name in vars(part)
    ]
    return any(isinstance(name, str) and _WORDS.search(name) for name in names)


def projector_layers(model: Any) -> tuple[tuple[Any, ...], str] | None:
    """Return the layers of the projector of a contrastive model, and its name; None if none can be told apart from the encoder."""
    named = [
        (name, part)
        for name, part in _children(model)
        if re.search("proj", f"{name} {part.name}", re.IGNORECASE) and part.weights
    ]
    heads = [(name, part) for name, part in named if _is_head(part)]
    if heads:
        return (heads[-1][1],), heads[-1][0]
    parts = [part for part in getattr(model, "layers", []) if part.weights]
    if not getattr(model, "_is_graph_network", False) and type(model).__name__ not in ("Sequential", "Functional"):
        loose = [
            (name, part) for name, part in _children(model) if part.weights and _is_head(part) and not _OTHER_HEADS.search(name)
        ]
        return ((loose[0][1],), loose[0][0]) if len(loose) == 1 and len(parts) > 1 else None
    last: list[Any] = []
    for part in reversed(parts):
        if not _is_head(part):
            break
        last.insert(0, part)
    return (tuple(last), last[0].name) if last and len(last) < len(parts) else None


def augmenting_layers(model: Any) -> list[Any]:
    """Return the layers of a model that change images at random."""
    return [layer for layer in model._flatten_layers(include_self=False) if type(layer).__name__.startswith(_AUGMENTS)]


def called_twice(calls: Sequence[tuple[Any, int, Any]], model: Any) -> tuple[Any, int] | None:
    """Find a part of the model that one training step calls twice on one and the same tensor.

    Args:
        calls: `(layer, identity of its input, shape of its output)` in the order of the calls.
        model: The model that was trained.

    Returns:
        The part and the size of its output, or None. Parts that draw random numbers and parts with small outputs, such as the
        discriminator of a GAN, are left out: they may be called twice for a reason.
    """
    parts = {id(part): part for part in getattr(model, "layers", []) if part.weights}
    seen: set[tuple[int, int]] = set()
    for layer, tensor, shape in calls:
        key = (id(layer), tensor)
        embeds = shape is not None and len(shape) == 2 and (shape[-1] or 0) >= 8
        if id(layer) in parts and key in seen and embeds and not any(_draws(inner) for inner in layer._flatten_layers()):
            return layer, int(shape[-1])
        seen.add(key)
    return None


def _draws(layer: Any) -> bool:
    name = type(layer).__name__
    return name.startswith((*_AUGMENTS, "Gaussian")) or (
        name.endswith(("Dropout", "Dropout1D", "Dropout2D")) and getattr(layer, "rate", 1) > 0
    )


def _children(model: Any) -> list[tuple[str, Any]]:
    """List the parts of a model with their names: those of the attributes that hold them, where there are some."""
    attributes = {id(value): name for name, value in vars(model).items() if hasattr(value, "_flatten_layers")}
    return [(attributes.get(id(part), part.name), part) for part in getattr(model, "layers", [])]


def _is_head(part: Any) -> bool:
    inner = [layer for layer in part._flatten_layers() if not getattr(layer, "layers", None)]
    return any(type(layer).__name__ == "Dense" for layer in inner) and all(
        type(layer).__name__ in _HEAD_LAYERS for layer in inner
    )
