"""`check` and `hint`: what a learner calls, and what this process remembers of it."""

from __future__ import annotations

import os
import sys
from typing import Any, TypeVar

from tlcourse.checks.feedback import CheckFailed, Feedback, Hint, Shown, Unfilled
from tlcourse.checks.run import run_task
from tlcourse.checks.task import EARNED, PUBLIC_SEED
from tlcourse.tasks import find_task, journal

_Result = TypeVar("_Result", bound=Shown)
_tried: dict[str, dict[str, Any]] = {}
_said: set[str] = set()  # what is said once


def check(task_id: str, answer: Any) -> Feedback | Unfilled:
    """Judge one answer on the public case and say in words what was found.

    Args:
        task_id: The task's number in quotes, such as `"2.1"`.
        answer: What the task asks for, mostly the function itself (without brackets).

    Returns:
        `Feedback`, which shows itself wherever in a cell it is made; `feedback.earned` is True or False. `Unfilled`, one line, where
        the task was not begun: the cells below go on.

    Raises:
        NotImplementedError: If the task is not filled in yet, and the environment variable `TLCOURSE_CHECK` is `raise`.
        CheckFailed: If not earned, and the environment variable `TLCOURSE_CHECK` is `raise`.
        TypeError, ValueError: If there is no such task.

    Example:
        >>> def count_batches(images, batch_size):
        ...     return images // batch_size
        >>> feedback = tlcourse.check("2.1", count_batches)
        >>> feedback.earned
        False
    """
    task = find_task(task_id)
    verdict, record = run_task(task, answer, PUBLIC_SEED)
    strict = os.environ.get("TLCOURSE_CHECK") == "raise"
    if record["status"] == "stub":
        if strict:
            raise NotImplementedError(record["text"])
        return _shown(Unfilled(task.id, task.title))
    entry = _entry(task_id)
    entry["attempts"] += 1
    feedback = Feedback.of(task, verdict, entry["attempts"], entry["hints"])
    if entry["outcome"] != EARNED:
        entry["outcome"] = feedback.outcome
    _note(task_id, outcome=feedback.outcome)
    if strict and not feedback.earned:
        raise CheckFailed(str(feedback))
    return _shown(feedback)


def hint(task_id: str, step: int | None = None) -> Hint:
    """Reveal the next step of a task's hint ladder: nudge, pointer, a line of a similar answer. The last step repeats.

    Args:
        task_id: The task's number in quotes, such as `"2.1"`.
        step: A step that was shown already, from 1, to see it again. Default: the next one.

    Raises:
        TypeError, ValueError: If there is no such task, or the step was not shown yet.

    Example:
        >>> print(tlcourse.hint("2.1"))
        Hint ... of 3 for task 2.1: ...
    """
    task = find_task(task_id)
    entry = _entry(task_id)
    if step is None:
        step = entry["hints"] = min(entry["hints"] + 1, len(task.hints))
        _note(task_id, hint=step)
    elif type(step) is not int or not 1 <= step <= entry["hints"]:
        seen = f"Steps 1 to {entry['hints']} were shown" if entry["hints"] else "No hint was shown"
        raise ValueError(f'{seen} until now. Run hint("{task_id}") for the next one. Received: step={step!r}.')
    return _shown(Hint(task_id, step, task.hints[step - 1]))


def _note(task_id: str, **what: Any) -> None:
    problem = journal.note(task_id, **what)
    if problem and problem not in _said:
        _said.add(problem)
        print(problem, file=sys.stderr)


def _shown(result: _Result) -> _Result:
    result.show()
    return result


def _entry(task_id: str) -> dict[str, Any]:
    return _tried.setdefault(task_id, {"outcome": None, "attempts": 0, "hints": 0})
