"""`validation-is-test`: the validation set and the test set are the same, so epochs and checkpoints are chosen on the test set."""

from __future__ import annotations

from collections.abc import Iterator

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.data.same_examples import are_same_set
from tlcourse.audit.detector import Detector
from tlcourse.audit.report import Finding


def _check(context: Context) -> Iterator[Finding]:
    same_object = context.split("validation").original is context.split("test").original
    if not same_object and not _same_examples(context):
        return
    context.shared["validation-is-test"] = True  # missing-classes then looks at one of the two sets only
    count = context.count("test")
    yield Finding(
        "validation-is-test",
        "serious",
        "The validation set is the test set",
        {
            "sentence": f"All {count} test examples are validation examples"
            + (": both names stand for one object." if same_object else ", bit for bit."),
            "examples": count,
        },
        "The validation set is there to choose epochs, learning rates and checkpoints. A score on the same examples is the best of "
        "many tries, and higher than new data will give.",
        "Use a part of the training set for validation, and the test set once, at the end:\n"
        "x_train, x_val, y_train, y_val = train_test_split(x_train, y_train, test_size=0.2, stratify=y_train, random_state=0)",
    )


def _same_examples(context: Context) -> bool:
    try:
        return are_same_set(context.fingerprints("validation"), context.fingerprints("test"))
    except CannotCheckError:
        return False


DETECTOR = Detector(("validation-is-test",), _check)
