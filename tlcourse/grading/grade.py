"""The pure function at heart: one submission against one master gives one record. No database, no folders, no clock in it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tlcourse.checks import UNJUDGED, Case, CheckFault, Task, Verdict, could_not_judge, draw

from .launch import Launch, launch
from .locate import BY_RUNNING, NOWHERE, Released
from .master import Master, case_seeds, environment, grader_version, needs_frameworks
from .outcomes import died, judge_case, merge
from .sandbox import Sandbox

_MAX_STARTS = 24
_FORMAT = 1


class MachineFault(RuntimeError):  # noqa: N818 - a fault of the machine that grades, never of a submission
    """A worker did not come up, so that nothing can be said about the submission."""


@dataclass(frozen=True)
class Settings:
    """What is the same for a whole class.

    Args:
        secret: the instructor's seed, from which hidden cases are drawn.
        sandbox: the back end.
        hidden_cases: hidden cases of each task, beside the one that `check` shows in a notebook.
    """

    secret: str
    sandbox: Sandbox
    hidden_cases: int = 1


@dataclass
class _Open:
    """One task on its way to a result."""

    task: Task
    probe_of: str
    released: Released
    cases: list[Case]
    visible: int
    records: dict[int, dict[str, Any]]
    problem: str | None = None
    tried: bool = False


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

    The learner's code runs in the sandbox; what it computed is judged here. A part that dies is left out, and the rest is
    tried again without it.

    Args:
        master: the exercise.
        submission: the file.
        settings: seed, sandbox, number of hidden cases.

    Returns:
        The record, ready for JSON: key, digests, versions, what was in force, and one result per task.

    Raises:
        MachineFault: the sandbox did not come up. Nothing is known about the submission then.
    """
    tasks = _open_tasks(master, settings)
    state = _Passes(submission, tasks, settings.sandbox)
    state.run()
    if state.fault:
        raise MachineFault(state.fault)
    results = [_result(task, state) for task in tasks]
    return {
        "format": _FORMAT,
        "key": record_key(master, submission, settings),
        "master": master.digest,
        "topic": master.topic,
        "submission": hashlib.sha256(submission).hexdigest(),
        "grader": grader_version(),
        "environment": environment(),
        "sandbox": settings.sandbox.describe(),
        "seeds": {task.task.id: case_seeds(master, task.task.id, settings.secret, settings.hidden_cases) for task in tasks},
        "points": sum(result["points"] for result in results),
        "max_points": sum(result["max_points"] for result in results),
        "notes": state.notes,
        "results": results,
    }


def _open_tasks(master: Master, settings: Settings) -> list[_Open]:
    tasks = []
    for task in master.tasks.values():
        probe_of, released = master.probed_as(task)
        seeds = case_seeds(master, task.id, settings.secret, settings.hidden_cases)
        visible = len(seeds) - settings.hidden_cases
        try:
            tasks.append(_Open(task, probe_of, released, [_drawn(task, seed) for seed in seeds], visible, {}))
        except CheckFault as fault:
            tasks.append(_Open(task, probe_of, released, [], visible, {}, problem=f"fault: {fault}", tried=True))
    return tasks


_cases: dict[tuple[str, Any, int], Case] = {}


def _drawn(task: Task, seed: int) -> Case:
    """Draw a case, once in this process: some take seconds, and all submissions of a class get the same."""
    key = (task.id, task.make_case, seed)
    if key not in _cases:
        if len(_cases) >= 256:
            _cases.clear()
        _cases[key] = draw(task, seed)
    return _cases[key]


