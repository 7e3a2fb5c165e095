"""One submission against one master gives one record: no database, no folders and no date in it."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import Any

from tlcourse.checks import EARNED, Verdict
from tlcourse.grading.cases import TaskCases, cases_of
from tlcourse.grading.evidence import Evidence
from tlcourse.grading.master import Master, case_seeds, environment, grader_version
from tlcourse.grading.outcomes import merge
from tlcourse.grading.passes import run_passes
from tlcourse.grading.reading.locate import BY_RUNNING, NOWHERE
from tlcourse.grading.sandbox.backends import Sandbox
from tlcourse.grading.verdicts import verdicts, visible_verdicts

_FORMAT = 1


@dataclass(frozen=True)
class Settings:
    """What is the same for a whole class.

    Args:
        secret: The instructor's seed, from which hidden cases are drawn.
        sandbox: The back end.
        hidden_cases: Hidden cases of each task, besides the visible one that `check` uses in a notebook.
    """

    secret: str
    sandbox: Sandbox
    hidden_cases: int = 1


def record_key(master: Master, submission: bytes, settings: Settings) -> str:
    """Return the digest of all that a record depends on: the same key, the same bytes."""
    parts = (
        str(_FORMAT),
        master.digest,
        hashlib.sha256(submission).hexdigest(),
        grader_version(),
        environment(),
        settings.secret,
        str(settings.hidden_cases),
        repr(sorted(settings.sandbox.describe().items(), key=lambda item: item[0])),
    )
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def grade(master: Master, submission: bytes, settings: Settings) -> dict[str, Any]:
    """Grade one submission.

    The submission runs in the sandbox, and what it computed is judged here. A part that dies is left out, and the rest is
    tried again without it. Hidden cases come last, in workers of their own: when their inputs leave this process, every worker
    whose texts learners read has ended.

    Args:
        master: The exercise.
        submission: The bytes of the notebook.
        settings: Seed, sandbox and number of hidden cases.

    Returns:
        The record, ready for JSON: key, digests, versions, what was in force, and one result per task.

    Raises:
        MachineFault: If the sandbox did not start. Nothing is known about the submission then.
    """
    tasks = cases_of(master, settings.secret, settings.hidden_cases)
    limits, end = settings.sandbox.limits, time.monotonic() + settings.sandbox.limits.notebook_seconds
    visible = run_passes(submission, tasks, settings.sandbox, end)
    first = {task.id: visible_verdicts(task, visible, limits) for task in tasks}
    good = [task for task in tasks if all(verdict.outcome == EARNED for verdict in first[task.id])]
    hidden = run_passes(submission, good, settings.sandbox, end, after=visible)
    results = [_result(task, [*first[task.id], *verdicts(task, hidden, limits)], visible) for task in tasks]
    return {
        "format": _FORMAT,
        "key": record_key(master, submission, settings),
        "master": master.digest,
        "topic": master.topic,
        "submission": hashlib.sha256(submission).hexdigest(),
        "grader": grader_version(),
        "environment": environment(),
        "sandbox": settings.sandbox.describe(),
        "seeds": {task.id: case_seeds(master, task.id, settings.secret, settings.hidden_cases) for task in tasks},
        "points": sum(result["points"] for result in results),
        "max_points": sum(result["max_points"] for result in results),
        "notes": visible.notes,
        "results": results,
    }


def _result(task: TaskCases, verdicts: list[Verdict], visible: Evidence) -> dict[str, Any]:
    """Return the result of a task, and how its answer was found."""
    found = visible.place_of(task)
    if found:
        by_running = found["how"] == NOWHERE and task.released.task in visible.tasks and not visible.missing(task.released.task)
        found = {"how": BY_RUNNING if by_running else found["how"], "cells": found["cells"], "notes": found["notes"]}
    return {**merge(task.task, verdicts, task.visible), "found": found}
