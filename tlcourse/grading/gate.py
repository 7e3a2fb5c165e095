"""The release gate: before a class is graded, answers that are known to be right or wrong are graded in the same way."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from tlcourse.checks import EARNED, NOT_EARNED
from tlcourse.checks.bank import Wrong
from tlcourse.grading.grade import Settings, record_key
from tlcourse.grading.master import Master, with_answers
from tlcourse.grading.pool import grade_all


def gate_key(master: Master, settings: Settings) -> str:
    """Return the digest of all that the gate depends on."""
    return hashlib.sha256(f"gate {record_key(master, b'', settings)}".encode()).hexdigest()


def run_gate(
    master: Master, settings: Settings, *, jobs: int = 1, on_progress: Callable[[int, int], None] = lambda done, total: None
) -> list[str]:
    """Return every known answer that this machine does not grade correctly. An empty list opens the gate.

    The solution must earn all points, the exercise as released none, and every wrong answer of the bank must lose its task and
    be named by its own misconception.

    Args:
        master: The exercise.
        settings: Settings of the class.
        jobs: Number of processes.
        on_progress: Called with `(answers done, answers in all)`.
    """
    rounds = _rounds(master)
    submissions = {"solution": master.solution, "as released": master.released}
    submissions |= {
        name: with_answers(master, {t: wrong.source for t, wrong in chosen.items()}) for name, chosen in rounds.items()
    }
    problems: dict[str, list[str]] = {}
    for done, (name, record, reason) in enumerate(grade_all(master, submissions, settings, jobs=jobs), start=1):
        on_progress(done, len(submissions))
        if record is None:
            problems[name] = [f"{name}: the grader stopped ({reason})"]
        elif name == "solution":
            problems[name] = [f"the solution: {_found(r)}" for r in record["results"] if r["outcome"] != EARNED]
        elif name == "as released":
            problems[name] = [f"the unfilled exercise: {_found(r)}" for r in record["results"] if r["outcome"] != NOT_EARNED]
        else:
            by_task = {result["task"]: result for result in record["results"]}
            problems[name] = [p for task, wrong in rounds[name].items() for p in _problem(wrong, by_task[task])]
    return [problem for name in submissions for problem in problems.get(name, [f"{name}: no result"])]


def _rounds(master: Master) -> dict[str, dict[str, Wrong]]:
    """Combine wrong answers, one of each task, so few notebooks hold them all."""
    public = {answer.task for answer in master.answers}
    banks = {task: bank.wrong for task, bank in master.bank.items() if task in public}
    most = max((len(wrong) for wrong in banks.values()), default=0)
    return {
        f"wrong answers, round {i + 1}": {task: wrong[i] for task, wrong in banks.items() if i < len(wrong)}
        for i in range(most)
    }


def _problem(wrong: Wrong, result: dict[str, Any]) -> list[str]:
    if result["outcome"] != NOT_EARNED:
        return [f"the wrong answer {wrong.name!r}: {_found(result)}"]
    if wrong.misconception and result["misconception"] != wrong.misconception:
        return [f"the wrong answer {wrong.name!r} was not named {wrong.misconception!r}: {_found(result)}"]
    return []


def _found(result: dict[str, Any]) -> str:
    named = f", named {result['misconception']!r}" if result["misconception"] else ""
    received = f" Received: {result['received'][:200]}" if result["received"] else ""
    return f"task {result['task']} was {result['outcome']}{named}. {result['message'][:300]}{received}"
