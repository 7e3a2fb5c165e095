"""Run one submission in workers, one after the other, each without what killed those before. Judges nothing."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from tlcourse.grading.cases import TaskCases
from tlcourse.grading.evidence import Evidence
from tlcourse.grading.master import needs_frameworks
from tlcourse.grading.sandbox.backends import Sandbox
from tlcourse.grading.sandbox.launch import Launch, launch

_MAX_STARTS = 24


class MachineFault(RuntimeError):  # noqa: N818 - a fault of the machine that grades, never of a submission
    """A worker did not start, so nothing can be said about the submission."""


def run_passes(
    submission: bytes, tasks: Sequence[TaskCases], sandbox: Sandbox, end: float, *, after: Evidence | None = None
) -> Evidence:
    """Start workers until every task was tried or time is up.

    Args:
        submission: The submission.
        tasks: What to try.
        sandbox: The back end.
        end: When time is up, on the clock of `time.monotonic`.
        after: Evidence over the visible cases, when these are over and the hidden ones come.

    Raises:
        MachineFault: If a worker did not start.
    """
    evidence = Evidence(tasks, hidden=after is not None, dead_cells=after.dead_cells if after else None)
    for _ in range(_MAX_STARTS):
        left, seconds = evidence.left, end - time.monotonic()
        if not left or seconds <= 0 or evidence.refused:
            break
        done = launch(sandbox, _job(submission, left, evidence, sandbox), seconds)
        located = evidence.take(done.events)
        if done.ended != "end":
            _blame(done, located, evidence)
            if time.monotonic() >= end:
                evidence.close_left("late")
        elif not evidence.refused:
            evidence.tried |= {task.id for task in left}
    return evidence


def _job(submission: bytes, left: Sequence[TaskCases], evidence: Evidence, sandbox: Sandbox) -> dict[str, Any]:
    """Return what one worker is given: the submission, and of each task what may enter the sandbox."""
    return {
        "submission": np.frombuffer(submission, dtype=np.uint8),
        "tasks": [
            {
                "id": task.id,
                "probe_of": task.probe_of,
                "released": vars(task.released),
                "inputs": [task.cases[number].inputs for number in evidence.numbers[task.id]],
            }
            for task in left
        ],
        "numbers": {task.id: evidence.numbers[task.id] for task in left},
        "skip_cells": sorted(evidence.dead_cells),
        "limits": sandbox.limits.for_worker(),
        "own_pids": sandbox.own_pids,
        "frameworks": any(needs_frameworks(task.task) for task in left),
    }


def _blame(done: Launch, located: bool, evidence: Evidence) -> None:
    """Note what a worker died of, so the next one goes without it."""
    how = f"malformed: {done.detail}" if done.ended == "malformed" else done.ended
    how = f"exit {done.detail}" if how == "died" else how
    current = done.current or {}
    if not located or current.get("event") == "located":  # nothing of the submission has run
        raise MachineFault(f"The sandbox did not start ({how}). {done.words[-300:]}".strip())
    if current.get("event") == "probe" and current["task"] in {task.id for task in evidence.left}:
        evidence.close(current["task"], how)
        evidence.records[current["task"]].clear()
    elif current.get("event") == "cell" and current["number"] not in evidence.dead_cells:
        evidence.dead_cells[current["number"]] = how
        evidence.notes.append(f"Cell {current['number']} was left out because it did not finish ({how}).")
    else:  # between two steps: it cannot be said which of the tasks that are left died
        evidence.close_left(f"malformed: The process ended between two steps ({how}).")
