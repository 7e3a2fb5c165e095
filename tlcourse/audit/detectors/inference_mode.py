"""`inference-mode`: dropout or augmentation that is active at inference."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np

from tlcourse.audit.context import CannotCheckError, Context, ready
from tlcourse.audit.data.structures import to_numpy
from tlcourse.audit.detector import Detector
from tlcourse.audit.model.trace import Seen, first_run, random_layers, trace
from tlcourse.audit.report import Finding


def _check(context: Context) -> Iterator[Finding]:
    model = context.model
    if not model.built:
        raise CannotCheckError("The model has no weights yet.")
    yield from _asked_for_training(context)
    on_purpose = _held_in_training(model)
    watched = [layer for layer in random_layers(model) if id(layer) not in on_purpose]
    if not watched:
        return
    first = first_run(context)
    suspects = [layer for layer in watched if any(call.input_digest != call.output_digest for call in first.of(layer))]
    if not suspects:
        return
    second = trace(context, [], suspects)
    guilty = [layer for layer in suspects if _gave_two_answers(first.of(layer), second.of(layer))]
    if not guilty:
        return
    names = [layer.name for layer in guilty]
    spread = _spread(first.output, second.output)
    yield Finding(
        "inference-mode",
        "warning",
        f"Layers that change their input at random stay active at inference: {', '.join(names[:3])}",
        {
            "sentence": f"With training=False, {len(guilty)} of {len(watched)} random layers gave two outputs for one input, and two "
            f"predictions for the same examples differ by up to {spread:.3g}.",
            "layers": names,
            "largest_difference": spread,
        },
        "Validation scores and predictions are made on randomly changed values, so they differ from call to call.",
        "Let Keras choose the mode: call the layer without `training=True`, and put random operations in a Keras layer, not in a "
        "Lambda. (If Monte-Carlo dropout is intended, use tlcourse.finetune.FixedMode.)",
    )


def _asked_for_training(context: Context) -> Iterator[Finding]:
    """Find random layers of a functional model that are called with training=True: `predict()` overrides it, `model(x)` does not."""
    randoms = [layer for layer in random_layers(context.model) if not _trains_by_default(layer)]
    asked = [layer for layer in randoms if any(_says_training(node) for node in layer._inbound_nodes)]
    if not asked:
        return
    inputs = ready(context.model, context.sample_to_run().inputs)
    called, predicted = (_spread(*[to_numpy(run(inputs)) for _ in range(2)]) for run in (context.model, _as_predict(context)))
    if called == 0 or predicted > 0:
        return
    names = [layer.name for layer in asked]
    yield Finding(
        "inference-mode",
        "warning",
        f"{', '.join(names[:3])} is called with training=True: model(x) is random, predict() and evaluate() are not",
        {
            "sentence": f"Two calls of model(x) on the same examples differ by up to {called:.3g}. Run as predict() runs it, the model "
            "gives the same output twice.",
            "layers": names,
            "largest_difference": called,
        },
        "In a functional model, predict() and evaluate() override the argument. They measure the network without randomness, and "
        "model(x) answers with it. Repeated predictions, made to see how sure the model is, are all the same.",
        "Remove `training=True`. If Monte-Carlo dropout is intended, use a layer that ignores the mode:\n"
        "x = tlcourse.finetune.FixedMode(keras.layers.Dropout(0.5), training=True)(x)",
    )


def _trains_by_default(layer: Any) -> bool:
    """Tell whether training=True is the default of the layer, as in augmentation layers."""
    parameters = inspect.signature(layer.call).parameters
    return "training" in parameters and parameters["training"].default is True


def _says_training(node: Any) -> bool:
    return hasattr(node, "arguments") and node.arguments.kwargs.get("training") is True


def _as_predict(context: Context) -> Any:
    return lambda inputs: context.model(inputs, training=False)


def _held_in_training(model: Any) -> set[int]:
    """Return the ids of the layers that a wrapper keeps in training mode on purpose."""
    wrappers = [layer for layer in model._flatten_layers() if type(layer).__name__ == "FixedMode" and layer.training]
    return {id(inner) for wrapper in wrappers for inner in wrapper._flatten_layers()}


def _gave_two_answers(first: list[Seen], second: list[Seen]) -> bool:
    return any(
        one.input_digest is not None and one.input_digest == other.input_digest and one.output_digest != other.output_digest
        for one, other in zip(first, second, strict=False)
    )


def _spread(one: Any, other: Any) -> float:
    a, b = _first(one), _first(other)
    return float(np.max(np.abs(a - b))) if a.size and a.shape == b.shape else 0.0


def _first(output: Any) -> np.ndarray:
    while isinstance(output, (dict, list, tuple)) and len(output):
        output = next(iter(output.values())) if isinstance(output, dict) else output[0]
    return np.asarray(output)


DETECTOR = Detector(("inference-mode",), _check)
