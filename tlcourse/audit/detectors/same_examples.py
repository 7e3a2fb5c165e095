"""What the passes kept of the examples of a split, and whether two splits are one."""

from __future__ import annotations

import numpy as np

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.data.duplicates import blank
from tlcourse.audit.data.fingerprints import Fingerprints
from tlcourse.audit.data.structures import leaves

FINGERPRINTS = "fingerprints"
_SAME_SET = 0.95  # of both sets have a bit-identical copy in the other
_FEWEST_VALUES = 6  # numbers an example: rows with fewer are often equal by chance
_FEWEST_WORDS = 8
_FEWEST_ROWS = 20
_CONTINUOUS = 0.98  # of the rows have a number of their own in a column of measurements
_CONTINUOUS_COLUMNS = 3


def fingerprints(context: Context, name: str) -> Fingerprints:
    """Return what was kept of the examples of a split."""
    return context.collector(name, FINGERPRINTS)


def repeated_on_purpose(context: Context, name: str) -> bool:
    """Tell whether rows that stand in their own set again are copies: some columns never hold the same number in two other rows.

    Rows of measurements are repeated by oversampling; rows of few possible values are equal by chance.
    """
    arrays = [leaf for _, leaf in leaves(context.sample(name).inputs)]
    if not all(isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f" for leaf in arrays):
        return False
    rows = np.unique(np.concatenate([leaf.reshape(len(leaf), -1) for leaf in arrays], axis=1), axis=0)
    if len(rows) < _FEWEST_ROWS:
        return False
    distinct = [len(np.unique(column)) >= _CONTINUOUS * len(rows) for column in rows.T]
    return rows.shape[1] >= _FEWEST_VALUES and sum(distinct) >= _CONTINUOUS_COLUMNS


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
