"""What a detector is: the ids of its findings, and the function that makes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tlcourse.audit.context import Context
from tlcourse.audit.report import Finding, NotChecked


@dataclass(frozen=True)
class Detector:
    """A check for one kind of mistake.

    Args:
        ids: Ids of the findings that it can make. An id that it neither finds nor reports as not checked counts as passed.
        check: `check(context)` yields findings, and `NotChecked` rows for what it could not check. It may raise
            `CannotCheckError` with the reason instead; any other error becomes `NotChecked` too.
    """

    ids: tuple[str, ...]
    check: Callable[[Context], Iterable[Finding | NotChecked]]
