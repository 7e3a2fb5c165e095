"""`changing-split`: a split is cut after a shuffle that draws a new order each time, so it holds other examples in every epoch."""

from __future__ import annotations

from collections.abc import Iterator

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.data.changes import Reshuffled, moves_between, reshuffled_splits, share_source
from tlcourse.audit.detector import Detector
from tlcourse.audit.report import Finding, NotChecked

_TRAINED_ON = "The score is measured on other examples in every epoch, and training examples are among them."
_MIXED = (
    "The two sets exchange examples: what was used to choose epochs and checkpoints is counted as test data later, and the score "
    "is measured on other examples in every epoch."
)
_ANOTHER_SCORE = (
    "The score is measured on other examples in every epoch, so a change from one epoch to the next may come from the examples "
    "and not from the model."
)
_FIX = (
    "Fix the order before cutting:\nds = ds.shuffle(n, seed=0, reshuffle_each_iteration=False)\n"
    "test_ds, val_ds = ds.take(k), ds.skip(k)"
)


def _check(context: Context) -> Iterator[Finding | NotChecked]:
    names = [name for name in ("validation", "test") if name in context.splits]
    if not names:
        raise CannotCheckError("No validation or test data was given.")
    splits, found = context.readable_splits(), context.all_fingerprints()
    reported: set[str] = set()
    for (left, right), moved in moves_between(splits, found).items():
        reported |= {left, right}
        yield _between(left, right, moved)
    for name in names:
        if name not in found:
            try:
                context.fingerprints(name)
            except CannotCheckError as reason:
                yield NotChecked("changing-split", str(reason))
    for name, changed in reshuffled_splits(splits, found).items():
        if name not in reported and name != "train":
            yield _changing(name, changed, share_source(splits.get("train"), splits[name]))


def _between(left: str, right: str, moved: int) -> Finding:
    return Finding(
        "changing-split",
        "serious",
        f"Examples move between the {left} and the {right} set each time the data is read",
        {
            "sentence": f"The data was read twice. {moved} examples were new in one of the two sets the second time, and belong to "
            "the other set.",
            "moved": moved,
        },
        _TRAINED_ON if "train" in (left, right) else _MIXED,
        _FIX,
    )


def _changing(name: str, changed: Reshuffled, from_training: bool) -> Finding:
    return Finding(
        "changing-split",
        "serious" if from_training else "warning",
        f"The {name} set holds other examples each time it is read",
        {
            "sentence": f"{changed.new} of {changed.total} {name} examples of the second pass were not in the first; "
            f"`{changed.cut}` follows a shuffle that draws a new order for each iteration.",
            "new_in_second_pass": changed.new,
            "examples": changed.total,
        },
        f"{_ANOTHER_SCORE} The {name} set and the training set are cut from one source, so training examples can be among them."
        if from_training
        else _ANOTHER_SCORE,
        _FIX,
    )


DETECTOR = Detector(("changing-split",), _check)
