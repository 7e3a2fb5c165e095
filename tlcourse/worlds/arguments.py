"""Checks of arguments that the generators share."""

from __future__ import annotations

import numpy as np


def require_integer(name: str, value: int, low: int, high: int | None = None) -> None:
    """Raise `ValueError` unless `value` is a whole number from `low` to `high`."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise ValueError(f"`{name}` must be a whole number. Received: {name}={value!r}.")
    if value < low or (high is not None and value > high):
        span = f"{low} or more" if high is None else f"between {low} and {high}"
        raise ValueError(f"`{name}` must be {span}. Received: {name}={value!r}.")


def require_range(name: str, value: float, low: float, high: float) -> None:
    """Raise `ValueError` unless `value` lies between `low` and `high`."""
    if not low <= value <= high:
        raise ValueError(f"`{name}` must lie between {low:g} and {high:g}. Received: {name}={value!r}.")
