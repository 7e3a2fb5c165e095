"""Finding 5: loss, output and labels that disagree, and a loss far too high before the first step."""

from __future__ import annotations

from collections.abc import Iterator
from math import log
from typing import Any

import numpy as np

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.data.collect import Labels
from tlcourse.audit.data.structures import leaves
from tlcourse.audit.detector import Detector
from tlcourse.audit.model.anatomy import backbone_part
from tlcourse.audit.model.loss_rules import Verdict, against_labels, against_outputs
from tlcourse.audit.model.losses import LossKind, last_activation, loss_kind, output_scale
from tlcourse.audit.model.optimizers import steps_taken
from tlcourse.audit.model.preserve import values_kept
from tlcourse.audit.model.trace import first_run
from tlcourse.audit.report import Finding

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
    found = against_outputs(kind, outputs, scale, activation, units) or against_labels(kind, labels, units, outputs, activation)
    if found is None and labels.encoding in ("integer", "one-hot") and outputs.ndim == 2:
        found = _units(context, kind, labels, units)
    if found is not None:
        severity, title, sentence, why, fix = found
        context.shared["loss_explained"] = True
        yield Finding("loss-and-output", severity, title, {"sentence": sentence, **shown}, why, fix)


def _units(context: Context, kind: LossKind, labels: Labels, units: int) -> Verdict | None:
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
