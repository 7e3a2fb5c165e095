"""Finding 5: loss, output and labels that disagree, and a loss far too high before the first step."""

from __future__ import annotations

from collections.abc import Iterator
from math import log
from typing import Any

import numpy as np

from tlcourse.audit.anatomy import backbone_part
from tlcourse.audit.collect import Labels
from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.detector import Detector
from tlcourse.audit.losses import LossKind, last_activation, loss_kind, output_scale
from tlcourse.audit.optimizers import steps_taken
from tlcourse.audit.preserve import values_kept
from tlcourse.audit.report import Finding
from tlcourse.audit.sources import leaves
from tlcourse.audit.trace import first_run

_ENOUGH_PER_CLASS = 5


def _setting(context: Context) -> tuple[LossKind, np.ndarray, Labels]:
    """Gather what both detectors look at: one output, one loss, one array of labels."""
    model = context.model
    if not getattr(model, "compiled", False) or getattr(model, "loss", None) is None:
        raise CannotCheckError("The model is not compiled with a loss.")
    kind = loss_kind(model.loss)
    if kind is None:
        raise CannotCheckError(f"The loss {_name(model.loss)} is no cross-entropy of Keras for one output.")
    labels = context.labels("train")
    if labels.encoding == "none":
        raise CannotCheckError("The train data has no single array of labels.")
    outputs = _single(first_run(context).output)
    if not isinstance(outputs, np.ndarray) or outputs.ndim < 2:
        raise CannotCheckError("The model has more than one output, or none with an axis of classes.")
    return kind, outputs, labels


def _single(outputs: Any) -> Any:
    """Open a structure with one output in it; lift half precision."""
    while isinstance(outputs, (dict, list, tuple)) and len(outputs) == 1:
        outputs = next(iter(outputs.values())) if isinstance(outputs, dict) else outputs[0]
    return outputs.astype("float32") if isinstance(outputs, np.ndarray) else outputs


def _check(context: Context) -> Iterator[Finding]:
    kind, outputs, labels = _setting(context)
    units = outputs.shape[-1]
    activation = last_activation(context.model)
    scale = output_scale(outputs, activation)
    shown = {"loss": kind.name, "from_logits": kind.from_logits, "units": units, "activation": activation or "not seen"}
    shown["labels"] = labels.encoding
    found = _logits(kind, outputs, scale, activation, units) or _labels(kind, labels, units, outputs, activation)
    if found is None and labels.encoding in ("integer", "one-hot") and outputs.ndim == 2:
        found = _units(context, kind, labels, units)
    if found is not None:
        severity, title, sentence, why, fix = found
        context.shared["loss_explained"] = True
        yield Finding("loss-and-output", severity, title, {"sentence": sentence, **shown}, why, fix)


def _logits(kind: LossKind, outputs: np.ndarray, scale: str, activation: str, units: int) -> Any:
    low, high = float(outputs.min()), float(outputs.max())
    if scale == "logits" and not kind.from_logits:
        fix = (
            "Either end the model in "
            + ("a sigmoid" if kind.kind == "binary" else "a softmax")
            + ", or say that it gives logits:\n"
        )
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


def _labels(kind: LossKind, labels: Labels, units: int, outputs: np.ndarray, activation: str) -> Any:
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


def _units(context: Context, kind: LossKind, labels: Labels, units: int) -> Any:
    """Compare the number of units with the classes of all splits."""
    if kind.kind == "sparse" and labels.high >= units:
        return (
            "serious",
            "There are more classes than units",
            f"The highest label is {labels.high:g}, but {units} units number the classes 0 to {units - 1}.",
            "Examples beyond the last unit give a loss of NaN or a wrong one, depending on the device.",
            f"keras.layers.Dense({int(labels.high) + 1}), or number the classes from 0: y - y.min()",
        )
    if units == 1 or kind.kind == "binary":
        return None
    names = context.class_names
    seen = _classes_seen(context)
    if names is not None and len(names) != units:
        return (
            "warning",
            "The number of units is not the number of classes",
            f"There are {len(names)} class names, and {units} units.",
            "Units without a class take probability away from the others; classes without a unit cannot be predicted.",
            f"keras.layers.Dense({len(names)})",
        )
    count = context.count("train")
    if kind.kind == "sparse" and 0 < len(seen) == max(seen) + 1 < units and count >= _ENOUGH_PER_CLASS * units:
        return (
            "warning",
            "There are more units than classes",
            f"No label of {count} examples is above {max(seen)}, but the last layer has {units} units.",
            "Units that no example belongs to cost probability and weights, and the baseline 1/units is wrong. Or the data lacks "
            "classes.",
            f"keras.layers.Dense({len(seen)}), or look why the data has only {len(seen)} classes",
        )
    return None


