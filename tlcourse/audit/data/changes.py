"""Compare two readings of the same splits: which examples moved from one split to another, and which splits changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from tlcourse.audit.data.fingerprints import Fingerprints
from tlcourse.audit.data.pipeline import cut_after_reshuffle, has_opaque_map, has_random_map, pipeline_of
from tlcourse.audit.data.sources import Split


@dataclass(frozen=True)
class Reshuffled:
    """A split that held other examples when it was read again.

    Args:
        new: Examples of the second reading that the first one did not have.
        total: Examples of the second reading.
        cut: Name of the stage that cuts the split after the shuffle: "take", "skip" or "shard".
    """

    new: int
    total: int
    cut: str


def moves_between(splits: Mapping[str, Split], found: Mapping[str, Fingerprints]) -> dict[tuple[str, str], int]:
    """Find the pairs of splits between which examples moved from the first reading to the second.

    Args:
        splits: Split name -> split.
        found: Split name -> its fingerprints; splits without are left out.

    Returns:
        Pair of split names -> number of examples that are new in one of them and belong to the other.
    """
    seen = {
        name: (prints.digests(1), prints.digests(2))
        for name, prints in found.items()
        if not splits[name].endless and len(prints.digests())
    }
    moves: dict[tuple[str, str], int] = {}
    for left, right in combinations(seen, 2):
        new = {name: np.setdiff1d(seen[name][1], seen[name][0]) for name in (left, right)}
        if not all(len(examples) for examples in new.values()):
            continue
        moved = sum(int(np.isin(new[a], np.concatenate(seen[b])).sum()) for a, b in ((left, right), (right, left)))
        if moved >= 2:
            moves[left, right] = moved
    return moves


def reshuffled_splits(splits: Mapping[str, Split], found: Mapping[str, Fingerprints]) -> dict[str, Reshuffled]:
    """Find the splits that are cut from a reshuffling stream and held other examples in the second reading.

    A split whose examples are changed at random is left out: its digests are new in every reading.

    Args:
        splits: Split name -> split.
        found: Split name -> its fingerprints; splits without are left out.
    """
    changed: dict[str, Reshuffled] = {}
    for name, split in splits.items():
        last = pipeline_of(split)
        if last is None or split.endless or has_random_map(last) or has_opaque_map(last) or name not in found:
            continue
        second, cut = found[name].digests(2), cut_after_reshuffle(last)
        new = int((~np.isin(second, found[name].digests(1))).sum())
        if cut is not None and new:
            changed[name] = Reshuffled(new, len(second), cut)
    return changed


def share_source(one: Split | None, other: Split | None) -> bool:
    """Tell whether the pipelines of two splits begin at the same source."""
    if one is None or other is None or {one.kind, other.kind} != {"tf.data"}:
        return False
    return bool(_sources(one.original) & _sources(other.original))


def _sources(dataset: Any) -> set[int]:
    waiting, found = [dataset], set()
    while waiting:
        stage = waiting.pop()
        before = stage._inputs() if hasattr(stage, "_inputs") else []
        if not before:
            found.add(id(stage))
        waiting.extend(before)
    return found
