"""What all methods on features share: two arrays that fit each other, and a classifier that separates them."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from tlcourse.arguments import as_numbers, require_number


def as_domains(source_features: ArrayLike, target_features: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return both as float64 arrays `(n, features)` with the same columns.

    Raises:
        ValueError: If either is no matrix of finite numbers, has fewer than two rows, or their columns differ.
    """
    source = as_numbers("source_features", source_features, 2).astype(np.float64)
    target = as_numbers("target_features", target_features, 2).astype(np.float64)
    if source.shape[1] != target.shape[1]:
        raise ValueError(
            "Source and target must have the same columns, such as features of one backbone. Received: "
            f"source_features.shape={source.shape}, target_features.shape={target.shape}."
        )
    if min(len(source), len(target)) < 2:
        raise ValueError(
            f"Each domain needs two rows or more. Received: len(source_features)={len(source)}, "
            f"len(target_features)={len(target)}."
        )
    return source, target


def divisors(spread: np.ndarray, *domains: np.ndarray) -> np.ndarray:
    """Return what to divide each column by: its spread, or 1 where it is constant but for rounding."""
    largest = np.max([np.abs(rows).max(axis=0) for rows in domains], axis=0)
    return np.where(spread > 1e-12 * largest, spread, 1.0)


def unit_of_all(spread: np.ndarray) -> np.ndarray:
    """Return the same divisor for all columns, the root of their mean variance, or 1 where all are constant."""
    size = float(np.sqrt(np.mean(spread**2)))
    return np.full_like(spread, size if size > 0 else 1.0)


def warn_if_few_rows_count(weights: np.ndarray) -> None:
    """Warn where the effective sample size is below 5 % of the rows; the warning points at the caller's caller."""
    size = float(weights.sum() ** 2 / np.square(weights).sum())
    if size < 0.05 * len(weights):
        warnings.warn(
            f"These weights are worth {size:.1f} of {len(weights)} rows (effective sample size, {size / len(weights):.1%}). What is fitted "
            "with them follows a few rows. Equal weights are often better then. Also try `limit=` (of classifier_weights), "
            "`one_unit=True` for columns of one unit such as pixels, or fewer columns.",
            stacklevel=3,
        )


def domain_classifier(strength: float = 1.0) -> Any:
    """Build a logistic regression on standardised features; `strength` is the inverse of its L2 penalty (scikit-learn's `C`)."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    require_number("strength", strength, above=0)
    return make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=2000))


def balanced_halves(
    source: np.ndarray, target: np.ndarray, seed: int
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Draw as many rows of each domain and cut them into two halves `(rows, domain)`; domain 0 is the source, 1 the target."""
    rng = np.random.default_rng(seed)
    half = min(len(source), len(target)) // 2
    drawn = [rng.permutation(len(rows))[: 2 * half] for rows in (source, target)]
    domain = np.repeat([0, 1], half)
    first, second = (
        (np.concatenate([source[drawn[0][part]], target[drawn[1][part]]]), domain)
        for part in (slice(None, half), slice(half, None))
    )
    return first, second
