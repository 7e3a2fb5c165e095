"""What each case of a task is worth: verdicts from what workers sent, and sentences for all that can happen before a judge is asked."""

from __future__ import annotations

import re
from typing import Any

from tlcourse.checks import EARNED, NOT_EARNED, UNJUDGED, Case, Task, Verdict, conclude, could_not_judge, not_earned
from tlcourse.grading.cases import TaskCases
from tlcourse.grading.evidence import Evidence
from tlcourse.grading.reading.locate import NOWHERE
from tlcourse.grading.sandbox.backends import Limits
from tlcourse.grading.wording import as_written


def visible_verdicts(task: TaskCases, evidence: Evidence, limits: Limits) -> list[Verdict]:
    """Judge the visible cases of a task.

    Args:
        task: The task.
        evidence: What came of the visible cases of all tasks.
        limits: What was in force.

    Returns:
        One verdict per case, or one for the task. None for a hidden task, unless nothing can be said about the whole submission.
    """
    if evidence.refused:
        return [could_not_judge(f"The submission cannot be read. {evidence.refused}")]
    if task.fault:
        return [could_not_judge(task.fault)]
    nowhere = evidence.places and all(place["how"] == NOWHERE for place in evidence.places.values())
    if nowhere and all(evidence.missing(name) for name in evidence.tasks):
        return [could_not_judge("No answer to any task of this exercise was found. Is it the notebook of another exercise?")]
    return verdicts(task, evidence, limits)


def verdicts(task: TaskCases, evidence: Evidence, limits: Limits) -> list[Verdict]:
    """Judge the cases of a task: hidden or visible ones, as the evidence is. None where the task was not tried.

    No text of the submission gets into a verdict on a hidden case, not even how exactly it died.
    """
    if task.id not in evidence.tasks:
        return []
    numbers, problem, records = evidence.numbers[task.id], evidence.problems.get(task.id, ""), evidence.records[task.id]
    if task.id not in evidence.tried or problem == "late":
        return [
            could_not_judge(f"The notebook reached its time limit of {limits.notebook_seconds:g} seconds before this task.")
        ]
    if problem:
        return [died(problem, limits.probe_seconds, limits.memory_mib, limits.processes, hidden=evidence.hidden)]
    missing = evidence.missing(task.id)
    cells = (evidence.place_of(task) or {}).get("cells", [])
    dead = [evidence.dead_cells[number] for number in cells if number in evidence.dead_cells]
    if numbers[0] not in records or (missing and dead):
        how = dead[-1] if dead else ""
        return [died(how, limits.cell_seconds, limits.memory_mib, limits.processes, hidden=evidence.hidden)]
    return [
        judge_case(task.task, task.cases[number], records[number], hidden=evidence.hidden)
        if number in records
        else died("", 0, 0, 0)
        for number in (numbers[:1] if missing else numbers)
    ]


def judge_case(task: Task, case: Case, record: dict[str, Any], *, hidden: bool = False) -> Verdict:
    """Judge what a worker sent about one case. Whatever that is, the outcome is one of three.

    Args:
        task: The task.
        case: What only judges may see.
        record: What the worker sent.
        hidden: True for a hidden case. No text that the submission wrote reaches the verdict then, because it could
            carry the hidden data out.
    """
    status = record.get("status")
    status = status if isinstance(status, str) else ""  # an array would have no truth value
    if hidden:
        return _without_their_words(task, judge_case(task, case, record), status)
    text, line = str(record.get("text", ""))[:1000], str(record.get("line", ""))[:300]
    if status == "missing":
        return _missing(task, text, line)
    if status == "changed tools":
        return could_not_judge(f"The code replaces functions that the check uses ({text}), so this task needs review.")
    module = re.match(r"ModuleNotFoundError: No module named '([\w.]+)'", text)
    if status == "raised" and module:
        return _lacking(module[1])
    return conclude(task, case, record)


_SAID_OTHERWISE = {
    "raised": "On the hidden data your code stops with an error.",
    "misfit": "On the hidden data your code returns something of the wrong form.",
    "wrong kind": "On the hidden data your answer is not of the kind that was asked for (a function or a value).",
    "not plain": "On the hidden data your code returns something that the check cannot read.",
    "missing": "When the hidden data were tried, nothing defined your answer.",
    "ok": "On the hidden data the result of your code cannot be judged.",
    "changed tools": "The code replaces functions that the check uses, so this task needs review.",
}


def _without_their_words(task: Task, verdict: Verdict, status: str) -> Verdict:
    """Return a verdict that holds only sentences of our own source. The visible case says which package is missing."""
    if verdict.outcome == EARNED:
        return Verdict(EARNED, "On the hidden data your answer is right.")
    message = _SAID_OTHERWISE.get(status, "The sandbox sent a reply that is not an answer.")
    if status == "ok" and verdict.outcome == NOT_EARNED:
        message = as_written(verdict.message, task.judge) or "On the hidden data the result of your code is wrong."
    if status in ("raised", "missing") and verdict.outcome == UNJUDGED:
        message = "The code needs a package that is not installed where submissions are graded."
    return Verdict(verdict.outcome, message, "", "", verdict.misconception)


def died(problem: str, seconds: float, memory_mib: int, processes: int, *, hidden: bool = False) -> Verdict:
    """Say what it means that a probe or a cell died.

    Args:
        problem: "time", "resources", "malformed: ...", "signal 9", "exit 3", or "" when it ended without saying why.
        seconds: Its time limit.
        memory_mib: Its memory limit in MiB.
        processes: Its limit of processes.
        hidden: True over hidden cases: the number of a status or a signal could carry their data out.
    """
    if hidden:
        problem = next((known for known in ("time", "resources", "malformed") if problem.startswith(known)), "")
    if problem == "time":
        return not_earned(
            f"The code did not finish within {seconds:g} seconds.",
            expected="an answer that finishes",
            received="a loop that does not end, or a wait for something that never comes",
        )
    if problem == "resources":
        return not_earned(
            f"The code used more than its limits: {memory_mib} MiB of memory, {processes} processes.",
            expected="an answer that runs in one process and fits in memory",
        )
    if problem.startswith("malformed"):
        return could_not_judge(
            f"The reply of the sandbox cannot be read. {problem.removeprefix('malformed').lstrip(': ')}".strip()
        )
    how = f" ({problem})" if problem else ""
    return not_earned(f"The code ended the whole Python process{how}.", expected="an answer that returns", received="no answer")


def _missing(task: Task, text: str, line: str) -> Verdict:
    module = re.match(r"ModuleNotFoundError: No module named '([\w.]+)'", text)
    if module:
        return _lacking(module[1])
    if text:
        at = f" at line {line}" if line else ""
        return not_earned(
            f"`{task.answer_name}` does not exist, because its cell stopped with an error{at}.",
            expected=f"a cell that defines `{task.answer_name}` and runs without an error",
            received=text,
        )
    return not_earned(
        f"The notebook holds no answer to this task: nothing defines `{task.answer_name}`.",
        expected=f"a cell that defines `{task.answer_name}`",
        received="no such cell",
        misconception="nothing-defined",
    )


def _lacking(module: str) -> Verdict:
    return could_not_judge(
        f"The code needs the package {module!r}, which is not installed where submissions are graded. "
        "Either its name is misspelt, or it must be installed there."
    )