def _classes_seen(context: Context) -> set[int]:
    seen: set[int] = set()
    for name in context.splits:
        try:
            classes = context.labels(name).classes
        except CannotCheckError:
            continue
        if classes is not None:
            seen |= {int(value) for value in np.unique(classes)}
    return seen


def _check_initial(context: Context) -> Iterator[Finding]:
    kind, outputs, _ = _setting(context)
    if context.shared.get("loss_explained"):
        raise CannotCheckError("Loss and output disagree, so the value of the loss says nothing more.")
    if steps_taken(context.model):
        raise CannotCheckError("The model has been trained already, so its loss at the start is gone.")
    if not np.isfinite(outputs).all():
        yield Finding(
            "initial-loss",
            "serious",
            "The model's output is no number before the first step",
            {
                "sentence": f"{int((~np.isfinite(outputs)).sum())} of {outputs.size} outputs on training examples are NaN or infinite.",
                "not_finite": int((~np.isfinite(outputs)).sum()),
                "outputs": outputs.size,
            },
            "Every loss and every gradient will be NaN.",
            "Look at the input first: np.isnan(x).sum(), x.min(), x.max()",
        )
        return
    value = _loss(context, kind, outputs)
    classes = 2 if kind.kind == "binary" else outputs.shape[-1]
    expected = log(max(2, classes))
    limit = max(4 * expected, expected + 6) * _allowance(context)
    if value > limit:  # fresh BatchNorm layers normalise in training only: what counts is the loss that fit() begins with
        with values_kept(context.model.variables):
            value = min(value, _loss(context, kind, _single(context.forward(context.sample_to_run().inputs, training=True))))
    if np.isfinite(value) and value <= limit:
        return
    yield Finding(
        "initial-loss",
        "warning",
        f"Before the first step the loss is {value:.3g}; guessing would give {expected:.3g}",
        {
            "sentence": f"A model that knows nothing should start at log({classes}) = {expected:.3g}. Outputs lie between "
            f"{outputs.min():.3g} and {outputs.max():.3g}.",
            "initial_loss": value,
            "log_classes": expected,
            "classes": classes,
        },
        "The model is surely wrong about nearly everything: inputs or features are badly scaled, or labels and loss disagree.",
        "Look at the scale of what enters the last layer, and at the labels. Features far from 1 can be normalised:\n"
        "x = keras.layers.BatchNormalization()(x)  # before the last Dense layer",
    )


def _loss(context: Context, kind: LossKind, outputs: np.ndarray) -> float:
    """Compute the mean loss of the train sample."""
    truth = np.asarray(leaves(context.sample_to_run().labels)[0][1])
    truth = truth.reshape(outputs.shape) if outputs.shape[-1] == 1 else truth
    try:
        return float(np.mean(np.asarray(kind.function(truth, outputs))))
    except Exception as error:
        raise CannotCheckError(f"The loss could not be computed on a batch: {type(error).__name__}: {error}") from error


def _allowance(context: Context) -> int:
    """Features of networks trained on unscaled pixels are large by nature, and so is the first loss on top of them."""
    try:
        part = backbone_part(context)
    except CannotCheckError:
        return 1
    return 20 if part is not None and part.family is not None and part.family.mode == "caffe" else 1


def _name(loss: Any) -> str:
    return repr(loss) if isinstance(loss, (str, list, dict)) else getattr(loss, "__name__", type(loss).__name__)


DETECTORS = (Detector(("loss-and-output",), _check), Detector(("initial-loss",), _check_initial))
