"""Label shift: the shares of the classes changed, and what each class looks like did not."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tlcourse.adapt.domains import as_domains
from tlcourse.adapt.mixture_test import mixture_test
from tlcourse.adapt.shift import ShiftTest, classifier_two_sample_test
from tlcourse.arguments import as_labels, as_numbers, as_probabilities, require_same_length

_FEWEST = 20  # rows of a domain that can be tested
_ALARM = 0.01  # p-value below which the assumption counts as broken
_STEPS, _STILL = 1000, 1e-8  # of expectation-maximisation


@dataclass(frozen=True)
class LabelShift:
    """Result of `label_shift`, one entry per class.

    Args:
        source_priors: `(classes,)` shares in the source.
        target_priors: `(classes,)` estimated shares in the target, from the confusion matrix; sum 1.
        weights: `(classes,)` target share over source share: the weight of a source row of that class.
        conditioning: Condition number of the confusion matrix; above about 100, small errors of the predictions become large
            ones of the shares.
        em_priors: `(classes,)` shares estimated by expectation-maximisation; None without probabilities.
        p_value: Probability of predictions that fit so badly, if only the shares of the classes changed. With class numbers in
            place of probabilities it says little: nearly all predictions fit.
        gap: Share of the target's rows, 0 to 1, that no shares of the classes explain.
        rows: Can a classifier separate the target's features from those of the source, once its classes have the target's
            shares? None without features, or with too few.
    """

    source_priors: np.ndarray
    target_priors: np.ndarray
    weights: np.ndarray
    conditioning: float
    em_priors: np.ndarray | None
    p_value: float
    gap: float
    rows: ShiftTest | None = None

    def __str__(self) -> str:
        rows = {"source": self.source_priors, "target, confusion matrix": self.target_priors}
        if self.em_priors is not None:
            rows["target, EM"] = self.em_priors
        lines = [f"{name}: {' '.join(f'{share:.3f}' for share in shares)}" for name, shares in rows.items()]
        lines.append(f"only the shares changed: p = {self.p_value:.2g}, {self.gap:.1%} of the rows unexplained")
        return "\n".join(lines if self.rows is None else [*lines, f"features, source weighted: {self.rows}"])


def label_shift(
    source_labels: ArrayLike,
    source_predictions: ArrayLike,
    target_predictions: ArrayLike,
    *,
    source_features: ArrayLike | None = None,
    target_features: ArrayLike | None = None,
) -> LabelShift:
    """Estimate the shares of the classes in the target from what a classifier says there, mistakes included.

    Under label shift `p(x | y)` is the same in both domains, so a classifier makes the same mistakes in both:
    `P_target(says i) = sum_j P_source(says i, is j) w_j` with `w_j = p_target(j) / p_source(j)`. The left side is counted on the
    target, the matrix on held-out source rows, and w solves the equations (black box shift estimation: Lipton, Wang and Smola
    2018, "Detecting and correcting for label shift with black box predictors", arXiv 1802.03916, section 4). Negative solutions,
    which only chance can bring, count as 0.

    Of probabilities more can be made: the shares under which they are most likely, by expectation-maximisation (Saerens, Latinne
    and Decaestecker 2002, "Adjusting the outputs of a classifier to new a priori probabilities"), usually the better estimate if
    the probabilities are calibrated; and a test of the assumption. If it fails, both estimates can be far off.

    Predictions show only a part of each row. With features the assumption is tested on them as well: source rows are drawn so
    that the classes have the target's shares, and then no classifier may separate them from the target. What no test without
    labels of the target can see is a change of the labels themselves, such as stricter decisions about the same people.

    Args:
        source_labels: `(n_source,)` true classes of source rows that the classifier was *not* trained on.
        source_predictions: What it says about them: `(n_source, classes)` probabilities or `(n_source,)` class numbers.
        target_predictions: What it says about the target, in the same form.
        source_features: `(n_source, features)` of the same source rows, for the second test.
        target_features: `(n_target, features)` of the same target rows.

    Returns:
        Both estimates, and how well they explain the target. A warning says when they do not (p below 0.01; of features below
        0.001, because the estimated shares are not quite the true ones).

    Raises:
        ValueError: If shapes do not fit, a class is predicted that the source labels lack, or the classifier does not separate some
            classes at all: the equations then have no unique solution.
    """
    labels = as_labels("source_labels", source_labels)
    source, target = _predictions(source_predictions, target_predictions)
    require_same_length(source_labels=labels, source_predictions=source)
    said, target_said = (values.argmax(axis=1) if values.ndim == 2 else values for values in (source, target))
    classes = max(1 + int(max(labels.max(), said.max(), target_said.max())), 0, *source.shape[1:])
    if source.ndim == 2 and classes > source.shape[1]:
        raise ValueError(
            "`source_predictions` must have a column for every class. "
            f"Received: source_predictions.shape={source.shape}, source_labels.max()={labels.max()}."
        )
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
    counted = np.bincount(target_said, minlength=classes) / len(target_said)
    weights = np.clip(np.linalg.solve(joint, counted), 0.0, None)
    shares = weights * priors
    shares /= shares.sum()
    p_value, gap = mixture_test(source, labels, target, classes)
    if p_value < _ALARM:
        warnings.warn(
            f"Not only the shares of the classes changed: no shares explain {gap:.1%} of the target's predictions (p = {p_value:.2g}). "
            "The estimated shares can be far off, and weights made from them can do harm. Label some target rows and compare.",
            stacklevel=2,
        )
    rows = None
    if source_features is not None and target_features is not None:
        rows = _test_rows(labels, shares / priors, source_features, target_features)
    if rows is not None and rows.p_value < _ALARM / 10:
        warnings.warn(
            f"Not only the shares of the classes changed: a classifier separates the target from source rows of the same shares with "
            f"an accuracy of {rows.accuracy:.3f} (p = {rows.p_value:.2g}; 0.5 is guessing). The estimated shares can be far off.",
            stacklevel=2,
        )
    by_em = em_priors(target, priors) if target.ndim == 2 else None
    return LabelShift(priors, shares, shares / priors, conditioning, by_em, p_value, gap, rows)


def em_priors(target_probabilities: ArrayLike, source_priors: ArrayLike) -> np.ndarray:
    """Estimate the shares of the classes in the target from calibrated probabilities: those that make them most likely.

    Each step corrects the probabilities for the present shares and takes their mean (Saerens, Latinne and Decaestecker 2002,
    "Adjusting the outputs of a classifier to new a priori probabilities", equation 2.7).

    Args:
        target_probabilities: `(n, classes)` what a classifier says about the target, trained on the source.
        source_priors: `(classes,)` shares of the classes where it was trained, above 0.

    Returns:
        `(classes,)` shares; sum 1.

    Raises:
        ValueError: If rows are no probabilities, or there is not one share above 0 for each class.
    """
    values, old = as_probabilities("target_probabilities", target_probabilities), as_numbers("source_priors", source_priors, 1)
    if values.shape[1] != len(old) or old.min() <= 0:
        raise ValueError(
            "`source_priors` must hold one share above 0 per class. "
            f"Received: target_probabilities.shape={values.shape}, source_priors={np.array2string(old, threshold=12)}."
        )
    ratio = values / old
    shares = old / old.sum()
    for _ in range(_STEPS):
        weighted = ratio * shares
        new = (weighted / np.maximum(weighted.sum(axis=1, keepdims=True), np.finfo(float).tiny)).mean(axis=0)
        new /= new.sum()
        still = np.abs(new - shares).max() < _STILL
        shares = new
        if still:
            break
    return shares


def _test_rows(
    labels: np.ndarray, weights: np.ndarray, source_features: ArrayLike, target_features: ArrayLike
) -> ShiftTest | None:
    """Keep source rows at random to give the classes the target's shares, and test them against the target."""
    source, target = as_domains(source_features, target_features)
    require_same_length(source_labels=labels, source_features=source)
    kept = np.random.default_rng(0).random(len(labels)) < weights[labels] / weights[labels].max()
    if min(kept.sum(), len(target)) < _FEWEST:
        return None
    return classifier_two_sample_test(source[kept], target)


def _predictions(source: ArrayLike, target: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return both as class numbers `(n,)` or both as probabilities `(n, classes)`."""
    if np.ndim(source) != np.ndim(target):
        raise ValueError(
            "Predictions of both domains must be class numbers, or both probabilities. "
            f"Received: source_predictions.shape={np.shape(source)}, target_predictions.shape={np.shape(target)}."
        )
    check = as_probabilities if np.ndim(source) == 2 else as_labels
    first, second = check("source_predictions", source), check("target_predictions", target)
    if first.shape[1:] != second.shape[1:]:
        raise ValueError(
            "Probabilities of both domains must have the same columns. "
            f"Received: source_predictions.shape={first.shape}, target_predictions.shape={second.shape}."
        )
    return first, second


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
