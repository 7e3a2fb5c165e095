"""`check`, `hint` and `progress`: what a learner calls, and what this process remembers of it."""

from __future__ import annotations

import os
from typing import Any

from tlcourse.checks.feedback import CheckFailed, Feedback, Hint
from tlcourse.checks.run import run_task
from tlcourse.checks.task import EARNED, PUBLIC_SEED
from tlcourse.tasks import find_task

_progress: dict[str, dict[str, Any]] = {}


def check(task_id: str, answer: Any) -> Feedback:
    """Judge one answer on the public case and say in words what was found.

    Args:
        task_id: The task's number in quotes, such as `"2.1"`.
        answer: What the task asks for, mostly the function itself (without brackets).

    Returns:
        `Feedback`, which shows itself as the last line of a cell; `feedback.earned` is True or False.

    Raises:
        NotImplementedError: If the task is not filled in yet.
        CheckFailed: If not earned, and the environment variable `TLCOURSE_CHECK` is `raise`.
        TypeError, ValueError: If there is no such task.
    """
    task = find_task(task_id)
    verdict, record = run_task(task, answer, PUBLIC_SEED)
    if record["status"] == "stub":
        raise NotImplementedError(record["text"])
    entry = _entry(task_id)
    entry["attempts"] += 1
    feedback = Feedback.of(task, verdict, entry["attempts"], entry["hints"])
    if entry["outcome"] != EARNED:
        entry["outcome"] = feedback.outcome
    if os.environ.get("TLCOURSE_CHECK") == "raise" and not feedback.earned:
        raise CheckFailed(str(feedback))
    return feedback


def hint(task_id: str) -> Hint:
    """Reveal the next step of a task's hint ladder: nudge, pointer, worked line. The last step repeats."""
    task = find_task(task_id)
    entry = _entry(task_id)
    entry["hints"] = min(entry["hints"] + 1, len(task.hints))
    return Hint(task_id, entry["hints"], task.hints[entry["hints"] - 1])


def progress() -> dict[str, dict[str, Any]]:
    """Return what was tried since Python started: `{task: {"outcome", "attempts", "hints"}}`.

    `outcome` is None before the first check, and stays "earned" once it was.
    """
    return {task_id: dict(entry) for task_id, entry in _progress.items()}


def _entry(task_id: str) -> dict[str, Any]:
    return _progress.setdefault(task_id, {"outcome": None, "attempts": 0, "hints": 0})
