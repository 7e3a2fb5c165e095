"""Finding 11, first half: imbalance, empty or one-class splits, classes that a split lacks, labels that look wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from tlcourse.audit.balance import class_counts, imbalance, missing_by_more_than_chance, unknown_classes
from tlcourse.audit.check_copies import equal_by_chance, fingerprints
from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.detector import Detector
from tlcourse.audit.label_noise import find_label_noise
from tlcourse.audit.report import Finding, NotChecked

PENULTIMATE = "penultimate"
_LARGEST_SHARE = 0.8
_LARGEST_RATIO = 10.0
_PLAIN_METRICS = ("accuracy", "acc", "binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy")
_WIDE = 128  # numbers an example from which on they are likely pixels or features of a network, no table
_CLASSES = 200  # more are no classes but numbers (ids, words, years)


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
        classes = context.labels(name).classes if _is_classifier(context) else None
        if classes is not None and len(classes) and len(np.unique(classes)) <= _CLASSES:
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
            f"The training set holds one class, {_called(context, [only])}",
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
            f"The {name} set has no example of {_called(context, lacking)}",
            {
                "sentence": f"{present} of the {np.count_nonzero(train)} classes of the training set have examples in it; a random "
                f"split of {int(found.sum())} examples would hardly ever lack one of these.",
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
            f"The training set has no example of {_called(context, strange)}, which the {name} set asks for",
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
    if not _is_classifier(context) or not 2 <= np.count_nonzero(counts) <= _CLASSES:
        return
    share, ratio = imbalance(counts)
    if (share < _LARGEST_SHARE and ratio < _LARGEST_RATIO) or ratio < 3 or _has_weights(context):
        return
    metrics = _metric_names(context.model)
    if metrics is not None and any(name not in _PLAIN_METRICS and "loss" not in name for name in metrics):
        return  # it is measured by something that sees the rare classes
    largest, smallest = int(counts.argmax()), int(np.flatnonzero(counts)[counts[counts > 0].argmin()])
    weights = counts.sum() / (np.count_nonzero(counts) * np.maximum(counts, 1))
    shown = {int(label): round(float(weights[label]), 2) for label in np.flatnonzero(counts)[:8]}
    yield Finding(
        "imbalance",
        "warning",
        f"Class {_called(context, [largest])} is {ratio:.0f} times as frequent as {_called(context, [smallest])}",
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


def _check_labels(context: Context) -> Iterator[Finding | NotChecked]:
    classes = context.labels("train").classes
    if classes is None or not _is_classifier(context) or len(np.unique(classes)) > _CLASSES:
        raise CannotCheckError("The labels are not one class for each example.")
    found = fingerprints(context, "train")
    digests = found.digests()
    telling = found.kind == "images" or not equal_by_chance(found)
    conflicting = _conflicts(digests, classes) if telling else np.zeros(0, np.int64)
    if len(conflicting) >= 2:
        positions = np.flatnonzero(digests == digests[conflicting[0]])[:4]
        share = len(conflicting) / len(classes)
        yield Finding(
            "wrong-labels",
            "serious" if share >= 0.01 else "warning",
            f"{len(conflicting)} training examples stand in the set again under another label",
            {
                "sentence": f"For example {positions.tolist()}: equal to the bit, labels {classes[positions].tolist()}.",
                "examples": len(conflicting),
                "share": share,
            },
            "One of the labels is wrong, and the model is pulled both ways.",
            f"Look at them and keep one label each:\nlook_at = {conflicting[:8].tolist()}",
        )
    if found.kind == "numbers" and found.width < _WIDE:
        raise CannotCheckError(
            f"In a table of {found.width} columns, classes overlap by nature: an unusual example cannot be told from a wrong label."
        )
    features, positions = context.collector("train", PENULTIMATE).features()
    if len(features) < 100:
        raise CannotCheckError(f"{len(features)} examples are too few to judge labels by the others.")
    try:
        noise = find_label_noise(features, classes[positions])
    except (ImportError, ValueError) as error:
        raise CannotCheckError(f"{error}.") from error
    if not noise.telling:
        raise CannotCheckError(
            f"Features of this model do not tell the classes apart well enough to judge single labels (a probe that has not seen the "
            f"examples is right in {noise.accuracy:.0%})."
        )
    if not len(noise.suspects):
        return
    at = positions[noise.suspects]
    share = len(at) / noise.examined
    examples = [(int(i), int(classes[i]), int(s)) for i, s in zip(at[:5], noise.suggested[:5], strict=True)]
    yield Finding(
        "wrong-labels",
        "serious" if share >= 0.05 else "warning",
        f"About {share:.0%} of the training labels look wrong, or more",
        {
            "sentence": f"Of {noise.examined} examples, {len(at)} have a label that two classifiers on the features of this model, "
            f"trained without them and right in {noise.accuracy:.0%} of all cases, agree to refuse. "
            f"(example, label, what they say): {examples}.",
            "suspects": len(at),
            "examined": noise.examined,
            "share": share,
            "examples": at[:20],
        },
        "A pretrained network learns wrong labels by heart sooner or later, and on wrong test labels no score can be right.",
        f"Look at these first, by eye:\nlook_at = {at[:12].tolist()}",
    )


def _conflicts(digests: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return positions of examples that are in the set again with another label."""
    _, group = np.unique(digests, return_inverse=True)
    low, high = np.full(group.max() + 1, np.iinfo(np.int64).max), np.full(group.max() + 1, -1)
    np.minimum.at(low, group, classes)
    np.maximum.at(high, group, classes)
    blank_like = np.bincount(group) > max(10, 0.005 * len(group))  # one picture that fills the set is told elsewhere
    return np.flatnonzero((low < high)[group] & ~blank_like[group])


