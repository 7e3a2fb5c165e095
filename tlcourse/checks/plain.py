"""Turn whatever a probe returns into plain data, so that nothing a learner made is judged as an object.

The rules look at `type(value)` alone (`value.__class__` can lie), and read containers through the base class, so that no
method of a learner's subclass runs here.
"""

from __future__ import annotations

import unicodedata
from typing import Any

import numpy as np

MAX_DEPTH = 16
MAX_VALUES = 200_000
MAX_BYTES = 256 * 2**20
_INTEGER_LIMIT = 2**127
_SCALARS = frozenset(np.dtype(code).type for code in "?bhilqBHILQefd")


class NotPlainError(ValueError):
    """Evidence is no plain data, or more of it than the limits allow."""


def plain(evidence: Any) -> Any:
    """Return a copy of `evidence` made of None, bool, int, float, str, list, dict and NumPy arrays alone.

    Tuples become lists. NumPy scalars become Python numbers. Arrays keep their dtype, which must be boolean, integer, float
    or text.

    Args:
        evidence: What a probe returned.

    Raises:
        NotPlainError: If something else is in it, or it is too deep (16 levels), too long (200 000 values outside arrays), or
            too large (256 MiB).
    """
    return _Copier().copy(evidence, 0)


class _Copier:
    def __init__(self) -> None:
        self.values = 0
        self.size = 0

    def copy(self, value: Any, depth: int) -> Any:
        kind = type(value)
        if depth > MAX_DEPTH:
            raise NotPlainError(f"The data is nested deeper than {MAX_DEPTH} levels.")
        self._count(1, 8)
        if value is None or kind is bool:
            return value
        if kind in _SCALARS:
            return value.item()
        if issubclass(kind, np.ndarray):
            return self._array(value)
        if issubclass(kind, str):
            self._count(0, 4 * str.__len__(value))
            return str.__str__(value)
        if issubclass(kind, int):
            return self._integer(int.__int__(value))
        if issubclass(kind, float):
            return float.__float__(value)
        if issubclass(kind, list):
            return [self.copy(item, depth + 1) for item in list.__iter__(value)]
        if issubclass(kind, tuple):
            return [self.copy(item, depth + 1) for item in tuple.__iter__(value)]
        if issubclass(kind, dict):
            return {self._key(key): self.copy(item, depth + 1) for key, item in dict.items(value)}
        raise NotPlainError(
            f"It holds a value of type {clean(kind.__name__, 80)}, which is neither a number, text, list nor array."
        )

    def _count(self, values: int, size: int) -> None:
        self.values += values
        self.size += size
        if self.values > MAX_VALUES:
            raise NotPlainError(f"It holds more than {MAX_VALUES} values.")
        if self.size > MAX_BYTES:
            raise NotPlainError(f"It holds more than {MAX_BYTES // 2**20} MiB.")

    def _array(self, value: np.ndarray) -> np.ndarray:
        dtype = np.ndarray.dtype.__get__(value)  # not value.dtype, which a subclass may fake
        if dtype.kind not in "biufU":
            raise NotPlainError(f"It holds an array of dtype {dtype}; expected booleans, integers, floats or text.")
        self._count(0, np.ndarray.nbytes.__get__(value))
        return np.array(value, copy=True, subok=False, order="C")

    @staticmethod
    def _integer(value: int) -> int:
        if abs(value) >= _INTEGER_LIMIT:
            raise NotPlainError("It holds an integer beyond 127 bits.")
        return value

    def _key(self, key: Any) -> str:
        if not issubclass(type(key), str):
            raise NotPlainError(f"It holds a dict whose key is of type {clean(type(key).__name__, 80)}; expected text.")
        self._count(0, 4 * str.__len__(key))
        return str.__str__(key)


def clean(text: str, limit: int = 600) -> str:
    """Return `text` safe to print: control and formatting characters made visible, cut at `limit` characters.

    Args:
        text: Any text.
        limit: Longest text that is kept whole.
    """
    text = str.__str__(text)
    cut = text if len(text) <= limit else text[:limit] + " ... (cut)"
    return "".join(c if c == "\n" or unicodedata.category(c)[0] != "C" else c.encode("unicode_escape").decode() for c in cut)


def show(value: Any, limit: int = 200) -> str:
    """Return plain data as one short line for "expected" and "received".

    Args:
        value: Plain data.
        limit: Longest line that is kept whole.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, np.ndarray):
        if value.size > 12:
            return f"an array of shape {value.shape}, dtype {value.dtype}"
        value = value.tolist()
    if isinstance(value, list):
        return clean("[" + ", ".join(show(item, limit) for item in value[:12]) + (", ...]" if len(value) > 12 else "]"), limit)
    return clean(repr(value), limit)
