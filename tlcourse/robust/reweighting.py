"""Weights with which every group counts as much as every other, however few examples it has."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tlcourse.arguments import as_labels


def group_weights(groups: ArrayLike) -> np.ndarray:
    """Give each group the same total weight; the mean weight of an example is 1.

    For `sample_weight` of `model.fit` or of scikit-learn's `fit`. The weights undo a correlation between label and background only
    while the model cannot fit everything: a network that reaches 0 loss on the training set ends up where it would have without
    them (Byrd and Lipton 2019, "What is the effect of importance weighting in deep learning?"; Sagawa et al. 2020).

    Args:
        groups: `(n,)` whole numbers, 0 or more. For a spurious background: one group for each pair of label and background.

    Returns:
        `(n,)` floats above 0: `n / (number of groups * size of the example's group)`.

    Raises:
        ValueError: If `groups` is empty or does not hold whole numbers.
    """
    groups = as_labels("groups", groups)
    names, places, counts = np.unique(groups, return_inverse=True, return_counts=True)
    return (len(groups) / (len(names) * counts))[places]
