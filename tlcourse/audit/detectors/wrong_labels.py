"""Finding 11, for single labels: equal examples under two labels, labels that the other examples contradict."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.data.label_noise import find_label_noise
from tlcourse.audit.detector import Detector
from tlcourse.audit.detectors.same_examples import equal_by_chance, fingerprints
from tlcourse.audit.model.task import MOST_CLASSES, is_classifier
from tlcourse.audit.report import Finding, NotChecked

PENULTIMATE = "penultimate"
_WIDE = 128  # numbers an example from which on they are likely pixels or features of a network, no table


def _check_labels(context: Context) -> Iterator[Finding | NotChecked]:
    classes = context.labels("train").classes
    if classes is None or not is_classifier(context) or len(np.unique(classes)) > MOST_CLASSES:
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
    blank_like = np.bincount(group) > max(10, 0.005 * len(group))  # one image that fills the set is told elsewhere
    return np.flatnonzero((low < high)[group] & ~blank_like[group])


DETECTOR = Detector(("wrong-labels",), _check_labels)
