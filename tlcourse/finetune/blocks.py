"""The layers of any Keras model in forward order, grouped into blocks to freeze by.

A *unit* is a layer that is no container of models: a convolution, a normalisation, a custom layer with everything inside it.
"""

from __future__ import annotations

import difflib

import keras


def units_of(model: keras.Model) -> list[keras.layers.Layer]:
    """List the units of `model` in forward order, going into nested models, each layer once.

    Args:
        model: A flat, nested, Sequential or subclassed model.

    Returns:
        Layers from the input side to the output side. Input placeholders are left out.
    """
    units: list[keras.layers.Layer] = []
    seen: set[int] = set()

    def visit(layer: keras.layers.Layer) -> None:
        if id(layer) in seen or isinstance(layer, keras.layers.InputLayer):
            return
        seen.add(id(layer))
        if not is_container(layer):
            units.append(layer)
            return
        for child in children_of(layer):
            visit(child)

    visit(model)
    return units


def children_of(layer: keras.layers.Layer) -> list[keras.layers.Layer]:
    """List the direct sublayers of a model or of a composite layer."""
    return layer.layers if isinstance(layer, keras.Model) else layer._flatten_layers(include_self=False, recursive=False)


def is_container(layer: keras.layers.Layer) -> bool:
    """Tell whether `layer` is a model or a wrapper around one, such as `TimeDistributed(backbone)`."""
    return any(isinstance(inner, keras.Model) for inner in layer._flatten_layers(include_self=True))


def batchnorms_in(layer: keras.layers.Layer) -> list[keras.layers.BatchNormalization]:
    """List the BatchNormalization layers in `layer`, itself included, at any depth."""
    return [inner for inner in layer._flatten_layers() if isinstance(inner, keras.layers.BatchNormalization)]


def blocks(model: keras.Model) -> dict[str, list[keras.layers.Layer]]:
    """Group the units of `model` into named blocks from early to late.

    A backbone's own blocks come from `tlcourse.backbones.blocks_of`. Layers that no block names (a head, a model that the
    registry does not know) are blocks of their own, under their layer's name.

    Args:
        model: A flat, nested, Sequential or subclassed model.

    Returns:
        Block name -> layers in forward order. Together the blocks hold every unit exactly once.
    """
    block_of_layer: dict[int, str] = {}
    parts = [layer for layer in model._flatten_layers() if isinstance(layer, keras.Model)]
    for part in reversed(parts):  # a nested backbone before the model around it
        for name, layers in _known_blocks(part).items():
            for inner in (unit for layer in layers for unit in layer._flatten_layers()):
                block_of_layer.setdefault(id(inner), name)

    grouped: dict[str, list[keras.layers.Layer]] = {}
    for unit in units_of(model):
        name = block_of_layer.get(id(unit), unit.name)
        if id(unit) not in block_of_layer:
            name = _unused(name, grouped)
        grouped.setdefault(name, []).append(unit)
    return grouped


def locate(model: keras.Model, where: str | int, argument: str) -> tuple[int, int]:
    """Find the first and the last unit that `where` names.

    Args:
        model: The model to search.
        where: Name of a block, name of a layer, beginning of the names of a group of layers (`"conv4"` for
            `conv4_block1_1_conv` and its neighbours), or the index of a block (negative: from the end).
        argument: Name of the caller's argument, for the error.

    Returns:
        `(first, last)`, indices into `units_of(model)`, both included.

    Raises:
        ValueError: If nothing has that name. The message lists the blocks.
        TypeError: If `where` is neither text nor a whole number.
    """
    grouped = blocks(model)
    units = units_of(model)
    if isinstance(where, bool) or not isinstance(where, (str, int)):
        raise TypeError(
            f"`{argument}` must name a block or a layer, or be the index of a block. Received: {argument}={where!r}."
        )
    if isinstance(where, int):
        if not -len(grouped) <= where < len(grouped):
            raise ValueError(f"`{argument}` must be from {-len(grouped)} to {len(grouped) - 1}. Received: {argument}={where}.")
        found = list(grouped.values())[where]
    else:
        found = grouped.get(where) or [unit for unit in units if unit.name == where] or _nested(model, where)
        found = found or [unit for unit in units if unit.name.startswith(where.rstrip("_") + "_")]
    if not found:
        close = difflib.get_close_matches(str(where), [*grouped, *(unit.name for unit in units)], n=3)
        hint = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
        raise ValueError(
            f"Model {model.name!r} has no block and no layer of this name.{hint} "
            f"Blocks, from early to late: {', '.join(grouped)}. Received: {argument}={where!r}."
        )
    positions = [index for index, unit in enumerate(units) if any(unit is layer for layer in found)]
    return min(positions), max(positions)


def _nested(model: keras.Model, name: str) -> list[keras.layers.Layer]:
    """List the units of the nested model called `name`, so that a whole backbone can be named."""
    for layer in children_of(model):
        if is_container(layer):
            if layer.name == name:
                return units_of(layer)
            if inner := _nested(layer, name):
                return inner
    return []


def _known_blocks(model: keras.Model) -> dict[str, list[keras.layers.Layer]]:
    """Ask the registry of backbones for the blocks of `model`; a model it does not know has none."""
    from tlcourse.backbones import blocks_of

    try:
        return blocks_of(model)
    except ValueError:
        return {}


def _unused(name: str, taken: dict[str, list[keras.layers.Layer]]) -> str:
    """Number `name` where two layers of different models share it."""
    count, candidate = 1, name
    while candidate in taken:
        count += 1
        candidate = f"{name} ({count})"
    return candidate