class _Passes:
    """Workers started one after the other for one submission, each without what killed those before."""

    def __init__(self, submission: bytes, tasks: Sequence[_Open], sandbox: Sandbox) -> None:
        self.submission, self.tasks, self.sandbox = submission, {task.task.id: task for task in tasks}, sandbox
        self.places: dict[str, dict[str, Any]] | None = None
        self.refused = ""
        self.fault = ""
        self.dead_cells: dict[int, str] = {}
        self.raised: dict[int, dict[str, Any]] = {}
        self.notes: list[str] = []

    def run(self) -> None:
        """Start workers until every task was tried, none is left to try, or time is up."""
        end = time.monotonic() + self.sandbox.limits.notebook_seconds
        for _ in range(_MAX_STARTS):
            left = [task for task in self.tasks.values() if not task.tried]
            seconds = end - time.monotonic()
            if not left or seconds <= 0 or self.refused or self.fault:
                return
            done = launch(self.sandbox, self._job(left), seconds)
            located = self._read(done)
            if done.ended != "end":
                self._blame(done, located, out_of_time=time.monotonic() >= end)
            elif not self.refused:
                for task in left:
                    task.tried = True

    def _job(self, left: Sequence[_Open]) -> dict[str, Any]:
        return {
            "notebook": np.frombuffer(self.submission, dtype=np.uint8),
            "tasks": [
                {
                    "id": task.task.id,
                    "probe_of": task.probe_of,
                    "released": vars(task.released),
                    "inputs": [case.inputs for case in task.cases],
                }
                for task in left
            ],
            "skip_cells": sorted(self.dead_cells),
            "skip_tasks": [],
            "limits": self.sandbox.limits.for_worker(),
            "own_pids": self.sandbox.own_pids,
            "frameworks": any(needs_frameworks(task.task) for task in left),
        }

    def _read(self, done: Launch) -> bool:
        """Take over what one worker sent; only its first word about places counts, since no learner's code ran before it."""
        located = False
        for event in done.events:
            kind = event["event"]
            if kind == "refused" and not located:
                self.refused = event["text"][:500]
            elif kind == "located" and not located:
                located = True
                if self.places is None:
                    self.places = event["places"]
                    self.notes = [str(note)[:300] for note in event["notes"]]
            elif kind == "raised" and located:
                self.raised[event["number"]] = event
            elif kind == "record" and located and event["task"] in self.tasks:
                task = self.tasks[event["task"]]
                if not task.tried and 0 <= event["case"] < len(task.cases):
                    task.records[event["case"]] = event["record"]
            elif kind == "tried" and located and event["task"] in self.tasks and not self.tasks[event["task"]].tried:
                self.tasks[event["task"]].tried = True
                self.tasks[event["task"]].problem = event["problem"][:40]
        return located

    def _blame(self, done: Launch, located: bool, *, out_of_time: bool) -> None:
        """Find what a worker died of, so that the next one goes without it."""
        how = f"malformed: {done.detail}" if done.ended == "malformed" else done.ended
        how = f"exit {done.detail}" if how == "died" else how
        current = done.current or {}
        if not located or current.get("event") == "located":  # none of the learner's code has run
            self.fault = f"The sandbox did not start ({how}). {done.words[-300:]}".strip()
        elif current.get("event") == "probe" and current["task"] in self.tasks and not self.tasks[current["task"]].tried:
            task = self.tasks[current["task"]]
            task.tried, task.problem = True, how
            task.records.clear()
        elif current.get("event") == "cell" and current["number"] not in self.dead_cells:
            self.dead_cells[current["number"]] = how
            self.notes.append(f"Cell {current['number']} was left out, because it did not come to its end ({how}).")
        else:  # between two steps: what was left open cannot be told from what died
            for task in self.tasks.values():
                if not task.tried:
                    task.tried, task.problem = True, f"malformed: The process ended between two steps ({how})."
        if out_of_time:
            for task in self.tasks.values():
                task.problem = "late" if not task.tried else task.problem
                task.tried = True


def _result(task: _Open, state: _Passes) -> dict[str, Any]:
    place = (state.places or {}).get(task.released.task)
    result = merge(task.task, _verdicts(task, state, place), task.visible)
    found = {"how": place["how"], "cells": place["cells"], "notes": place["notes"]} if place else None
    if found and found["how"] == NOWHERE and task.records and not _is_missing(task):
        found["how"] = BY_RUNNING
    return {**result, "found": found}


def _is_missing(task: _Open) -> bool:
    return task.records.get(0, {}).get("status", "missing") == "missing"


def _verdicts(task: _Open, state: _Passes, place: dict[str, Any] | None) -> list[Verdict]:
    limits = state.sandbox.limits
    if state.refused:
        return [could_not_judge(f"The notebook cannot be read. {state.refused}")]
    if (task.problem or "").startswith("fault: "):
        return [could_not_judge((task.problem or "").removeprefix("fault: "))]
    unknown = state.places and all(other["how"] == NOWHERE for other in state.places.values())
    if unknown and all(_is_missing(other) for other in state.tasks.values()):
        return [could_not_judge("No answer to any task of this exercise was found: is it the notebook of another one?")]
    if not task.tried or task.problem == "late":
        return [could_not_judge(f"The notebook used up its {limits.notebook_seconds:g} seconds before this task came.")]
    if task.problem:
        return [died(task.problem, limits.probe_seconds, limits.memory_mib, limits.processes)]
    dead = [state.dead_cells[number] for number in (place or {}).get("cells", []) if number in state.dead_cells]
    first = task.records.get(0)
    if first is None or (first.get("status") == "missing" and dead):
        return [died(dead[-1] if dead else "", limits.cell_seconds, limits.memory_mib, limits.processes)]
    if first.get("status") == "missing":
        return [judge_case(task.task, task.cases[0], first)]
    return [
        judge_case(task.task, case, task.records[number], hidden=number >= task.visible)
        if number in task.records
        else died("", 0, 0, 0)
        for number, case in enumerate(task.cases)
    ]


def needs_a_person(record: dict[str, Any]) -> list[tuple[str, str]]:
    """Return `(task, reason)` of all that no judgement was possible on."""
    return [(result["task"], result["message"]) for result in record["results"] if result["outcome"] == UNJUDGED]
