"""The pure function at heart: one submission against one master gives one record. No database, no folders, no clock in it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tlcourse.checks import EARNED, UNJUDGED, Case, CheckFault, Task, Verdict, could_not_judge, draw
from tlcourse.grading.master import Master, case_seeds, environment, grader_version, needs_frameworks
from tlcourse.grading.outcomes import died, judge_case, merge
from tlcourse.grading.reading.locate import BY_RUNNING, NOWHERE, Released
from tlcourse.grading.sandbox.backends import Sandbox
from tlcourse.grading.sandbox.launch import Launch, launch

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
    """One task on its way to a result: its cases, those that learners know first, and why they could not be drawn."""

    task: Task
    probe_of: str
    released: Released
    cases: list[Case]
    visible: int
    fault: str = ""

    def numbers(self, *, hidden: bool) -> list[int]:
        """Return the numbers of the hidden or of the visible cases."""
        return list(range(self.visible, len(self.cases)) if hidden else range(min(self.visible, len(self.cases))))


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
    tried again without it. Hidden cases come last, in workers of their own: when their inputs leave this process, everything that
    could tell the learner about them is over.

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
    end = time.monotonic() + settings.sandbox.limits.notebook_seconds
    shown = _Passes(submission, tasks, settings.sandbox, end)
    shown.run()
    first = {task.task.id: _shown_verdicts(task, tasks, shown) for task in tasks}
    open_ = [task for task in tasks if all(verdict.outcome == EARNED for verdict in first[task.task.id])]
    hidden = _Passes(submission, open_, settings.sandbox, end, after=shown)
    hidden.run()
    results = [_result(task, first[task.task.id], shown, hidden) for task in tasks]
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
        "notes": shown.notes,
        "results": results,
    }


def _open_tasks(master: Master, settings: Settings) -> list[_Open]:
    tasks = []
    for task in master.tasks.values():
        probe_of, released = master.probed_as(task)
        seeds = case_seeds(master, task.id, settings.secret, settings.hidden_cases)
        visible = len(seeds) - settings.hidden_cases
        try:
            tasks.append(_Open(task, probe_of, released, [_drawn(task, seed) for seed in seeds], visible))
        except CheckFault as fault:
            tasks.append(_Open(task, probe_of, released, [], visible, str(fault)))
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
    """Workers started one after the other for one submission, each without what killed those before.

    Args:
        submission: the file.
        tasks: what to try.
        sandbox: the back end.
        end: when time is up.
        after: the passes over the visible cases, when these are over and hidden ones come.
    """

    def __init__(
        self, submission: bytes, tasks: Sequence[_Open], sandbox: Sandbox, end: float, after: _Passes | None = None
    ) -> None:
        self.submission, self.sandbox, self.end, self.hidden = submission, sandbox, end, after is not None
        self.numbers = {task.task.id: task.numbers(hidden=self.hidden) for task in tasks}
        self.tasks = {task.task.id: task for task in tasks if self.numbers[task.task.id] and not task.fault}
        self.dead_cells: dict[int, str] = dict(after.dead_cells) if after else {}
        self.places: dict[str, dict[str, Any]] | None = None
        self.records: dict[str, dict[int, dict[str, Any]]] = {name: {} for name in self.tasks}
        self.problems: dict[str, str] = {}
        self.tried: set[str] = set()
        self.refused = ""
        self.notes: list[str] = []

    def run(self) -> None:
        """Start workers until every task was tried, none is left to try, or time is up.

        Raises:
            MachineFault: one did not come up.
        """
        for _ in range(_MAX_STARTS):
            left = [task for name, task in self.tasks.items() if name not in self.tried]
            seconds = self.end - time.monotonic()
            if not left or seconds <= 0 or self.refused:
                return
            done = launch(self.sandbox, self._job(left), seconds)
            located = self._read(done)
            if done.ended != "end":
                self._blame(done, located, out_of_time=time.monotonic() >= self.end)
            elif not self.refused:
                self.tried |= {task.task.id for task in left}

    def _job(self, left: Sequence[_Open]) -> dict[str, Any]:
        return {
            "notebook": np.frombuffer(self.submission, dtype=np.uint8),
            "tasks": [
                {
                    "id": task.task.id,
                    "probe_of": task.probe_of,
                    "released": vars(task.released),
                    "inputs": [task.cases[number].inputs for number in self.numbers[task.task.id]],
                }
                for task in left
            ],
            "numbers": {task.task.id: self.numbers[task.task.id] for task in left},
            "skip_cells": sorted(self.dead_cells),
            "limits": self.sandbox.limits.for_worker(),
            "own_pids": self.sandbox.own_pids,
            "frameworks": any(needs_frameworks(task.task) for task in left),
        }

    def _read(self, done: Launch) -> bool:
        """Take over what one worker sent; only its first word about places counts, since no learner's code ran before it."""
        located = False
        for event in done.events:
            kind, name = event["event"], event.get("task", "")
            if kind == "refused" and not located:
                self.refused = event["text"][:500]
            elif kind == "located" and not located:
                located = True
                if self.places is None:
                    self.places = event["places"]
                    self.notes = [str(note)[:300] for note in event["notes"]]
            elif not located or name not in self.tasks or name in self.tried:
                continue
            elif kind == "record" and event["case"] in self.numbers[name]:
                self.records[name][event["case"]] = event["record"]
            elif kind == "tried":
                self._close(name, event["problem"][:40])
        return located

    def _close(self, name: str, problem: str) -> None:
        self.tried.add(name)
        self.problems[name] = problem

    def _blame(self, done: Launch, located: bool, *, out_of_time: bool) -> None:
        """Find what a worker died of, so that the next one goes without it."""
        how = f"malformed: {done.detail}" if done.ended == "malformed" else done.ended
        how = f"exit {done.detail}" if how == "died" else how
        current = done.current or {}
        if not located or current.get("event") == "located":  # none of the learner's code has run
            raise MachineFault(f"The sandbox did not start ({how}). {done.words[-300:]}".strip())
        if current.get("event") == "probe" and current["task"] in self.tasks.keys() - self.tried:
            self._close(current["task"], how)
            self.records[current["task"]].clear()
        elif current.get("event") == "cell" and current["number"] not in self.dead_cells:
            self.dead_cells[current["number"]] = how
            self.notes.append(f"Cell {current['number']} was left out, because it did not come to its end ({how}).")
        else:  # between two steps: what was left open cannot be told from what died
            for name in self.tasks.keys() - self.tried:
                self._close(name, f"malformed: The process ended between two steps ({how}).")
        if out_of_time:
            for name in self.tasks.keys() - self.tried:
                self._close(name, "late")

    def verdicts(self, task: _Open) -> list[Verdict]:
        """Judge one task. Of hidden cases no word of the learner's code gets into a verdict, not even how exactly it died."""
        name, limits = task.task.id, self.sandbox.limits
        numbers, problem, records = self.numbers[name], self.problems.get(name, ""), self.records[name]
        if name not in self.tried or problem == "late":
            return [could_not_judge(f"The notebook used up its {limits.notebook_seconds:g} seconds before this task came.")]
        if problem:
            return [died(problem, limits.probe_seconds, limits.memory_mib, limits.processes, hidden=self.hidden)]
        cells = (self.places or {}).get(task.released.task, {}).get("cells", [])
        dead = [self.dead_cells[number] for number in cells if number in self.dead_cells]
        if numbers[0] not in records or (self.missing(name) and dead):
            how = dead[-1] if dead else ""
            return [died(how, limits.cell_seconds, limits.memory_mib, limits.processes, hidden=self.hidden)]
        return [
            judge_case(task.task, task.cases[number], records[number], hidden=self.hidden)
            if number in records
            else died("", 0, 0, 0)
            for number in (numbers[:1] if self.missing(name) else numbers)
        ]

    def missing(self, name: str) -> bool:
        """Tell whether no answer to a task was there."""
        return self.records[name].get(self.numbers[name][0], {}).get("status", "missing") == "missing"