def _is_classifier(context: Context) -> bool:
    """Tell by the loss whether labels mean classes; without a loss, by the encoding."""
    loss = getattr(context.model, "loss", None)
    name = str(getattr(loss, "name", None) or getattr(loss, "__name__", None) or loss or "").lower()
    if not name:
        return True
    return not any(word in name for word in ("squared", "absolute", "mse", "mae", "huber", "log_cosh", "poisson", "cosine"))


def _has_weights(context: Context) -> bool:
    """Tell whether examples come with weights, or the loss weighs classes."""
    split = context.split("train")
    original = split.original
    if split.kind == "arrays":
        weighted = isinstance(original, (tuple, list)) and len(original) == 3
    else:
        spec = getattr(original, "element_spec", None)
        weighted = isinstance(spec, tuple) and len(spec) == 3
    loss = getattr(context.model, "loss", None)
    return weighted or "focal" in str(getattr(loss, "name", loss)).lower()


def _metric_names(model: Any) -> list[str] | None:
    """Return the names of the compiled metrics; None for a model that is not compiled."""
    config = getattr(model, "_compile_config", None)
    if config is None or not getattr(model, "compiled", False):
        return None
    given = [*_flat(config.config.get("metrics")), *_flat(config.config.get("weighted_metrics"))]
    return [_name(metric) for metric in given]


def _flat(metrics: Any) -> list[Any]:
    if metrics is None:
        return []
    if isinstance(metrics, dict) and "class_name" not in metrics:
        return [inner for value in metrics.values() for inner in _flat(value)]
    if isinstance(metrics, (list, tuple)):
        return [inner for value in metrics for inner in _flat(value)]
    return [metrics]


def _name(metric: Any) -> str:
    if isinstance(metric, dict):
        return str(metric.get("config", {}).get("name") or metric.get("class_name")).lower()
    return str(getattr(metric, "name", None) or getattr(metric, "__name__", None) or metric).lower()


def _called(context: Context, labels: Sequence[int] | np.ndarray) -> str:
    """Name classes for a sentence."""
    names = context.class_names or context.split("train").class_names
    shown = [str(names[label]) if names and label < len(names) else str(label) for label in map(int, labels[:6])]
    more = f" and {len(labels) - 6} more" if len(labels) > 6 else ""
    return f"{'class' if len(labels) == 1 and not names else 'classes' if not names else ''} {', '.join(shown)}{more}".strip()


DETECTORS = (
    Detector(("missing-classes",), _check_missing),
    Detector(("imbalance",), _check_imbalance),
    Detector(("wrong-labels",), _check_labels),
)
