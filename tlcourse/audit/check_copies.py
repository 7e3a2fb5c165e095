"""Findings 8 and 9: the same example in two splits, groups across splits, a validation set that is the test set, splits that change."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.detector import Detector
from tlcourse.audit.duplicates import Copies, blank, copies_between, exact_copies
from tlcourse.audit.fingerprints import Fingerprints
from tlcourse.audit.pipeline import cut_after_reshuffle, has_opaque_map, has_random_map, last_stage
from tlcourse.audit.report import Finding, NotChecked
from tlcourse.audit.sources import Split

FINGERPRINTS = "fingerprints"
_SAME_SET = 0.95  # of both sets have a bit-identical copy in the other
_SERIOUS = 0.01  # share of the smaller set
_FEWEST_VALUES = 6  # numbers an example: rows with fewer are often equal by chance
_FEWEST_WORDS = 8
_SHARE_OF_ROWS = 0.01  # of rows that are no images


def _check_copies(context: Context) -> Iterator[Finding | NotChecked]:
    names = [name for name in ("train", "validation", "test") if name in context.splits]
    if len(names) < 2:
        raise CannotCheckError("Only one set was given; copies across sets need validation or test data.")
    moving = changing_pairs(context)
    unstable = {name for pair in moving for name in pair} | set(_reshuffled(context))
    twins = "validation" in names and "test" in names and _one_set(context)
    for left, right in combinations(names, 2):
        if (twins and right == "test") or (left, right) in moving:
            continue  # told as "validation-is-test" or "changing-split"
        if {left, right} & unstable and _shares_source(context, left, right):
            continue
        try:
            one, other = fingerprints(context, left), fingerprints(context, right)
        except CannotCheckError as reason:
            yield NotChecked("duplicates", str(reason))
            continue
        if _are_same_set(one, other):
            yield _same_set(left, right, len(other.digests()))
            continue
        yield from _copies(context, left, right, one, other)


def _copies(context: Context, left: str, right: str, one: Fingerprints, other: Fingerprints) -> Iterator[Finding | NotChecked]:
    total = len(other.digests())
    if one.prints is None or other.prints is None:
        copies = exact_copies(one.digests(), other.digests())
        if equal_by_chance(one) or len(copies) < max(2, _SHARE_OF_ROWS * total):
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
    more = "" if copies.complete else " At least: so many pictures look alike that the search was cut short."
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


_AMBIGUOUS = (
    "So many {right} pictures resemble {left} pictures, as drawn digits do, that copies which were re-encoded, resized or mirrored "
    "cannot be told from likeness; equal ones were looked for."
)
_KIND = {"exact": "to the bit", "near": "nearly (re-encoded, resized or a little brighter)", "mirrored": "mirrored"}


def _files(context: Context, left: str, right: str, copies: Copies) -> str:
    files = [context.split(name).files for name in (left, right)]
    if not (files[0] and files[1]) or any(context.split(name).unreadable for name in (left, right)):
        return ""
    if context.split(left).kind != "folder" or context.split(right).kind != "folder":
        return ""
    return f": {files[0][copies.left[0]]} and {files[1][copies.right[0]]}"


def equal_by_chance(found: Fingerprints) -> bool:
    """Tell whether examples are so short, or numbers so often repeated within their own set, that equal ones prove nothing."""
    if found.kind == "text":
        return found.width < _FEWEST_WORDS
    own = found.digests()
    return found.width < _FEWEST_VALUES or len(np.unique(own)) < 0.9 * len(own)


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


def _check_validation_is_test(context: Context) -> Iterator[Finding]:
    same_object = context.split("validation").original is context.split("test").original
    if not same_object and not _one_set(context):
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


def _check_groups(context: Context) -> Iterator[Finding | NotChecked]:
    groups = dict(_groups_of(context))
    if not groups:
        raise CannotCheckError("No groups were given. Where several examples come from one patient, plot or session: groups=.")
    names = [name for name in ("train", "validation", "test") if name in groups]
    if len(names) < 2:
        raise CannotCheckError(
            f"Groups were given for {names[0]} alone; pass them for each set: groups={{'train': ..., 'test': ...}}."
        )
    for left, right in combinations(names, 2):
        shared = np.intersect1d(np.asarray(groups[left]).astype(str), np.asarray(groups[right]).astype(str))
        if not len(shared):
            continue
        touched = np.isin(np.asarray(groups[right]).astype(str), shared)
        yield Finding(
            "groups-across-splits",
            "serious",
            f"{len(shared)} groups have examples in the {left} set and in the {right} set",
            {
                "sentence": f"{int(touched.sum())} of {len(touched)} {right} examples belong to groups that the {left} set has too, "
                f"such as {', '.join(shared[:3])}.",
                "groups_in_both": len(shared),
                "share": float(touched.mean()),
            },
            "The model can recognise the patient, plot or session instead of the class; on new ones the score will be lower.",
            "Split by group, so that each is on one side:\n"
            "train_at, test_at = next(GroupShuffleSplit(test_size=0.2, random_state=0).split(x, y, groups))",
        )


def _groups_of(context: Context) -> Iterator[tuple[str, Any]]:
    for name in ("train", "validation", "test"):
        given = (context.groups or {}).get(name)
        if given is None:
            split = context.splits.get(name)
            given = getattr(split.original, "groups", None) if isinstance(split, Split) else None
        if given is not None and not callable(given):
            yield name, given


def changing_pairs(context: Context) -> list[tuple[str, str]]:
    """Find pairs of splits between which examples move from one pass to the next."""
    if "changing" not in context.shared:
        context.shared["changing"] = list(_moves(context))
    return [pair for pair, _ in context.shared["changing"]]


def _moves(context: Context) -> Iterator[tuple[tuple[str, str], int]]:
    seen = {}
    for name in ("train", "validation", "test"):
        try:
            found = fingerprints(context, name)
        except CannotCheckError:
            continue
        if not context.split(name).endless and len(found.digests()):
            seen[name] = (found.digests(1), found.digests(2))
    for left, right in combinations(seen, 2):
        new = {name: np.setdiff1d(seen[name][1], seen[name][0]) for name in (left, right)}  # in pass 2, but not in pass 1
        if not all(len(examples) for examples in new.values()):
            continue
        moved = sum(int(np.isin(new[a], np.concatenate(seen[b])).sum()) for a, b in ((left, right), (right, left)))
        if moved >= 2:
            yield (left, right), moved


def _check_changing_split(context: Context) -> Iterator[Finding | NotChecked]:
    names = [name for name in ("validation", "test") if name in context.splits]
    if not names:
        raise CannotCheckError("No validation or test data was given.")
    changing_pairs(context)
    told: set[str] = set()
    for (left, right), moved in context.shared["changing"]:
        told |= {left, right}
        yield _changing(
            f"Examples move between the {left} and the {right} set each time the data is read",
            f"{moved} examples that one of the two did not have when it was read first were in it the second time, and are in the "
            "other set.",
            "serious",
            {"moved": moved},
        )
    for name in names:
        try:
            fingerprints(context, name)
        except CannotCheckError as reason:
            yield NotChecked("changing-split", str(reason))
    for name, (new, total, cut) in _reshuffled(context).items():
        if name in told or name == "train":
            continue
        from_training = "train" in context.splits and _shares_source(context, "train", name)
        yield _changing(
            f"The {name} set holds other examples each time it is read",
            f"{new} of {total} {name} examples of the second pass were not in the first; `{cut}` stands after a shuffle that draws a "
            "new order for each iteration.",
            "serious" if from_training else "warning",
            {"new_in_second_pass": new, "examples": total},
        )


def _reshuffled(context: Context) -> dict[str, tuple[int, int, str]]:
    """Find splits that are cut from a reshuffling stream and brought other examples in the second pass.

    Returns:
        Split -> (new examples, all examples, what cuts). Where examples are changed at random, new digests say nothing.
    """
    found: dict[str, tuple[int, int, str]] = {}
    for name, split in context.splits.items():
        last = last_stage(split.original) if isinstance(split, Split) and split.kind == "tf.data" else None
        if last is None or split.endless or has_random_map(last) or has_opaque_map(last):  # type: ignore[union-attr]
            continue
        try:
            prints = fingerprints(context, name)
        except CannotCheckError:
            continue
        second, cut = prints.digests(2), cut_after_reshuffle(last)
        new = int((~np.isin(second, prints.digests(1))).sum())
        if cut is not None and new:
            found[name] = (new, len(second), cut)
    return found


def _changing(title: str, sentence: str, severity: Any, numbers: dict[str, Any]) -> Finding:
    return Finding(
        "changing-split",
        severity,
        title,
        {"sentence": sentence, **numbers},
        "The score is measured on other examples in every epoch, some of which the model has been trained on by then.",
        "Fix the order before cutting:\nds = ds.shuffle(n, seed=0, reshuffle_each_iteration=False)\n"
        "test_ds, val_ds = ds.take(k), ds.skip(k)",
    )


def _shares_source(context: Context, one: str, other: str) -> bool:
    """Tell whether the pipelines of two splits begin at one and the same source."""
    splits = [context.splits.get(name) for name in (one, other)]
    if not all(isinstance(split, Split) and split.kind == "tf.data" for split in splits):
        return False
    return bool(_sources(splits[0].original) & _sources(splits[1].original))  # type: ignore[union-attr]


def _sources(dataset: Any) -> set[int]:
    waiting, found = [dataset], set()
    while waiting:
        stage = waiting.pop()
        before = stage._inputs() if hasattr(stage, "_inputs") else []
        if not before:
            found.add(id(stage))
        waiting.extend(before)
    return found


def fingerprints(context: Context, name: str) -> Fingerprints:
    """Return what was kept of the examples of a split."""
    return context.collector(name, FINGERPRINTS)


def _one_set(context: Context) -> bool:
    """Tell whether the validation set and the test set hold the same examples."""
    try:
        return _are_same_set(fingerprints(context, "validation"), fingerprints(context, "test"))
    except CannotCheckError:
        return False


def _are_same_set(one: Fingerprints, other: Fingerprints) -> bool:
    a, b = np.unique(one.digests()), np.unique(other.digests())
    if not len(a) or not len(b):
        return False
    if one.prints is not None and blank(one.prints).all():
        return False
    return bool(np.isin(a, b).mean() >= _SAME_SET and np.isin(b, a).mean() >= _SAME_SET)


DETECTORS = (
    Detector(("changing-split",), _check_changing_split),
    Detector(("duplicates",), _check_copies),
    Detector(("validation-is-test",), _check_validation_is_test),
    Detector(("groups-across-splits",), _check_groups),
)