def _shown_verdicts(task: _Open, tasks: Sequence[_Open], shown: _Passes) -> list[Verdict]:
    """Judge what the visible cases gave; none for a hidden task, unless nothing can be said about the whole file."""
    if shown.refused:
        return [could_not_judge(f"The notebook cannot be read. {shown.refused}")]
    if task.fault:
        return [could_not_judge(task.fault)]
    nowhere = shown.places and all(place["how"] == NOWHERE for place in shown.places.values())
    if nowhere and all(shown.missing(name) for name in shown.tasks):
        return [could_not_judge("No answer to any task of this exercise was found: is it the notebook of another one?")]
    return shown.verdicts(task) if task.task.id in shown.tasks else []


def _result(task: _Open, first: list[Verdict], shown: _Passes, hidden: _Passes) -> dict[str, Any]:
    verdicts = [*first, *(hidden.verdicts(task) if task.task.id in hidden.tasks else [])]
    result = merge(task.task, verdicts, task.visible)
    public = task.released.task
    place = (shown.places or {}).get(public)
    found = {"how": place["how"], "cells": place["cells"], "notes": place["notes"]} if place else None
    if found and found["how"] == NOWHERE and public in shown.tasks and not shown.missing(public):
        found["how"] = BY_RUNNING
    return {**result, "found": found}


def needs_a_person(record: dict[str, Any]) -> list[tuple[str, str]]:
    """Return `(task, reason)` of all that no judgement was possible on."""
    return [(result["task"], result["message"]) for result in record["results"] if result["outcome"] == UNJUDGED]
