"""Label shift: the shares of the classes changed, and what each class looks like did not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tlcourse.arguments import as_labels, as_numbers, as_probabilities, require_same_length


@dataclass(frozen=True)
class LabelShift:
    """Result of `label_shift`, one entry per class.

    Args:
        source_priors: `(classes,)` shares in the source.
        target_priors: `(classes,)` estimated shares in the target; sum 1.
        weights: `(classes,)` target share over source share: the weight of a source row of that class.
        conditioning: Condition number of the confusion matrix; above about 100, small errors of the predictions become large
            ones of the shares.
    """

    source_priors: np.ndarray
    target_priors: np.ndarray
    weights: np.ndarray
    conditioning: float


def label_shift(source_labels: ArrayLike, source_predictions: ArrayLike, target_predictions: ArrayLike) -> LabelShift:
    """Estimate the shares of the classes in the target from what a classifier says there, mistakes included.

    Under label shift `p(x | y)` is the same in both domains, so a classifier makes the same mistakes in both:
    `P_target(says i) = sum_j P_source(says i, is j) w_j` with `w_j = p_target(j) / p_source(j)`. The left side is counted on the
    target, the matrix on held-out source rows, and w solves the equations (black box shift estimation: Lipton, Wang and Smola
    2018, "Detecting and correcting for label shift with black box predictors", arXiv 1802.03916, section 4). Negative solutions,
    which only chance can bring, count as 0.

    Args:
        source_labels: `(n_source,)` true classes of source rows that the classifier was *not* trained on.
        source_predictions: `(n_source,)` what it says about them, class numbers.
        target_predictions: `(n_target,)` what it says about the target, class numbers.

    Raises:
        ValueError: If shapes do not fit, a class is predicted that the source labels lack, or the classifier does not separate some
            classes at all: the equations then have no unique solution.
    """
    labels = as_labels("source_labels", source_labels)
    said, target = as_labels("source_predictions", source_predictions), as_labels("target_predictions", target_predictions)
    require_same_length(source_labels=labels, source_predictions=said)
    classes = 1 + max(int(labels.max()), int(said.max()), int(target.max()))
    priors = np.bincount(labels, minlength=classes) / len(labels)
    if (priors == 0).any():
        missing = np.flatnonzero(priors == 0).tolist()
        raise ValueError(f"`source_labels` must hold every class that is predicted. Received: classes without a row={missing}.")
    joint = np.zeros((classes, classes))
    np.add.at(joint, (said, labels), 1.0 / len(labels))
    conditioning = float(np.linalg.cond(joint / priors))
    if not conditioning < 1e6:
        raise ValueError(
            "The classifier predicts some classes equally often whatever the truth, so their shares cannot be estimated. Train a "
            "better classifier, or merge classes. "
            f"Received: condition number of the confusion matrix={conditioning:.1e}."
        )
    weights = np.clip(np.linalg.solve(joint, np.bincount(target, minlength=classes) / len(target)), 0.0, None)
    shares = weights * priors
    shares /= shares.sum()
    return LabelShift(priors, shares, shares / priors, conditioning)


def correct_priors(probabilities: ArrayLike, weights: ArrayLike) -> np.ndarray:
    """Correct a classifier's probabilities for other shares of the classes: `p(y | x) w_y`, scaled to sum to 1.

    No training is needed (Saerens, Latinne and Decaestecker 2002, "Adjusting the outputs of a classifier to new a priori
    probabilities", equation 2.4).

    Args:
        probabilities: `(n, classes)` rows that sum to 1, from a classifier trained on the source.
        weights: `(classes,)` such as `label_shift(...).weights`.

    Raises:
        ValueError: If the shapes do not fit, rows do not sum to 1, weights are negative, or a row's classes all have weight 0.
    """
    values, ratio = as_probabilities("probabilities", probabilities), as_numbers("weights", weights, 1)
    if values.shape[1] != len(ratio):
        raise ValueError(
            f"There must be one weight per class. Received: probabilities.shape={values.shape}, len(weights)={len(ratio)}."
        )
    if ratio.min() < 0:
        raise ValueError(f"`weights` must be 0 or more. Received: weights.min()={ratio.min():g}.")
    weighted = values * ratio
    total = weighted.sum(axis=1, keepdims=True)
    if (total <= 0).any():
        raise ValueError(
            f"Every row needs a class with weight above 0. Received: rows without one={np.flatnonzero(total <= 0).tolist()}."
        )
    return weighted / total
