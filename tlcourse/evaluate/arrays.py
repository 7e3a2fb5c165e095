"""Turning what callers hand over into arrays of the expected shape, or into a message that says what is wrong."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def as_labels(name: str, labels: ArrayLike) -> np.ndarray:
    """Return `labels` as a 1-D array of whole numbers, 0 or more."""
    array = np.asarray(labels)
    if array.ndim == 2 and array.shape[1] > 1:
        raise ValueError(
            f"`{name}` must be one whole number per example. Received: shape {array.shape}, which looks one-hot or like "
            f"probabilities. Turn it into class numbers first: {name}.argmax(axis=1)"
        )
    if array.ndim != 1:
        raise ValueError(f"`{name}` must have one dimension. Received: shape {array.shape}.")
    if not len(array):
        raise ValueError(f"`{name}` must hold at least one example. Received none.")
    if not np.issubdtype(array.dtype, np.integer):
        raise ValueError(f"`{name}` must hold whole numbers (class numbers). Received: dtype={array.dtype}.")
    if array.min() < 0:
        raise ValueError(f"`{name}` must hold class numbers, 0 or more. Received: {array.min()}.")
    return array


def as_numbers(name: str, values: ArrayLike, dimensions: int) -> np.ndarray:
    """Return `values` as a float array of so many dimensions without missing or infinite values."""
    array = np.asarray(values)
    if not (np.issubdtype(array.dtype, np.number) or array.dtype == bool):
        raise ValueError(f"`{name}` must hold numbers. Received: dtype={array.dtype}.")
    if array.ndim != dimensions:
        raise ValueError(f"`{name}` must have {dimensions} dimension{'s'[: dimensions - 1]}. Received: shape {array.shape}.")
    if not array.size:
        raise ValueError(f"`{name}` must not be empty. Received: shape {array.shape}.")
    if not np.isfinite(array).all():
        raise ValueError(
            f"`{name}` must be finite. Received: {np.count_nonzero(~np.isfinite(array))} missing or infinite values."
        )
    return array if np.issubdtype(array.dtype, np.floating) else array.astype(float)


def require_same_length(**arrays: np.ndarray) -> None:
    """Raise `ValueError` unless all arrays have the same first dimension."""
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        names = " and ".join(f"`{name}`" for name in lengths)
        received = ", ".join(f"len({name})={length}" for name, length in lengths.items())
        raise ValueError(f"{names} must be equally long. Received: {received}.")


def require_confidence(confidence: float) -> None:
    """Raise `ValueError` unless `confidence` is a share between 0 and 1."""
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"`confidence` must lie between 0 and 1, such as 0.95. Received: confidence={confidence!r}.")
