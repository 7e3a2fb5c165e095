"""From the verdicts of a task's cases to the result of the task."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from tlcourse.checks import EARNED, NOT_EARNED, UNJUDGED, Task, Verdict, clean, could_not_judge

ONLY_VISIBLE = "visible-case-only"
ONLY_VISIBLE_MEANS = (
    "The answer is right for the data of the check in the notebook and wrong for other data drawn in the same way. Is a number "
    "from the notebook's data written down in it?"
)
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{4,}")


def merge(task: Task, verdicts: Sequence[Verdict], visible: int) -> dict[str, Any]:
    """Return the result of one task, which is earned when all its cases are.

    The message of a hidden case goes into the result without its numbers, so what is expected there stays hidden.

    Args:
        verdicts: One per case, visible cases first.
        visible: Number of visible cases.
    """
    worst = next((i for i, v in enumerate(verdicts) if v.outcome == NOT_EARNED), None)
    if worst is None:
        worst = next((i for i, v in enumerate(verdicts) if v.outcome == UNJUDGED), 0)
    verdict = verdicts[worst] if verdicts else could_not_judge("No case of this task was tried.")
    misconception, message = verdict.misconception, verdict.message
    expected, received = verdict.expected, verdict.received
    explanation = task.explain(misconception) if misconception else ""
    if worst >= visible and verdict.outcome != EARNED:
        expected = received = ""
        if visible and verdict.outcome == NOT_EARNED:
            message = f"The check in the notebook passes, but the answer fails on hidden data. {_without_numbers(message)}"
            if misconception is None:
                misconception, explanation = ONLY_VISIBLE, ONLY_VISIBLE_MEANS
        else:
            message = _without_numbers(message)
    return {
        "task": task.id,
        "title": task.title,
        "outcome": verdict.outcome,
        "points": task.points if verdict.outcome == EARNED else 0,
        "max_points": task.points,
        "message": _steady(message),
        "expected": _steady(expected),
        "received": _steady(received),
        "misconception": misconception,
        "explanation": explanation,
        "cases": [v.outcome for v in verdicts],
    }


def needs_review(record: dict[str, Any]) -> list[tuple[str, str]]:
    """Return `(task, reason)` of every task that could not be judged."""
    return [(result["task"], result["message"]) for result in record["results"] if result["outcome"] == UNJUDGED]


def _without_numbers(message: str) -> str:
    return re.sub(r"(?<![\w`])[-+]?\d+(?:[.,]\d+)*(?:e[-+]?\d+)?", "…", message)


def _steady(text: str) -> str:
    """Return text safe to print, without what differs from run to run: addresses of objects."""
    return _ADDRESS.sub("0x…", clean(text))
