"""`missing-classes`: a split is empty, holds one class only, or lacks classes that another split has."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.data.balance import class_counts, missing_by_more_than_chance, unknown_classes
from tlcourse.audit.detector import Detector
from tlcourse.audit.model.contrast import is_contrastive
from tlcourse.audit.model.task import MOST_CLASSES, called, is_classifier
from tlcourse.audit.report import Finding, NotChecked

_SHUFFLE = "Shuffle before cutting, or stratify:\ntrain_test_split(x, y, test_size=0.2, stratify=y, random_state=0)"


def _check(context: Context) -> Iterator[Finding | NotChecked]:
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
                {"sentence": "Reading it gave no example.", "examples": 0},
                "Nothing is learned from it or measured on it, and some versions of fit() skip an empty set without a message.",
                "Look at how it is cut: `take`, `skip`, `validation_split`, or a filter that removes everything.\n"
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
        if is_contrastive(context.model):
            return  # fit() asks for labels, and a contrastive loss does not read them
        only = int(np.flatnonzero(train)[0])
        yield Finding(
            "missing-classes",
            "serious",
            f"The training set holds one class only, {called(context, [only])}",
            {"sentence": f"All {int(train.sum())} labels are {only}.", "examples": int(train.sum())},
            "A model that always gives this answer is perfect on it, so training teaches nothing else.",
            _SHUFFLE,
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
            f"The {name} score says nothing about {'this class' if len(lacking) == 1 else 'these classes'}. Sets that are cut from "
            "sorted data often look like this.",
            _SHUFFLE,
        )
    strange = unknown_classes(train, found)
    if len(strange):
        share = float(found[strange].sum() / found.sum())
        yield Finding(
            "missing-classes",
            "serious" if share >= 0.01 else "warning",
            f"The {name} set has examples of {called(context, strange)}, and the training set has none",
            {"sentence": f"{share:.1%} of the {name} labels are classes without training examples.", "missing": strange},
            "The model cannot learn them from this training set, so at least this share of its answers will be wrong.",
            "Shuffle before cutting, or stratify, and number the classes of all sets from one list:\n"
            "train_test_split(x, y, test_size=0.2, stratify=y, random_state=0)",
        )


DETECTOR = Detector(("missing-classes",), _check)
