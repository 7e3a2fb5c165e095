"""Pseudo-labels that keep the minority classes: the most confident share of each predicted class, not of all rows together."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tlcourse.arguments import as_probabilities, require_number


def class_balanced(probabilities: ArrayLike, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Pick the most confident `share` of the rows of each predicted class, and return what they are predicted as.

    One threshold for all classes drops the minority classes, of which a model is seldom sure; here each class has its own (Zou et al.
    2018, "Unsupervised domain adaptation for semantic segmentation via class-balanced self-training", arXiv 1810.07911).

    Args:
        probabilities: `(n, classes)` rows that sum to 1. For masks: one row a pixel.
        share: Share of each class that is picked, above 0, at most 1. The number is rounded up, so a class that is predicted at
            all is picked at least once.

    Returns:
        `(positions, pseudo_labels)`, both `(picked,)`, positions ascending.

    Raises:
        ValueError: If rows are no probabilities or `share` is out of range.
    """
    values = as_probabilities("probabilities", probabilities)
    require_number("share", share, above=0.0)
    require_number("share", share, 0.0, 1.0)
    predicted, confidence = values.argmax(axis=1), values.max(axis=1)
    picked = []
    for label in np.unique(predicted):
        rows = np.flatnonzero(predicted == label)
        count = int(np.ceil(share * len(rows) - 1e-9))  # 1e-9: 0.1 * 30 is 3
        picked.append(rows[np.argsort(-confidence[rows], kind="stable")[:count]])
    positions = np.sort(np.concatenate(picked))
    return positions, predicted[positions]
