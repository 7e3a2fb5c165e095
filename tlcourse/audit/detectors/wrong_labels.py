"""`wrong-labels`: equal examples with different labels, and labels that contradict the other examples."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.data.label_noise import find_label_noise
from tlcourse.audit.data.same_examples import equal_by_chance
from tlcourse.audit.detector import Detector
from tlcourse.audit.model.penultimate import PENULTIMATE
from tlcourse.audit.model.task import MOST_CLASSES, is_classifier
from tlcourse.audit.report import Finding, NotChecked

_WIDE = 128  # numbers in one example; more are likely pixels or features of a network, not a table


def _check(context: Context) -> Iterator[Finding | NotChecked]:
    classes = context.labels("train").classes
    if classes is None or not is_classifier(context) or len(np.unique(classes)) > MOST_CLASSES:
        raise CannotCheckError("The labels are not one class for each example.")
    found = context.fingerprints("train")
    digests = found.digests()
    telling = found.kind == "images" or not equal_by_chance(found)
    conflicting = _conflicts(digests, classes) if telling else np.zeros(0, np.int64)
    if len(conflicting) >= 2:
        positions = np.flatnonzero(digests == digests[conflicting[0]])[:4]
        share = len(conflicting) / len(classes)
        yield Finding(
            "wrong-labels",
            "serious" if share >= 0.01 else "warning",
            f"{len(conflicting)} training examples occur again with another label",
            {
                "sentence": f"For example, {positions.tolist()} are equal to the bit and have the labels {classes[positions].tolist()}.",
                "examples": len(conflicting),
                "share": share,
            },
            "At most one of the labels can be right, and the model is trained towards both.",
            f"Look at them and keep one label for each:\nlook_at = {conflicting[:8].tolist()}",
        )
    if found.kind == "numbers" and found.width < _WIDE:
        raise CannotCheckError(
            f"In a table of {found.width} columns, classes usually overlap, so an unusual example looks like a wrong label."
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
            f"The features of this model do not separate the classes well enough to judge single labels (a classifier on them is right "
            f"for {noise.accuracy:.0%} of the examples that it was not trained on)."
        )
    if not len(noise.suspects):
        return
    at = positions[noise.suspects]
    share = len(at) / noise.examined
    examples = [(int(i), int(classes[i]), int(s)) for i, s in zip(at[:5], noise.suggested[:5], strict=True)]
    yield Finding(
        "wrong-labels",
        "serious" if share >= 0.05 else "warning",
        f"At least about {share:.0%} of the training labels look wrong",
        {
            "sentence": f"For {len(at)} of {noise.examined} examples, two classifiers that were trained on features of the other examples "
            f"agree on another class; without any wrong label about {noise.expected:.0f} would be "
            f"so. One of them is right for {noise.accuracy:.0%} of all examples. (example, label, their class): "
            f"{examples}.",
            "suspects": len(at),
            "examined": noise.examined,
            "expected": noise.expected,
            "share": share,
            "examples": at[:20],
        },
        "The model is trained towards these labels as they are. If the test labels were made in the same way, its score is wrong too.",
        f"Look at these examples first:\nlook_at = {at[:12].tolist()}",
    )


def _conflicts(digests: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return the positions of examples that occur again with another label."""
    _, group = np.unique(digests, return_inverse=True)
    low, high = np.full(group.max() + 1, np.iinfo(np.int64).max), np.full(group.max() + 1, -1)
    np.minimum.at(low, group, classes)
    np.maximum.at(high, group, classes)
    blank_like = np.bincount(group) > max(10, 0.005 * len(group))  # unusable-images reports one image that fills the set
    return np.flatnonzero((low < high)[group] & ~blank_like[group])


DETECTOR = Detector(("wrong-labels",), _check)
