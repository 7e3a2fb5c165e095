"""Finding 9: epochs and checkpoints are chosen on the test set."""

from __future__ import annotations

from collections.abc import Iterator

from tlcourse.audit.context import Context
from tlcourse.audit.detector import Detector
from tlcourse.audit.detectors.same_examples import one_set
from tlcourse.audit.report import Finding


def _check_validation_is_test(context: Context) -> Iterator[Finding]:
    same_object = context.split("validation").original is context.split("test").original
    if not same_object and not one_set(context):
        return
    context.shared["validation-is-test"] = True  # so that nobody tells twice what is wrong with it
    count = context.count("test")
    yield Finding(
        "validation-is-test",
        "serious",
        "The validation set is the test set",
        {
            "sentence": f"All {count} test examples are validation examples"
            + (": both are one object." if same_object else ", bit for bit."),
            "examples": count,
        },
        "Epochs, learning rates and the best checkpoint are chosen by the validation set, so a score on the same examples is the "
        "best of many tries, and new data will score lower.",
        "Choose by a part of the training set, and look at the test set once:\n"
        "x_train, x_val, y_train, y_val = train_test_split(x_train, y_train, test_size=0.2, stratify=y_train, random_state=0)",
    )


DETECTOR = Detector(("validation-is-test",), _check_validation_is_test)
