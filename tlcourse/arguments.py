"""Check arguments, and say what is wrong with them in one form: what was expected, then `Received: name=value.`"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sized
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike


def require_whole(name: str, value: Any, low: int, high: int | None = None) -> None:
    """Raise unless `value` is a whole number from `low` to `high`.

    Args:
        name: Name of the argument, for the message.
        value: What was passed.
        low: Smallest number allowed.
        high: Largest number allowed; None for no limit.

    Raises:
        ValueError: If `value` is no whole number or is out of range. `True` and `2.0` are no whole numbers.
    """
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise ValueError(f"`{name}` must be a whole number. Received: {name}={value!r}.")
    if int(value) < low or (high is not None and int(value) > high):
        span = f"be {low} or more" if high is None else f"lie between {low} and {high}"
        raise ValueError(f"`{name}` must {span}. Received: {name}={value!r}.")


def require_number(
    name: str,
    value: Any,
    low: float | None = None,
    high: float | None = None,
    *,
    above: float | None = None,
    below: float | None = None,
) -> None:
    """Raise unless `value` is a finite number inside the limits.

    `require_number("rate", rate, 0, 1)` allows 0 and 1; `require_number("rate", rate, above=0, below=1)` does not.

    Args:
        name: Name of the argument, for the message.
        value: What was passed.
        low: Smallest number allowed.
        high: Largest number allowed.
        above: Limit below, itself not allowed.
        below: Limit above, itself not allowed.

    Raises:
        ValueError: If `value` is no number, NaN, infinite or out of range.
    """
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise ValueError(f"`{name}` must be a finite number. Received: {name}={value!r}.")
    number = float(value)
    inside = (
        (low is None or number >= low)
        and (high is None or number <= high)
        and (above is None or number > above)
        and (below is None or number < below)
    )
    if not inside:
        raise ValueError(f"`{name}` must {_span(low, high, above, below)}. Received: {name}={value!r}.")


def require_one_of(name: str, value: Any, allowed: Iterable[Any]) -> None:
    """Raise unless `value` is one of `allowed`.

    Raises:
        ValueError: If it is none of them; the message lists them.
    """
    values = list(allowed)
    if not any(type(value) is type(one) and value == one for one in values):
        raise ValueError(f"`{name}` must be one of {', '.join(map(repr, values))}. Received: {name}={value!r}.")


def require_same_length(**arrays: Sized) -> None:
    """Raise unless all arguments have the same length: `require_same_length(features=features, labels=labels)`.

    Raises:
        ValueError: If two of them differ.
    """
    (first, expected), *others = ((name, len(array)) for name, array in arrays.items())
    for name, length in others:
        if length != expected:
            raise ValueError(
                f"`{first}` and `{name}` must be equally long. Received: len({first})={expected}, len({name})={length}."
            )


def require_length(name: str, values: ArrayLike, expected: int, per: str) -> None:
    """Raise unless `values` has one entry for each `per`, such as "class" or "image".

    Raises:
        ValueError: If it has more or fewer than `expected`.
    """
    received = len(np.asarray(values))
    if received != expected:
        raise ValueError(f"`{name}` must have one entry per {per} ({expected}). Received: len({name})={received}.")


def as_labels(name: str, labels: ArrayLike) -> np.ndarray:
    """Return `labels` as an array `(n,)` of whole numbers, 0 or more.

    Raises:
        ValueError: If they are one-hot, no whole numbers, below 0, or none.
    """
    array = np.asarray(labels)
    if array.ndim == 2 and array.shape[1] > 1:
        raise ValueError(
            f"`{name}` must be one whole number per example. These look one-hot or like probabilities; turn them into class "
            f"numbers first: {name}.argmax(axis=1). Received: {name}.shape={array.shape}."
        )
    if array.ndim != 1:
        raise ValueError(f"`{name}` must have one dimension. Received: {name}.shape={array.shape}.")
    if not len(array):
        raise ValueError(f"`{name}` must hold at least one example. Received: {name}.shape={array.shape}.")
    if not np.issubdtype(array.dtype, np.integer):
        raise ValueError(f"`{name}` must hold whole numbers (class numbers). Received: {name}.dtype={array.dtype}.")
    if array.min() < 0:
        raise ValueError(f"`{name}` must hold class numbers, 0 or more. Received: {name}.min()={array.min()}.")
    return array


def as_numbers(name: str, values: ArrayLike, *dimensions: int) -> np.ndarray:
    """Return `values` as an array of floats that has one of these numbers of dimensions, without missing or infinite values.

    Raises:
        ValueError: If they are no numbers, have other dimensions, are none, or some are NaN or infinite.
    """
    array = np.asarray(values)
    if array.dtype.name == "bfloat16":  # NumPy does not count this type of TensorFlow and JAX as a number
        array = array.astype(np.float32)
    if not (np.issubdtype(array.dtype, np.number) or array.dtype == bool):
        raise ValueError(f"`{name}` must hold numbers. Received: {name}.dtype={array.dtype}.")
    if array.ndim not in dimensions:
        wanted = " or ".join(map(str, dimensions))
        plural = "" if dimensions == (1,) else "s"
        raise ValueError(f"`{name}` must have {wanted} dimension{plural}. Received: {name}.shape={array.shape}.")
    if not array.size:
        raise ValueError(f"`{name}` must not be empty. Received: {name}.shape={array.shape}.")
    if not np.isfinite(array).all():
        count = np.count_nonzero(~np.isfinite(array))
        raise ValueError(f"`{name}` must be finite. Received: {name}=an array with {count} missing or infinite values.")
    return array if np.issubdtype(array.dtype, np.floating) else array.astype(float)


def as_features(name: str, features: ArrayLike) -> np.ndarray:
    """Return `features` as floats `(examples, features)`.

    Raises:
        ValueError: If they are no finite numbers of that shape. Feature maps `(n, height, width, channels)` are named as such.
    """
    if np.ndim(features) == 4:
        raise ValueError(
            f"`{name}` must have shape (examples, features). These look like feature maps; average over the image first: "
            f"{name}.mean(axis=(1, 2)). Received: {name}.shape={np.shape(features)}."
        )
    return as_numbers(name, features, 2)


def as_probabilities(name: str, values: ArrayLike) -> np.ndarray:
    """Return `values` as float64 probabilities `(n, classes)` whose rows sum to 1.

    What a network computes in 16 bits sums to 1 within its rounding only; each row is divided by its sum.

    Raises:
        ValueError: If they are no finite numbers of that shape, some are negative, or a row does not sum to 1.
    """
    kind = getattr(getattr(values, "dtype", None), "name", "")
    table = as_numbers(name, values, 2).astype(np.float64)
    sums = table.sum(axis=1)
    if table.min() < 0 or np.abs(sums - 1.0).max() > (1e-2 if kind in ("bfloat16", "float16") else 1e-3):
        raise ValueError(
            f"Each row of `{name}` must hold numbers of 0 or more that sum to 1. Turn logits into probabilities first: "
            f"`keras.ops.softmax(logits)`. Received: {name}.min()={table.min():.3g}, "
            f"{name}.sum(axis=1)={sums.min():.3g} to {sums.max():.3g}."
        )
    return np.asarray(table / sums[:, None])


def _span(low: float | None, high: float | None, above: float | None, below: float | None) -> str:
    if low is not None and high is not None:
        return f"lie between {low:g} and {high:g}"
    if above is not None and below is not None:
        return f"lie between {above:g} and {below:g}, neither of them allowed"
    parts = (("be {:g} or more", low), ("be above {:g}", above), ("be at most {:g}", high), ("be below {:g}", below))
    return " and ".join(text.format(limit) for text, limit in parts if limit is not None)
