"""Finding 11, for classes: imbalance, empty or one-class splits, classes that a split lacks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.data.balance import class_counts, imbalance, missing_by_more_than_chance, unknown_classes
from tlcourse.audit.detector import Detector
from tlcourse.audit.model.task import MOST_CLASSES, called, has_weights, is_classifier, metric_names
from tlcourse.audit.report import Finding, NotChecked

_LARGEST_SHARE = 0.8
_LARGEST_RATIO = 10.0
_PLAIN_METRICS = ("accuracy", "acc", "binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy")


def _check_missing(context: Context) -> Iterator[Finding | NotChecked]:
    names = [name for name in ("train", "validation", "test") if name in context.splits]
    counts: dict[str, np.ndarray] = {}
    for name in names:
        try:
            total = context.count(name)
        except CannotCheckError as reason:
            yield NotChecked("missing-classes", str(reason))
            continue
        if total == 0:
            yield Finding(
                "missing-classes",
                "serious",
                f"The {name} set is empty",
                {"sentence": "One pass over it brought no example.", "examples": 0},
                "Nothing is learned from it or measured on it; some versions of fit() pass over an empty set in silence.",
                "Look at how it is cut: `take`, `skip`, `validation_split` or a filter that lets nothing through.\n"
                "print(sum(1 for _ in dataset))",
            )
            continue
        classes = context.labels(name).classes if is_classifier(context) else None
        if classes is not None and len(classes) and len(np.unique(classes)) <= MOST_CLASSES:
            counts[name] = class_counts(classes)
    if "train" not in counts:
        if all(context.splits.get(name) is not None and name not in counts for name in names):
            yield NotChecked("missing-classes", "The labels are not one class for each example.")
        return
    train = counts.pop("train")
    if np.count_nonzero(train) == 1:
        only = int(np.flatnonzero(train)[0])
        yield Finding(
            "missing-classes",
            "serious",
            f"The training set holds one class, {called(context, [only])}",
            {"sentence": f"All {int(train.sum())} labels are {only}.", "examples": int(train.sum())},
            "A model that always answers this class is perfect on it; nothing is learned.",
            "Shuffle before cutting, or stratify:\ntrain_test_split(x, y, test_size=0.2, stratify=y, random_state=0)",
        )
        return
    if "validation-is-test" in context.shared:
        counts.pop("test", None)
    for name, found in counts.items():
        yield from _missing_in(context, name, train, found)


def _missing_in(context: Context, name: str, train: np.ndarray, found: np.ndarray) -> Iterator[Finding]:
    lacking = missing_by_more_than_chance(train, found)
    if len(lacking) and np.count_nonzero(train) > 1:
        present = np.count_nonzero(found)
        yield Finding(
            "missing-classes",
            "serious" if present == 1 or len(lacking) > 1 else "warning",
            f"The {name} set has no example of {called(context, lacking)}",
            {
                "sentence": f"{present} of the {np.count_nonzero(train)} classes of the training set have examples in it; a random "
                f"split of {int(found.sum())} examples would hardly ever lack {'this one' if len(lacking) == 1 else 'these'}.",
                "missing": lacking,
                "present": int(present),
            },
            "The score says nothing of these classes, and is no mean over the task; a set cut from sorted data often looks so.",
            "Shuffle before cutting, or stratify:\ntrain_test_split(x, y, test_size=0.2, stratify=y, random_state=0)",
        )
    strange = unknown_classes(train, found)
    if len(strange):
        share = float(found[strange].sum() / found.sum())
        yield Finding(
            "missing-classes",
            "serious" if share >= 0.01 else "warning",
            f"The training set has no example of {called(context, strange)}, which the {name} set asks for",
            {"sentence": f"{share:.1%} of the {name} labels are classes without training examples.", "missing": strange},
            "The model cannot have learned them: at least this share of its answers is wrong.",
            "Shuffle before cutting, or stratify; and number the classes of all sets by one list:\n"
            "train_test_split(x, y, test_size=0.2, stratify=y, random_state=0)",
        )


def _check_imbalance(context: Context) -> Iterator[Finding]:
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
        return  # it is measured by something that sees the rare classes
    largest, smallest = int(counts.argmax()), int(np.flatnonzero(counts)[counts[counts > 0].argmin()])
    weights = counts.sum() / (np.count_nonzero(counts) * np.maximum(counts, 1))
    shown = {int(label): round(float(weights[label]), 2) for label in np.flatnonzero(counts)[:8]}
    yield Finding(
        "imbalance",
        "warning",
        f"Class {called(context, [largest])} is {ratio:.0f} times as frequent as {called(context, [smallest])}",
        {
            "sentence": f"Always answering the largest class is right in {share:.0%} of the training set, and accuracy is the only "
            "metric of this model.",
            "largest": int(counts.max()),
            "smallest": int(counts[smallest]),
            "largest_share": share,
        },
        f"An accuracy of {share:.0%} would be no better than no model, and the rare classes hardly move the loss.",
        "Measure by class, and weigh the rare classes (nothing to do where fit() already gets class_weight):\n"
        'model.compile(..., weighted_metrics=["accuracy"])\n'
        f"model.fit(..., class_weight={shown})",
    )


DETECTORS = (
    Detector(("missing-classes",), _check_missing),
    Detector(("imbalance",), _check_imbalance),
)
