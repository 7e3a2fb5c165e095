"""Whether probabilities can be believed: reliability curve, expected calibration error, and one number that repairs much."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tlcourse.arguments import as_labels, as_numbers, as_probabilities, require_number, require_same_length, require_whole

_COLDEST, _HOTTEST = 0.01, 100.0  # temperatures that are looked at


@dataclass(frozen=True)
class ReliabilityCurve:
    """What was promised and what came, in equally wide bins of the promise; NaN in bins without examples.

    Args:
        edges: `(bins + 1,)` limits of the bins, 0 to 1.
        confidence: `(bins,)` mean promised probability of the examples in the bin.
        accuracy: `(bins,)` share of them for which the promise came true.
        counts: `(bins,)` examples in the bin.
    """

    edges: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray
    counts: np.ndarray


def reliability_curve(labels: ArrayLike, probabilities: ArrayLike, bins: int = 10) -> ReliabilityCurve:
    """Compare promised probabilities with what came, bin by bin.

    Args:
        labels: `(n,)` class numbers.
        probabilities: `(n,)` probability of class 1: then the promise is class 1 (labels are 0 and 1). Or `(n, num_classes)`:
            then the promise is the most probable class, and its probability is the confidence (Guo et al. 2017, "On calibration
            of modern neural networks").
        bins: Equally wide bins from 0 to 1, 1 or more.

    Returns:
        The curve; for a model whose promises hold, `accuracy` equals `confidence` but for chance.

    Raises:
        ValueError: If shapes do not fit, or values are no probabilities.
    """
    require_whole("bins", bins, 1)
    confidence, came = _promises(labels, probabilities)
    edges = np.linspace(0.0, 1.0, bins + 1)
    place = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, bins - 1)  # a bin owns its upper limit
    counts = np.bincount(place, minlength=bins)
    means = [
        np.divide(np.bincount(place, values, bins), counts, out=np.full(bins, np.nan), where=counts > 0)
        for values in (confidence, came)
    ]
    return ReliabilityCurve(edges, means[0], means[1], counts)


def expected_calibration_error(labels: ArrayLike, probabilities: ArrayLike, bins: int = 10) -> float:
    """Return the mean distance of what came from what was promised, bins weighted by their examples (ECE; 0 is best).

    It depends on the number of bins, and with few examples it is above 0 by chance. A constant guess of the base rate scores 0:
    a small error says nothing about being useful.

    Args:
        labels: As in `reliability_curve`.
        probabilities: As in `reliability_curve`.
        bins: As in `reliability_curve`.

    Returns:
        A share, 0 to 1.
    """
    curve = reliability_curve(labels, probabilities, bins)
    gaps = np.abs(curve.accuracy - curve.confidence)
    return float(np.nansum(gaps * curve.counts) / curve.counts.sum())


def negative_log_likelihood(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """Return the mean of `-log(probability of the true class)`; a promise of 0 counts as 1e-12.

    Args:
        labels: As in `reliability_curve`.
        probabilities: As in `reliability_curve`.
    """
    labels, table = as_labels("labels", labels), _table(probabilities)
    _require_fit(labels, table)
    return float(-np.log(np.maximum(table[np.arange(len(labels)), labels], 1e-12)).mean())


def apply_temperature(logits: ArrayLike, temperature: float) -> np.ndarray:
    """Turn logits into probabilities after dividing them by `temperature`; which class is largest stays as it was.

    Args:
        logits: `(n,)` for two classes (a sigmoid gives class 1), or `(n, num_classes)` (softmax).
        temperature: Above 0; above 1 makes a model less sure, below 1 surer.

    Returns:
        Probabilities of the same shape.

    Raises:
        ValueError: If the temperature is not above 0, or logits are not finite.
    """
    require_number("temperature", temperature, above=0)
    values = np.asarray(logits)
    scaled = as_numbers("logits", values, 1 if values.ndim == 1 else 2).astype(np.float64) / temperature
    if scaled.ndim == 1:
        return np.exp(-np.logaddexp(0.0, -scaled))
    scaled = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return scaled / scaled.sum(axis=1, keepdims=True)


def fit_temperature(logits: ArrayLike, labels: ArrayLike) -> float:
    """Find the temperature whose probabilities explain held-out labels best (least negative log-likelihood; Guo et al. 2017).

    One number for all examples: no decision changes, only how sure the model says it is. Fit it on examples that the model has
    not learned from, and measure on yet others.

    Args:
        logits: As in `apply_temperature`.
        labels: `(n,)` class numbers.

    Returns:
        The temperature, from 0.01 to 100; a limit where the likelihood still rises there (all right: the colder the better).

    Raises:
        ValueError: If shapes do not fit.
    """
    from scipy.optimize import minimize_scalar

    labels, values = as_labels("labels", labels), np.asarray(logits)
    _require_fit(labels, _table(apply_temperature(values, 1.0)))

    def loss(log_temperature: float) -> float:
        return negative_log_likelihood(labels, apply_temperature(values, float(np.exp(log_temperature))))

    limits = np.log([_COLDEST, _HOTTEST])  # the loss has one valley: it is convex in 1 / temperature
    best = minimize_scalar(loss, bounds=limits, method="bounded", options={"xatol": 1e-6}).x
    return float(np.exp(min((*limits, best, 0.0), key=loss)))  # never worse than leaving the logits alone


def _promises(labels: ArrayLike, probabilities: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    labels, table = as_labels("labels", labels), _table(probabilities)
    _require_fit(labels, table)
    if np.ndim(probabilities) == 1:
        return table[:, 1], (labels == 1).astype(float)
    return table.max(axis=1), (table.argmax(axis=1) == labels).astype(float)


def _table(probabilities: ArrayLike) -> np.ndarray:
    """Return `(n, num_classes)` probabilities."""
    if np.ndim(probabilities) != 1:
        return as_probabilities("probabilities", probabilities)
    values = as_numbers("probabilities", probabilities, 1).astype(np.float64)
    if values.min() < 0 or values.max() > 1 + 1e-6:
        raise ValueError(
            "`probabilities` must lie between 0 and 1. Turn logits into probabilities first: `apply_temperature(logits, 1.0)`. "
            f"Received: probabilities.min()={values.min():.3g}, probabilities.max()={values.max():.3g}."
        )
    return np.stack([1.0 - values, values], axis=1)


def _require_fit(labels: np.ndarray, table: np.ndarray) -> None:
    require_same_length(labels=labels, probabilities=table)
    if labels.max() >= table.shape[1]:
        raise ValueError(
            f"Labels must be less than the number of classes, {table.shape[1]}. Received: labels.max()={labels.max()}."
        )
