"""Rules on what a loss and an output, or a loss and labels, may not be together. Facts in, words out."""

from __future__ import annotations

import numpy as np

from tlcourse.audit.data.collect import Labels
from tlcourse.audit.model.losses import LossKind
from tlcourse.audit.report import Severity

Verdict = tuple[Severity, str, str, str, str]
"""Severity, title, what was measured, why, fix."""


def against_outputs(kind: LossKind, outputs: np.ndarray, scale: str, activation: str, units: int) -> Verdict | None:
    """Say what is wrong between a loss and the outputs on a sample.

    Args:
        kind: Of the loss.
        outputs: `(examples, ..., units)`, in inference mode.
        scale: "probabilities", "logits" or "" where it cannot be told.
        activation: Name of the last activation, or "".
        units: Size of the last axis.
    """
    low, high = float(outputs.min()), float(outputs.max())
    if scale == "logits" and not kind.from_logits:
        ending = "a sigmoid" if kind.kind == "binary" else "a softmax"
        fix = f"Either end the model in {ending}, or say that it gives logits:\n"
        return (
            "serious",
            "The loss takes the model's raw scores for probabilities",
            f"The outputs lie between {low:.3g} and {high:.3g}, and {kind.name} with from_logits=False takes the logarithm of them.",
            "Scores below 0 and above 1 are cut off, so that most examples give no gradient or a wrong one.",
            fix + f"loss=keras.losses.{kind.class_name}(from_logits=True)",
        )
    if scale == "probabilities" and kind.from_logits:
        name = activation or "probability"
        return (
            "warning" if activation in ("softmax", "sigmoid") else "serious",
            f"The loss takes the model's {name} output for raw scores",
            f"The outputs lie between {low:.3g} and {high:.3g} after {name}; {kind.name} with from_logits=True puts another one on "
            "top.",
            "A softmax of a softmax is nearly flat: the loss cannot come near 0 and gradients are small. (Keras goes back to the "
            "scores where it still knows them, and only then.)",
            f"Take the activation off the last layer, or from_logits out of the loss:\nloss=keras.losses.{kind.class_name}()",
        )
    if units == 1 and (activation == "softmax" or (kind.kind != "binary" and outputs.ndim == 2)):
        return (
            "serious",
            "A softmax over one unit is always 1",
            f"The last layer has 1 unit, its activation is {activation or 'not seen'}, the loss {kind.name}.",
            "The prediction is the same for every example, and no gradient flows.",
            'Two classes with one unit need a sigmoid:\nkeras.layers.Dense(1, activation="sigmoid"), loss="binary_crossentropy"',
        )
    return None


def against_labels(kind: LossKind, labels: Labels, units: int, outputs: np.ndarray, activation: str) -> Verdict | None:
    """Say what is wrong between a loss and the encoding of the labels; outputs that are maps or sequences are left alone."""
    encoding = labels.encoding
    shape = (None, *labels.shape)
    if outputs.ndim > 2 or encoding == "dense":
        return None
    if not labels.whole and labels.dtype and not np.isfinite(labels.low):
        return (
            "serious",
            "Labels are text, but the loss takes numbers",
            f"The labels have dtype {labels.dtype}.",
            "fit() stops, or learns from something else than the classes.",
            "Number the classes: y = keras.layers.StringLookup(vocabulary=class_names, num_oov_indices=0)(y)",
        )
    if kind.kind == "sparse" and (encoding in ("multi-hot", "one-hot") and labels.shape != (1,)):
        return (
            "serious",
            "One-hot labels with a sparse loss",
            f"Labels have shape {shape}, and {kind.name} takes one class number an example.",
            "The loss reads the ones and zeros as class numbers, or stops.",
            'loss="categorical_crossentropy" for one-hot labels, or y = y.argmax(axis=1)',
        )
    if kind.kind == "sparse" and encoding == "continuous":
        return (
            "serious",
            "Labels are no class numbers",
            f"Labels of dtype {labels.dtype} lie between {labels.low:g} and {labels.high:g}; {kind.name} takes 0 to {units - 1}.",
            "Such labels are cut to whole numbers or give a loss of NaN.",
            "Number the classes from 0: y = np.unique(y, return_inverse=True)[1]",
        )
    if kind.kind == "categorical" and encoding == "integer" and units > 1:
        return (
            "serious",
            "Class numbers with a loss for one-hot labels",
            f"Labels have shape {shape} and values up to {labels.high:g}; {kind.name} takes {units} values an example.",
            "fit() stops, or compares every class with a number.",
            'loss="sparse_categorical_crossentropy"',
        )
    if kind.kind == "categorical" and encoding == "multi-hot":
        return (
            "warning",
            "Several labels an example with a loss for one",
            f"Rows of the labels do not sum to 1, and {kind.name} wants exactly one class an example.",
            "A softmax makes the classes compete, although several may be true.",
            'keras.layers.Dense(num_classes, activation="sigmoid"), loss="binary_crossentropy"',
        )
    if kind.kind == "binary" and (labels.low < 0 or labels.high > 1):
        return (
            "serious",
            "Labels outside 0 and 1 with a binary loss",
            f"Labels lie between {labels.low:g} and {labels.high:g}.",
            "The loss has no lower bound for such labels, and training runs away.",
            'For several classes: loss="sparse_categorical_crossentropy" and one unit a class; for -1 and 1: y = (y + 1) / 2',
        )
    if kind.kind == "binary" and activation == "softmax" and units > 2:
        return (
            "warning",
            "A binary loss on a softmax over several classes",
            f"{kind.name} is averaged over {units} units that sum to 1.",
            "Every class counts as a task of its own, so the loss is small from the start and hardly tells right from wrong.",
            'loss="categorical_crossentropy"',
        )
    return None
