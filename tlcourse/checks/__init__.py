"""Graded tasks: `check("2.1", answer)` says in words what was found, `hint("2.1")` helps one step at a time.

How a task is written is told in `docs/checks.md`. Nothing here imports TensorFlow; tasks that need it do so in their probe.
"""

from __future__ import annotations

from tlcourse.checks.feedback import CheckFailed, Feedback, Hint, Shown, Unfilled
from tlcourse.checks.plain import NotPlainError, clean, plain, show
from tlcourse.checks.run import CheckFault, call, collect, conclude, describe, draw, run_task
from tlcourse.checks.task import (
    EARNED,
    NOT_EARNED,
    PUBLIC_SEED,
    UNJUDGED,
    Case,
    Task,
    Verdict,
    could_not_judge,
    earned,
    lesson_of,
    not_earned,
)
from tlcourse.checks.values import Mismatch, array_of, need_array, need_number
from tlcourse.checks.wire import WireError, from_wire, to_wire

__all__ = [
    "EARNED",
    "NOT_EARNED",
    "PUBLIC_SEED",
    "UNJUDGED",
    "Case",
    "CheckFailed",
    "CheckFault",
    "Feedback",
    "Hint",
    "Mismatch",
    "NotPlainError",
    "Shown",
    "Task",
    "Unfilled",
    "Verdict",
    "WireError",
    "array_of",
    "call",
    "clean",
    "collect",
    "conclude",
    "could_not_judge",
    "describe",
    "draw",
    "earned",
    "from_wire",
    "lesson_of",
    "need_array",
    "need_number",
    "not_earned",
    "plain",
    "run_task",
    "show",
    "to_wire",
]
