"""What the passes kept of the examples of a split, and whether two splits are one."""

from __future__ import annotations

import numpy as np

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.duplicates import blank
from tlcourse.audit.fingerprints import Fingerprints

FINGERPRINTS = "fingerprints"
_SAME_SET = 0.95  # of both sets have a bit-identical copy in the other
_FEWEST_VALUES = 6  # numbers an example: rows with fewer are often equal by chance
_FEWEST_WORDS = 8


def fingerprints(context: Context, name: str) -> Fingerprints:
    """Return what was kept of the examples of a split."""
    return context.collector(name, FINGERPRINTS)


def equal_by_chance(found: Fingerprints) -> bool:
    """Tell whether examples are so short, or numbers so often repeated within their own set, that equal ones prove nothing."""
    if found.kind == "text":
        return found.width < _FEWEST_WORDS
    own = found.digests()
    return found.width < _FEWEST_VALUES or len(np.unique(own)) < 0.9 * len(own)


def one_set(context: Context) -> bool:
    """Tell whether the validation set and the test set hold the same examples."""
    try:
        return are_same_set(fingerprints(context, "validation"), fingerprints(context, "test"))
    except CannotCheckError:
        return False


def are_same_set(one: Fingerprints, other: Fingerprints) -> bool:
    a, b = np.unique(one.digests()), np.unique(other.digests())
    if not len(a) or not len(b):
        return False
    if one.prints is not None and blank(one.prints).all():
        return False
    return bool(np.isin(a, b).mean() >= _SAME_SET and np.isin(b, a).mean() >= _SAME_SET)
