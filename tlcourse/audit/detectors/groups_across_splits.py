"""Finding 8, for groups: one patient, plot or session on both sides of a split."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.data.sources import Split
from tlcourse.audit.detector import Detector
from tlcourse.audit.report import Finding, NotChecked


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


DETECTOR = Detector(("groups-across-splits",), _check_groups)
