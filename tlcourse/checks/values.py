"""Read what an answer gave back: `array_of` in probes, `need_...` in judges. A misfit ends as "not earned", in words."""

from __future__ import annotations

from typing import Any

import numpy as np

from tlcourse.checks.plain import clean, show
from tlcourse.checks.task import Verdict, not_earned


class Mismatch(Exception):  # noqa: N818 - an answer that does not fit is no error of the program
    """An answer gave back something of the wrong kind or shape. Carries the verdict.

    Args:
        verdict: The verdict, "not earned".
    """

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.message)
        self.verdict = verdict


def array_of(value: Any, what: str) -> np.ndarray:
    """Turn an array-like result (list, tensor, memory map) into a plain array; for probes.

    Args:
        value: What the learner's code returned.
        what: Its name in feedback, such as `"the labels"`.

    Raises:
        Mismatch: If it is no array of numbers or text.
    """
    expected = "an array of numbers"
    if value is None:
        raise Mismatch(
            not_earned(f"There is nothing in {what}.", expected=expected, received="None", misconception="nothing-returned")
        )
    try:
        array = np.array(value, copy=True, subok=False)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a learner's object runs its own code here
        raise Mismatch(_misfit(what, expected, value)) from error
    if array.dtype.kind not in "biufU":
        raise Mismatch(_misfit(what, expected, value))
    return array


def need_array(value: Any, what: str, *, shape: tuple[int | None, ...] | None = None, kinds: str = "biuf") -> np.ndarray:
    """Return evidence as an array with the stated shape and dtype kinds; for judges.

    Args:
        value: A piece of evidence (plain data).
        what: Its name in feedback.
        shape: Expected shape; None stands for any length along that axis.
        kinds: Allowed NumPy dtype kinds; `"iu"` for whole numbers, `"b"` for True and False.

    Raises:
        Mismatch: If it is no such array.
    """
    words = {"b": "True/False", "i": "whole numbers", "u": "", "f": "numbers", "U": "text"}
    sort = " or ".join(dict.fromkeys(words[kind] for kind in kinds if words[kind]))
    expected = f"an array of {sort}" + (
        "" if shape is None else f", shape ({', '.join('any' if n is None else str(n) for n in shape)})"
    )
    try:
        array = np.asarray(value)
    except ValueError as error:  # a ragged list
        raise Mismatch(_misfit(what, expected, value)) from error
    fits = shape is None or (array.ndim == len(shape) and all(n in (None, m) for n, m in zip(shape, array.shape, strict=True)))
    if array.dtype.kind not in kinds or not fits:
        raise Mismatch(_misfit(what, expected, value if array.dtype.kind == "O" else array))
    return array


def need_number(value: Any, what: str) -> float:
    """Return evidence as a finite float; for judges.

    Args:
        value: A piece of evidence (plain data).
        what: Its name in feedback.

    Raises:
        Mismatch: If it is no finite number.
    """
    array = np.asarray(value) if isinstance(value, bool | int | float | np.ndarray) else None
    if array is None or array.size != 1 or array.dtype.kind not in "biuf" or not np.isfinite(array).all():
        raise Mismatch(_misfit(what, "one finite number", value))
    return float(array.item())


def _misfit(what: str, expected: str, value: Any) -> Verdict:
    if value is None:
        return not_earned(f"There is nothing in {what}.", expected=expected, received="None", misconception="nothing-returned")
    plain_kinds = (bool, int, float, str, list, np.ndarray)
    received = show(value) if type(value) in plain_kinds else f"a value of type {clean(type(value).__name__, 80)}"
    return not_earned(f"{what[0].upper()}{what[1:]} has the wrong form.", expected=expected, received=received)
