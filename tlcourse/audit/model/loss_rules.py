"""Rules for what does not fit together: a loss and outputs, or a loss and labels. Facts go in, words come out."""

from __future__ import annotations

import numpy as np

from tlcourse.audit.data.collect import Labels
from tlcourse.audit.model.losses import LossKind
from tlcourse.audit.report import Severity

Verdict = tuple[Severity, str, str, str, str]
"""Severity, title, what was measured, why it matters, fix."""


def against_outputs(kind: LossKind, outputs: np.ndarray, scale: str, activation: str, units: int) -> Verdict | None:
    """Say what is wrong between a loss and the outputs for a sample; None if nothing is.

    Args:
        kind: What the loss expects.
        outputs: `(examples, ..., units)`, in inference mode.
        scale: "probabilities", "logits", or "" if it is not known.
        activation: Name of the last activation, or "".
        units: Size of the last axis.
    """
    low, high = float(outputs.min()), float(outputs.max())
    if scale == "logits" and not kind.from_logits:
        ending = "a sigmoid" if kind.kind == "binary" else "a softmax"
        fix = f"Either end the model with {ending}, or state that it outputs logits:\n"
        return (
            "serious",
            "The loss expects probabilities, but the model outputs raw scores (logits)",
            f"The outputs lie between {low:.3g} and {high:.3g}, and {kind.name} with from_logits=False takes their logarithm.",
            "Scores below 0 and above 1 are cut off before the logarithm, so these give no gradient or a wrong one.",
            fix + f"loss=keras.losses.{kind.class_name}(from_logits=True)",
        )
    if scale == "probabilities" and kind.from_logits:
        name = f"{activation} values" if activation else "probabilities"
        return (
            "warning" if activation in ("softmax", "sigmoid") else "serious",
            f"The loss expects raw scores (logits), but the model outputs {name}",
            f"The outputs lie between {low:.3g} and {high:.3g}, and {kind.name} with from_logits=True applies another "
            f"{'sigmoid' if kind.kind == 'binary' else 'softmax'} to them.",
            "Applied twice, it gives nearly equal probabilities: the loss cannot come near 0 and gradients are small. (Keras avoids "
            "this only if it still knows the scores before the activation.)",
            f"Remove the activation of the last layer, or from_logits from the loss:\nloss=keras.losses.{kind.class_name}()",
        )
    if units == 1 and (activation == "softmax" or (kind.kind != "binary" and outputs.ndim == 2)):
        return (
            "serious",
            "A softmax over one unit is always 1",
            f"The last layer has 1 unit, its activation is {activation or 'not known'}, and the loss is {kind.name}.",
            "The prediction is the same for every example, and the gradient is 0.",
            'Two classes with one unit need a sigmoid:\nkeras.layers.Dense(1, activation="sigmoid"), loss="binary_crossentropy"',
        )
    return None


def against_labels(kind: LossKind, labels: Labels, units: int, outputs: np.ndarray, activation: str) -> Verdict | None:
    """Say what is wrong between a loss and the labels; None if nothing is. Maps and sequences are compared by their range only."""
    encoding = labels.encoding
    shape = (None, *labels.shape)
    if kind.kind == "binary" and np.isfinite(labels.low) and (labels.low < 0 or labels.high > 1):
        return (
            "serious",
            "Labels outside 0 and 1 with a binary loss",
            f"Labels lie between {labels.low:g} and {labels.high:g}.",
            "The loss weights such labels by their size and can become negative. It no longer says how far the outputs are from the truth.",
            "y = y / 255  # masks of 0 and 255"
            if (labels.low, labels.high) == (0, 255)
            else "y = (y + 1) / 2  # labels -1 and 1"
            if (labels.low, labels.high) == (-1, 1)
            else 'For several classes, one unit per class and loss="sparse_categorical_crossentropy"',
        )
    if outputs.ndim > 2 or encoding == "dense":
        return None
    if not labels.whole and labels.dtype and not np.isfinite(labels.low):
        return (
            "serious",
            "Labels are text, but the loss takes numbers",
            f"The labels have dtype {labels.dtype}.",
            "fit() stops, or learns something other than the classes.",
            "Number the classes: y = keras.layers.StringLookup(vocabulary=class_names, num_oov_indices=0)(y)",
        )
    if kind.kind == "sparse" and (encoding in ("multi-hot", "one-hot") and labels.shape != (1,)):
        return (
            "serious",
            "One-hot labels with a sparse loss",
            f"Labels have shape {shape}, and {kind.name} takes one class number per example.",
            "The loss takes the ones and zeros for class numbers, or stops.",
            'loss="categorical_crossentropy" for one-hot labels, or y = y.argmax(axis=1)',
        )
    if kind.kind == "sparse" and encoding == "continuous":
        return (
            "serious",
            "Labels are not class numbers",
            f"Labels of dtype {labels.dtype} lie between {labels.low:g} and {labels.high:g}; {kind.name} takes 0 to {units - 1}.",
            "Such labels are truncated to whole numbers or give a loss of NaN.",
            "Number the classes from 0: y = np.unique(y, return_inverse=True)[1]",
        )
    if kind.kind == "categorical" and encoding == "integer" and units > 1:
        return (
            "serious",
            "Class numbers with a loss for one-hot labels",
            f"Labels have shape {shape} and values up to {labels.high:g}; {kind.name} takes {units} values per example.",
            "fit() stops, or compares each output with a class number.",
            'loss="sparse_categorical_crossentropy"',
        )
    if kind.kind == "categorical" and encoding == "multi-hot":
        return (
            "warning",
            "Several labels per example with a loss for one",
            f"Rows of the labels do not sum to 1, and {kind.name} expects exactly one class per example.",
            "A softmax lets classes compete, although several can be true at once.",
            'keras.layers.Dense(num_classes, activation="sigmoid"), loss="binary_crossentropy"',
        )
    if kind.kind == "binary" and activation == "softmax" and units > 2:
        return (
            "warning",
            "A binary loss on a softmax over several classes",
            f"{kind.name} is averaged over {units} units that sum to 1.",
            "Each class counts as a separate yes-or-no question, so the loss is small from the start and says little about the answer.",
            'loss="categorical_crossentropy"',
        )
    return None
