"""`identical-views`: the two views of a pair are the same image, because the augmentation stands outside the pair."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.data.structures import leaves
from tlcourse.audit.detector import Detector
from tlcourse.audit.model.contrast import augmenting_layers, called_twice, is_contrastive
from tlcourse.audit.model.trace import first_run
from tlcourse.audit.report import Finding, NotChecked

_FEWEST_VALUES = 16
_WHY = (
    "Two equal views have equal embeddings from the first step on. The encoder need not learn what two views of one image share, "
    "and its loss falls although its features are hardly better than random ones."
)


def _check(context: Context) -> Iterator[Finding | NotChecked]:
    import keras

    own_step = type(context.model).train_step is not keras.Model.train_step
    found = _equal_pair(context)
    if found is None:
        if own_step and context.trail is None and is_contrastive(context.model):
            yield NotChecked(
                "identical-views",
                "The model makes its views in its own train_step. `tlcourse doctor` sees it run in a program.",
            )
        return
    first, second, count = found
    augmenting = augmenting_layers(context.model)
    if augmenting:
        if context.trail is None or not own_step:
            yield NotChecked(
                "identical-views",
                f"Both views are the same image, and {augmenting[0].name!r} inside the model may make them differ.",
            )
        return
    yield Finding(
        "identical-views",
        "serious",
        "The two views of every pair are the same image",
        {
            "sentence": f"In {count} of {count} pairs of the train sample, {first} and {second} are equal to the bit.",
            "equal_pairs": count,
            "pairs": count,
        },
        _WHY,
        "Draw the random changes once for each view, inside the pair:\n"
        "pairs = images.map(lambda x: (augment(x), augment(x)))\n"
        "Do not change the image first and pair it with itself: `x = augment(x); (x, x)`.",
    )


def from_calls(calls: Sequence[tuple[Any, int, Any]], model: Any) -> Finding | None:
    """Return the finding for a training step that passes one tensor twice through the same encoder; None if it does not."""
    import keras

    if type(model).train_step is keras.Model.train_step or (found := called_twice(calls, model)) is None:
        return None
    part, size = found
    return Finding(
        "identical-views",
        "serious",
        f"train_step passes the same images twice through {part.name!r}",
        {
            "sentence": f"In one training step, {part.name!r} was called twice with one and the same tensor, and nothing in it is random: "
            f"both embeddings of size {size} are equal.",
            "calls": 2,
        },
        _WHY,
        "Augment once for each view:\n"
        f"first, second = self.{part.name}(self.augment(images)), self.{part.name}(self.augment(images))",
    )


def _equal_pair(context: Context) -> tuple[str, str, int] | None:
    """Return the names of two arrays of the data that hold the same examples, where they should be two views; None otherwise."""
    sample = context.sample("train")
    inputs = [(f"input {name or 0!r}", leaf) for name, leaf in leaves(sample.inputs) if _can_be_view(leaf)]
    labels = [("the second element", leaf) for _, leaf in leaves(sample.labels) if _can_be_view(leaf)]
    for (first, one), (second, other) in combinations([*inputs, *labels], 2):
        if one.shape != other.shape or not np.array_equal(one, other) or not one.reshape(len(one), -1).std(axis=1).all():
            continue
        with_labels = second == "the second element"
        if with_labels and _reconstructs(context, one.shape[1:]):
            return None
        if not with_labels and _learns_labels(context):
            return None  # two branches over one input
        return first, second, len(one)
    return None


def _can_be_view(leaf: Any) -> bool:
    return isinstance(leaf, np.ndarray) and leaf.dtype.kind in "fiu" and leaf[:1].size >= _FEWEST_VALUES


def _reconstructs(context: Context, shape: tuple[int, ...]) -> bool:
    """Tell whether the model gives back what it gets, as an autoencoder does."""
    try:
        return any(np.shape(leaf)[1:] == shape for _, leaf in leaves(first_run(context).output))
    except CannotCheckError:
        for layer in context.model._flatten_layers(include_self=False):
            if layer.weights and tuple(getattr(layer, "output_shape", None) or _output_shape(layer))[1:] == shape:
                return True
        return not is_contrastive(context.model)


def _output_shape(layer: Any) -> tuple[Any, ...]:
    try:
        return tuple(layer.output.shape)
    except (AttributeError, ValueError):
        return ()


def _learns_labels(context: Context) -> bool:
    """Tell whether the model learns labels with a loss of Keras: equal inputs then feed two branches on purpose."""
    import keras

    loss = getattr(context.model, "loss", None)
    builtin = (
        isinstance(loss, str)
        or getattr(type(loss), "__module__", "").startswith("keras")
        or (getattr(loss, "__module__", "") or "").startswith("keras")
    )
    return loss is not None and builtin and type(context.model).train_step is keras.Model.train_step


DETECTOR = Detector(("identical-views",), _check)
