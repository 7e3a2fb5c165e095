"""What a detector is: ids that it answers for, and a function that looks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tlcourse.audit.context import Context
from tlcourse.audit.report import Finding, NotChecked


@dataclass(frozen=True)
class Detector:
    """A check of one thing.

    Args:
        ids: Of the findings that it can make. What it neither finds nor names as not checked counts as passed.
        check: `check(context)` yields findings, and `NotChecked` rows for what it could not look at. It may raise
            `CannotCheckError` with the reason instead; any other error becomes `NotChecked` too.
    """

    ids: tuple[str, ...]
    check: Callable[[Context], Iterable[Finding | NotChecked]]
