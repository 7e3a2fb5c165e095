"""Episodes of few-shot learning: the images in them, and the classes that their source draws from."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from tlcourse.audit.data.hashing import digests_of
from tlcourse.audit.data.sources import Batch, Split
from tlcourse.audit.data.structures import leaves

EPISODES = "episodes"
_MOST = 20_000  # images whose digests are kept
_CLASSES = re.compile(r"class(es)?(_names|_ids)?$|alphabet|character|categor", re.IGNORECASE)


def make_episodes(split: Split, model: Any) -> Episodes | None:
    """Return the collector for sources that can hold episodes; None for arrays of examples and folders."""
    return None if split.kind == "folder" else Episodes()


class Episodes:
    """Keeps the digests of the images in inputs of several arrays, or of one array with an axis more than images have."""

    def __init__(self) -> None:
        self.images: set[int] = set()

    def update(self, batch: Batch, pass_number: int) -> None:
        found = [leaf for _, leaf in leaves(batch.inputs) if isinstance(leaf, np.ndarray) and leaf.ndim >= 4]
        found = [leaf for leaf in found if leaf.shape[-1] in (1, 3)]
        if pass_number > 1 or len(self.images) >= _MOST or not (len(found) >= 2 or any(leaf.ndim >= 5 for leaf in found)):
            return
        for leaf in found:
            self.images.update(digests_of(leaf.reshape(-1, *leaf.shape[-3:])).tolist())


def class_lists(source: Any) -> dict[str, set[Any]]:
    """Return the lists of classes among the attributes of a source: attribute -> classes."""
    found = {}
    for name, value in getattr(source, "__dict__", {}).items():
        if not _CLASSES.search(name.rstrip("_")) or isinstance(value, (str, bytes)):
            continue
        if isinstance(value, np.ndarray):
            value = value.tolist() if value.ndim == 1 else None
        if isinstance(value, (list, tuple, set, frozenset, range, dict)):
            members = list(value)
            if members and all(isinstance(member, (str, int, np.integer, np.str_)) for member in members):
                found[name] = {str(m) if isinstance(m, str) else int(m) for m in members}
    return found


def pools_of(source: Any) -> set[int]:
    """Return the identities of the arrays and mappings that a source draws from."""
    values = getattr(source, "__dict__", {}).values()
    return {id(value) for value in values if (isinstance(value, np.ndarray) and value.size > 100) or isinstance(value, dict)}
