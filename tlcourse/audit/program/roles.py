"""What a set of examples is, told by how a program uses it: for training, for validation, or as a test at the end."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

_TEST_WORDS = ("test", "holdout", "hold_out", "heldout", "held_out", "unseen", "final")


def is_same_data(one: Any, other: Any) -> bool:
    """Tell whether two arguments of Keras are the same data: one object, the same memory, or pairs of these.

    Args:
        one: What was given as `x`, or `(x, y)`.
        other: The same of another call.
    """
    if one is None or other is None:
        return False
    if one is other:
        return True
    if isinstance(one, tuple | list) and isinstance(other, tuple | list):
        return len(one) > 0 and len(other) > 0 and is_same_data(one[0], other[0])  # labels may be left out or encoded again
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(is_same_data(one[name], other[name]) for name in one)
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return _place(one) == _place(other)
    return False


def names_a_test_set(code: str, line: int) -> bool:
    """Tell whether the call of `evaluate` that is executed at a line calls its data a test set, such as `x_test`.

    Args:
        code: The program, or a cell of it.
        line: A line of the call, counted from 1.
    """
    try:
        calls = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]
    except SyntaxError:
        return True  # what cannot be read is judged as before
    for call in calls:
        if getattr(call.func, "attr", "") == "evaluate" and call.lineno <= line <= (call.end_lineno or call.lineno):
            given = [*call.args, *(keyword.value for keyword in call.keywords)]
            return any(_is_test_word(node) for argument in given for node in ast.walk(argument))
    return False


def _is_test_word(node: ast.AST) -> bool:
    said = getattr(node, "id", None) or getattr(node, "attr", None) or getattr(node, "value", None)
    return isinstance(said, str) and any(word in said.lower() for word in _TEST_WORDS)


def _place(array: np.ndarray) -> tuple[Any, ...]:
    """Return where an array lies in memory and how it is read."""
    return array.__array_interface__["data"][0], array.shape, array.strides, array.dtype.str
