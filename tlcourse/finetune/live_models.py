"""Find the compiled models that a layer is part of: the ones that a change of the layer reaches."""

from __future__ import annotations

import gc
from collections.abc import Iterable
from typing import Any


def compiled_models_with(layers: Iterable[Any]) -> list[Any]:
    """List the live compiled Keras models that contain one of `layers`.

    Keras keeps no link from a layer to the models around it, so the interpreter's live objects are searched (0.1 s in a
    process that runs TensorFlow). A learner unfreezes `backbone` and then fits the `model` around it: this finds `model`.

    Args:
        layers: Keras layers or models.

    Returns:
        Compiled `keras.Model` objects, a model that is itself among `layers` included.
    """
    import keras

    wanted = {id(layer) for layer in layers}
    # type() and not isinstance(): the latter would wake lazy proxy objects that other libraries keep around.
    models = [thing for thing in gc.get_objects() if issubclass(type(thing), keras.Model)]
    return [
        model
        for model in models
        if getattr(model, "compiled", False) and any(id(layer) in wanted for layer in model._flatten_layers())
    ]
