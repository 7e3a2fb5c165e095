"""`groups-across-splits`: one patient, plot or session has examples in two splits."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.detector import Detector
from tlcourse.audit.report import Finding


def _check(context: Context) -> Iterator[Finding]:
    groups = dict(_groups_of(context))
    if not groups:
        raise CannotCheckError(
            "No groups were given. If several examples come from one patient, plot or session, pass groups=."
        )
    names = [name for name in ("train", "validation", "test") if name in groups]
    if len(names) < 2:
        raise CannotCheckError(
            f"Groups were given for the {names[0]} set only. Pass them for each set: groups={{'train': ..., 'test': ...}}."
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
            "The model can recognise the patient, plot or session instead of the class. The score then says little about new ones."
            if left == "train"
            else "Epochs and checkpoints are chosen on the patients, plots or sessions that the test set should hold back. The score "
            "then says less about new ones.",
            "Split by group, to keep each group on one side:\n"
            "train_at, test_at = next(GroupShuffleSplit(test_size=0.2, random_state=0).split(x, y, groups))",
        )


def _groups_of(context: Context) -> Iterator[tuple[str, Any]]:
    splits = context.readable_splits()
    for name in ("train", "validation", "test"):
        given = (context.groups or {}).get(name)
        if given is None and name in splits:
            given = getattr(splits[name].original, "groups", None)
        if given is not None and not callable(given):
            yield name, given


DETECTOR = Detector(("groups-across-splits",), _check)
