"""Do two splits hold the same examples, and does it mean anything that two examples are equal?"""

from __future__ import annotations

import numpy as np

from tlcourse.audit.data.duplicates import blank
from tlcourse.audit.data.fingerprints import Fingerprints
from tlcourse.audit.data.sources import Batch
from tlcourse.audit.data.structures import leaves

_SAME_SET = 0.95  # share of both splits that has a bit-identical copy in the other
_FEWEST_VALUES = 6  # numbers in one example: shorter rows are often equal by chance
_FEWEST_WORDS = 8
_FEWEST_ROWS = 20
_CONTINUOUS = 0.98  # share of the rows that have their own number in a column of measurements
_CONTINUOUS_COLUMNS = 3


def are_same_set(one: Fingerprints, other: Fingerprints) -> bool:
    """Tell whether two splits hold the same examples, in any order."""
    a, b = np.unique(one.digests()), np.unique(other.digests())
    if not len(a) or not len(b):
        return False
    if one.prints is not None and blank(one.prints).all():
        return False
    return bool(np.isin(a, b).mean() >= _SAME_SET and np.isin(b, a).mean() >= _SAME_SET)


def equal_by_chance(found: Fingerprints) -> bool:
    """Tell whether equal examples prove nothing: examples are short, or many repeat within their own split."""
    if found.kind == "text":
        return found.width < _FEWEST_WORDS
    own = found.digests()
    return found.width < _FEWEST_VALUES or len(np.unique(own)) < 0.9 * len(own)


def repeated_on_purpose(sample: Batch) -> bool:
    """Tell whether equal rows must be copies: some columns never hold the same number in two different rows.

    Oversampling repeats rows of measurements. Rows with few possible values are equal by chance.

    Args:
        sample: Examples of the split.
    """
    arrays = [leaf for _, leaf in leaves(sample.inputs)]
    if not all(isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f" for leaf in arrays):
        return False
    rows = np.unique(np.concatenate([leaf.reshape(len(leaf), -1) for leaf in arrays], axis=1), axis=0)
    if len(rows) < _FEWEST_ROWS:
        return False
    distinct = [len(np.unique(column)) >= _CONTINUOUS * len(rows) for column in rows.T]
    return rows.shape[1] >= _FEWEST_VALUES and sum(distinct) >= _CONTINUOUS_COLUMNS
