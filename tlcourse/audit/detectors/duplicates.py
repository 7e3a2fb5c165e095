"""Finding 8: the same example in two splits."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.data.duplicates import Copies, copies_between, exact_copies
from tlcourse.audit.data.fingerprints import Fingerprints
from tlcourse.audit.detector import Detector
from tlcourse.audit.detectors.changing_split import changing_pairs, reshuffled, shares_source
from tlcourse.audit.detectors.same_examples import are_same_set, equal_by_chance, fingerprints, one_set, repeated_on_purpose
from tlcourse.audit.report import Finding, NotChecked

_SERIOUS = 0.01  # share of the smaller set
_SHARE_OF_ROWS = 0.01  # of rows that are no images
_AMBIGUOUS = (
    "So many {right} images resemble {left} images, as drawn digits do, that copies which were re-encoded, resized or mirrored "
    "cannot be told from likeness; equal ones were looked for."
)
_KIND = {"exact": "to the bit", "near": "nearly (re-encoded, resized or a little brighter)", "mirrored": "mirrored"}


def _check_copies(context: Context) -> Iterator[Finding | NotChecked]:
    names = [name for name in ("train", "validation", "test") if name in context.splits]
    if len(names) < 2:
        raise CannotCheckError("Only one set was given; copies across sets need validation or test data.")
    moving = changing_pairs(context)
    unstable = {name for pair in moving for name in pair} | set(reshuffled(context))
    twins = "validation" in names and "test" in names and one_set(context)
    for left, right in combinations(names, 2):
        if (twins and right == "test") or (left, right) in moving:
            continue  # told as "validation-is-test" or "changing-split"
        if {left, right} & unstable and shares_source(context, left, right):
            continue
        try:
            one, other = fingerprints(context, left), fingerprints(context, right)
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
        chance = equal_by_chance(one) and not repeated_on_purpose(context, left)
        if chance or len(copies) < max(2, _SHARE_OF_ROWS * total):
            return
    else:
        copies = copies_between(one.prints, other.prints)
        if copies.ambiguous:
            if len(copies) > copies.count("exact"):
                yield NotChecked("duplicates", _AMBIGUOUS.format(left=left, right=right))
            copies = copies.exact_only()
    if not len(copies):
        return
    share = len(copies) / total
    images = one.prints is not None
    counts = {kind: copies.count(kind) for kind in ("exact", "near", "mirrored")}
    severe = share >= _SERIOUS and (counts["exact"] or (share >= 2 * _SERIOUS and len(copies) > 2))
    told_apart = counts["exact"] > 0 or (share >= _SERIOUS and len(copies) > 2)
    severity = "serious" if severe else ("warning" if told_apart else "note")
    thing = "images" if images else "examples"
    told = ", ".join(f"{count} {_KIND[kind]}" for kind, count in counts.items() if count)
    more = "" if copies.complete else " At least: so many images look alike that the search was cut short."
    yield Finding(
        "duplicates",
        severity,  # type: ignore[arg-type]
        f"{len(copies)} of {total} {right} {thing} are in the {left} set as well",
        {
            "sentence": f"{told}. For example {left} {thing[:-1]} {copies.left[0]} and {right} {thing[:-1]} "
            f"{copies.right[0]} ({copies.kind[0]}){_files(context, left, right, copies)}.{more}",
            **{kind: count for kind, count in counts.items() if count},
            "share": share,
            "pairs": [(int(i), int(j)) for i, j in zip(copies.left[:5], copies.right[:5], strict=True)],
        },
        f"The model is scored on what it has learned by heart: {share:.1%} of the {right} set measures memory, not what new "
        f"{thing} will bring.",
        f"Take one of each pair out before splitting, so that copies stay on one side: `drop` are positions in the {right} set.\n"
        f"drop = {np.unique(copies.right)[:8].tolist()}{'  # and more' if len(copies) > 8 else ''}\n"
        f"keep = np.setdiff1d(np.arange({total}), drop)",
    )


def _files(context: Context, left: str, right: str, copies: Copies) -> str:
    files = [context.split(name).files for name in (left, right)]
    if not (files[0] and files[1]) or any(context.split(name).unreadable for name in (left, right)):
        return ""
    if context.split(left).kind != "folder" or context.split(right).kind != "folder":
        return ""
    return f": {files[0][copies.left[0]]} and {files[1][copies.right[0]]}"


def _same_set(left: str, right: str, count: int) -> Finding:
    return Finding(
        "duplicates",
        "serious",
        f"The {right} set is the {left} set",
        {"sentence": f"All but a few of the {count} {right} examples are bit-identical to {left} examples.", "share": 1.0},
        f"What is measured on the {right} set is how well the model learned by heart, nothing else.",
        "Hold examples out before training:\n"
        "x_train, x_val, y_train, y_val = train_test_split(x, y, test_size=0.2, stratify=y, random_state=0)",
    )


DETECTOR = Detector(("duplicates",), _check_copies)
