"""`imbalance`: one class is far more frequent than another, and nothing measures or weights the minority classes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.data.balance import class_counts, imbalance
from tlcourse.audit.detector import Detector
from tlcourse.audit.model.task import MOST_CLASSES, called, has_weights, is_classifier, metric_names
from tlcourse.audit.report import Finding

_LARGEST_SHARE = 0.8
_LARGEST_RATIO = 10.0
_PLAIN_METRICS = ("accuracy", "acc", "binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy")


def _check(context: Context) -> Iterator[Finding]:
    classes = context.labels("train").classes
    if classes is None:
        raise CannotCheckError("The labels are not one class for each example.")
    counts = class_counts(classes)
    if not is_classifier(context) or not 2 <= np.count_nonzero(counts) <= MOST_CLASSES:
        return
    share, ratio = imbalance(counts)
    if (share < _LARGEST_SHARE and ratio < _LARGEST_RATIO) or ratio < 3 or has_weights(context):
        return
    metrics = metric_names(context.model)
    if metrics is not None and any(name not in _PLAIN_METRICS and "loss" not in name for name in metrics):
        return  # one of the metrics sees the minority classes
    largest, smallest = int(counts.argmax()), int(np.flatnonzero(counts)[counts[counts > 0].argmin()])
    weights = counts.sum() / (np.count_nonzero(counts) * np.maximum(counts, 1))
    shown = {int(label): round(float(weights[label]), 2) for label in np.flatnonzero(counts)[:8]}
    title = f"{called(context, [largest])} is {ratio:.0f} times as frequent as {called(context, [smallest])}"
    yield Finding(
        "imbalance",
        "warning",
        title[0].upper() + title[1:],
        {
            "sentence": f"Always answering {called(context, [largest])} is right in {share:.0%} of the training set. {_measured(metrics)}",
            "largest": int(counts.max()),
            "smallest": int(counts[smallest]),
            "largest_share": share,
        },
        f"A model that ignores its input reaches an accuracy of {share:.0%}, and {called(context, [smallest])} has "
        f"{counts[smallest] / counts.sum():.1%} of the weight in the loss.",
        "Measure per class, and give minority classes more weight (unless fit() already gets class_weight):\n"
        'model.compile(..., weighted_metrics=["accuracy"])\n'
        f"model.fit(..., class_weight={shown})",
    )


def _measured(metrics: list[str] | None) -> str:
    if metrics is None:
        return "The model is not compiled, so its metrics are not known."
    if any(name in _PLAIN_METRICS for name in metrics):
        return "Accuracy is the only metric of this model."
    return "No metric of this model shows how the minority classes do."


DETECTOR = Detector(("imbalance",), _check)
