"""`duplicates`: the same example in two splits, also as a mirrored, resized or re-encoded image."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.data.changes import moves_between, reshuffled_splits, share_source
from tlcourse.audit.data.duplicates import Copies, copies_between, exact_copies
from tlcourse.audit.data.fingerprints import Fingerprints
from tlcourse.audit.data.same_examples import are_same_set, equal_by_chance, repeated_on_purpose
from tlcourse.audit.detector import Detector
from tlcourse.audit.report import Finding, NotChecked

_SERIOUS = 0.01  # share of the second set
_SHARE_OF_ROWS = 0.01  # fewest equal rows, for data without images
_AMBIGUOUS = (
    "So many {right} images resemble {left} images, as handwritten digits do, that re-encoded, resized or mirrored copies cannot be "
    "told from mere likeness. Only equal images were counted."
)
_KIND = {"exact": "equal to the bit", "near": "nearly equal (re-encoded, resized or a little brighter)", "mirrored": "mirrored"}


def _check(context: Context) -> Iterator[Finding | NotChecked]:
    names = [name for name in ("train", "validation", "test") if name in context.splits]
    if len(names) < 2:
        raise CannotCheckError("Only one set was given; copies across sets need validation or test data.")
    splits, prints = context.readable_splits(), context.all_fingerprints()
    moving = moves_between(splits, prints)
    unstable = {name for pair in moving for name in pair} | set(reshuffled_splits(splits, prints))
    twins = {"validation", "test"} <= set(prints) and are_same_set(prints["validation"], prints["test"])
    for left, right in combinations(names, 2):
        if (twins and right == "test") or (left, right) in moving:
            continue  # validation-is-test or changing-split reports it
        if {left, right} & unstable and share_source(splits.get(left), splits.get(right)):
            continue
        try:
            one, other = context.fingerprints(left), context.fingerprints(right)
        except CannotCheckError as reason:
            yield NotChecked("duplicates", str(reason))
            continue
        if are_same_set(one, other):
            yield _same_set(left, right, len(other.digests()))
            continue
        yield from _copies(context, left, right, one, other)


def _copies(context: Context, left: str, right: str, one: Fingerprints, other: Fingerprints) -> Iterator[Finding | NotChecked]:
    total = len(other.digests())
    if one.prints is None or other.prints is None:
        copies = exact_copies(one.digests(), other.digests())
        chance = equal_by_chance(one) and not repeated_on_purpose(context.sample(left))
        if chance or len(copies) < max(2, _SHARE_OF_ROWS * total):
            return
    else:
        copies = copies_between(one.prints, other.prints)
        if copies.ambiguous:
            if len(copies) > copies.count("exact"):
                yield NotChecked("duplicates", _AMBIGUOUS.format(left=left, right=right))
            copies = copies.exact_only()
    if len(copies):
        yield _finding(context, left, right, copies, total, "images" if one.prints is not None else "examples")


def _finding(context: Context, left: str, right: str, copies: Copies, total: int, things: str) -> Finding:
    share = len(copies) / total
    counts = {kind: copies.count(kind) for kind in ("exact", "near", "mirrored")}
    serious = share >= _SERIOUS and (counts["exact"] or (share >= 2 * _SERIOUS and len(copies) > 2))
    clear = counts["exact"] > 0 or (share >= _SERIOUS and len(copies) > 2)
    kinds = ", ".join(f"{count} {_KIND[kind]}" for kind, count in counts.items() if count)
    more = "" if copies.complete else " There may be more: so many images look alike that the search was cut short."
    return Finding(
        "duplicates",
        "serious" if serious else ("warning" if clear else "note"),
        f"{len(copies)} of {total} {right} {things} are in the {left} set as well",
        {
            "sentence": f"{kinds}. For example {left} {things[:-1]} {copies.left[0]} and {right} {things[:-1]} "
            f"{copies.right[0]} ({copies.kind[0]}){_files(context, left, right, copies)}.{more}",
            **{kind: count for kind, count in counts.items() if count},
            "share": share,
            "pairs": [(int(i), int(j)) for i, j in zip(copies.left[:5], copies.right[:5], strict=True)],
        },
        _why(left, right, f"{share:.1%}", things),
        f"Remove one of each pair before splitting, to keep copies on one side. `drop` holds positions in the {right} set:\n"
        f"drop = {np.unique(copies.right)[:8].tolist()}{'  # and more' if len(copies) > 8 else ''}\n"
        f"keep = np.setdiff1d(np.arange({total}), drop)",
    )


def _why(left: str, right: str, share: str, things: str) -> str:
    if left == "train":
        reason = "that the model trains on. They measure what it memorized, not how it does on new data."
    else:
        reason = "on which epochs and checkpoints are chosen, so they are no longer new to the model."
    return f"{share} of the {right} set are {things} {reason}"


def _files(context: Context, left: str, right: str, copies: Copies) -> str:
    splits = [context.split(name) for name in (left, right)]
    if any(split.kind != "folder" or not split.files or split.unreadable for split in splits):
        return ""
    return f": {splits[0].files[copies.left[0]]} and {splits[1].files[copies.right[0]]}"


def _same_set(left: str, right: str, count: int) -> Finding:
    return Finding(
        "duplicates",
        "serious",
        f"The {right} set is the {left} set",
        {"sentence": f"At least 95 % of the {count} {right} examples are bit-identical to {left} examples.", "share": 1.0},
        f"A score on the {right} set measures how well the model memorized its training set, and nothing else.",
        "Hold examples out before training:\n"
        "x_train, x_val, y_train, y_val = train_test_split(x, y, test_size=0.2, stratify=y, random_state=0)",
    )


DETECTOR = Detector(("duplicates",), _check)
