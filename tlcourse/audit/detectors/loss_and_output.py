"""`loss-and-output`: loss, output and labels do not fit together."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.data.collect import Labels
from tlcourse.audit.detector import Detector
from tlcourse.audit.model.loss_rules import Verdict, against_labels, against_outputs
from tlcourse.audit.model.loss_setting import loss_setting
from tlcourse.audit.model.losses import LossKind, last_activation, output_scale
from tlcourse.audit.report import Finding

_ENOUGH_PER_CLASS = 5


def _check(context: Context) -> Iterator[Finding]:
    kind, outputs, labels = loss_setting(context)
    units = outputs.shape[-1]
    activation = last_activation(context.model)
    scale = output_scale(outputs, activation)
    shown = {"loss": kind.name, "from_logits": kind.from_logits, "units": units, "activation": activation or "not seen"}
    shown["labels"] = labels.encoding
    found = against_outputs(kind, outputs, scale, activation, units) or against_labels(kind, labels, units, outputs, activation)
    found = found or _beyond_units(kind, labels, units)
    if found is None and labels.encoding in ("integer", "one-hot") and outputs.ndim == 2:
        found = _units(context, kind, labels, units)
    if found is not None:
        severity, title, sentence, why, fix = found
        context.shared["loss_explained"] = True
        yield Finding("loss-and-output", severity, title, {"sentence": sentence, **shown}, why, fix)


def _beyond_units(kind: LossKind, labels: Labels, units: int) -> Verdict | None:
    """Find labels, of examples, pixels or tokens, that no unit stands for."""
    if kind.kind != "sparse" or not units <= labels.high < np.inf or kind.ignored == labels.high:
        return None
    mask = (labels.low, labels.high, units) == (0, 255, 2)
    return (
        "serious",
        "There are more classes than units",
        f"The highest label is {labels.high:g}, but {units} units number the classes 0 to {units - 1}.",
        "Labels without a unit stop fit(), or give a loss of NaN or a wrong one, depending on the device.",
        'y = (y == 255).astype("int32")  # masks of 0 and 255'
        if mask
        else f"Use {int(labels.high) + 1} units in the last layer, or number the classes from 0: y - y.min()",
    )


def _units(context: Context, kind: LossKind, labels: Labels, units: int) -> Verdict | None:
    """Compare the number of units with the classes of all splits."""
    if units == 1 or kind.kind == "binary":
        return None
    names = context.class_names
    seen = _classes_seen(context)
    if names is not None and len(names) != units:
        return (
            "warning",
            "The number of units is not the number of classes",
            f"There are {len(names)} class names, and {units} units.",
            "Units without a class take probability away from the others."
            if len(names) < units
            else "Classes without a unit cannot be predicted.",
            f"keras.layers.Dense({len(names)})",
        )
    count = context.count("train")
    if kind.kind == "sparse" and 0 < len(seen) == max(seen) + 1 < units and count >= _ENOUGH_PER_CLASS * units:
        return (
            "warning",
            "There are more units than classes",
            f"No label of {count} examples is above {max(seen)}, but the last layer has {units} units.",
            "Either the data lacks classes, or the spare units only cost weights and take probability away from the others.",
            f"keras.layers.Dense({len(seen)}), or find out why the data has only {len(seen)} classes",
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


DETECTOR = Detector(("loss-and-output",), _check)
