"""Finding 9: splits that are cut after a shuffle which draws a new order for each pass."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.data.pipeline import cut_after_reshuffle, has_opaque_map, has_random_map, last_stage
from tlcourse.audit.data.sources import Split
from tlcourse.audit.detector import Detector
from tlcourse.audit.detectors.same_examples import fingerprints
from tlcourse.audit.report import Finding, NotChecked


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
    for name, (new, total, cut) in reshuffled(context).items():
        if name in told or name == "train":
            continue
        from_training = "train" in context.splits and shares_source(context, "train", name)
        yield _changing(
            f"The {name} set holds other examples each time it is read",
            f"{new} of {total} {name} examples of the second pass were not in the first; `{cut}` stands after a shuffle that draws a "
            "new order for each iteration.",
            "serious" if from_training else "warning",
            {"new_in_second_pass": new, "examples": total},
        )


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


def reshuffled(context: Context) -> dict[str, tuple[int, int, str]]:
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


def shares_source(context: Context, one: str, other: str) -> bool:
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


DETECTOR = Detector(("changing-split",), _check_changing_split)
