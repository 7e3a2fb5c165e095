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
        return [could_not_judge(f"The notebook cannot be read. {evidence.refused}")]
    if task.fault:
        return [could_not_judge(task.fault)]
    nowhere = evidence.places and all(place["how"] == NOWHERE for place in evidence.places.values())
    if nowhere and all(evidence.missing(name) for name in evidence.tasks):
        return [could_not_judge("No answer to any task of this exercise was found: is it the notebook of another one?")]
    return verdicts(task, evidence, limits)


def verdicts(task: TaskCases, evidence: Evidence, limits: Limits) -> list[Verdict]:
    """Judge the cases of a task, hidden or visible as the evidence is; none where it was not tried.

    Of hidden cases no word of the learner's code gets into a verdict, not even how exactly it died.
    """
    if task.id not in evidence.tasks:
        return []
    numbers, problem, records = evidence.numbers[task.id], evidence.problems.get(task.id, ""), evidence.records[task.id]
    if task.id not in evidence.tried or problem == "late":
        return [could_not_judge(f"The notebook used up its {limits.notebook_seconds:g} seconds before this task came.")]
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
    """Judge what a worker sent about one case. Whatever it is, the outcome is one of three.

    Args:
        task: the task.
        case: what only judges may see.
        record: what the worker sent.
        hidden: True for a case of the instructor's: texts that the learner's code has written do not reach the verdict then, since they
            could carry the hidden data out.
    """
    status = record.get("status")
    status = status if isinstance(status, str) else ""  # an array would have no truth value
    if hidden:
        return _without_their_words(task, judge_case(task, case, record), status)
    text, line = str(record.get("text", ""))[:1000], str(record.get("line", ""))[:300]
    if status == "missing":
        return _missing(task, text, line)
    if status == "changed tools":
        return could_not_judge(f"The code replaces functions that the check itself uses ({text}). A person has to look.")
    module = re.match(r"ModuleNotFoundError: No module named '([\w.]+)'", text)
    if status == "raised" and module:
        return _lacking(module[1])
    return conclude(task, case, record)


_SAID_OTHERWISE = {
    "raised": "Your code stops with an error there.",
    "misfit": "Your code returns something of another form there.",
    "wrong kind": "Your code is something else there.",
    "not plain": "Your code returns something there that the check cannot read.",
    "missing": "Your code is not there.",
    "ok": "What your code gives back there cannot be judged.",
    "changed tools": "The code replaces functions that the check itself uses. A person has to look.",
}


def _without_their_words(task: Task, verdict: Verdict, status: str) -> Verdict:
    """Return a verdict with sentences of ours alone; which package is missing is told by the visible case."""
    if verdict.outcome == EARNED:
        return Verdict(EARNED, "It holds there.")
    message = _SAID_OTHERWISE.get(status, "What came out of the sandbox is no answer.")
    if status == "ok" and verdict.outcome == NOT_EARNED:
        message = as_written(verdict.message, task.judge) or "What your code gives back there is not right."
    if status in ("raised", "missing") and verdict.outcome == UNJUDGED:
        message = "The code needs a package that is not installed where submissions are graded."
    return Verdict(verdict.outcome, message, "", "", verdict.misconception)


def died(problem: str, seconds: float, memory_mib: int, processes: int, *, hidden: bool = False) -> Verdict:
    """Say what it means that a probe or a cell ended before its time.

    Args:
        problem: "time", "resources", "malformed: ...", "signal 9", "exit 3", or "" when it ended without a word.
        seconds: it had.
        memory_mib: it had.
        processes: it had.
        hidden: True with hidden cases: which status or signal it was could carry their data out.
    """
    if hidden:
        problem = next((known for known in ("time", "resources", "malformed") if problem.startswith(known)), "")
    if problem == "time":
        return not_earned(
            f"The code did not come to its end within {seconds:g} seconds.",
            expected="an answer that ends",
            received="a loop without end, or a wait for something that does not come",
        )
    if problem == "resources":
        return not_earned(
            f"The code used more than it may: {memory_mib} MiB of memory, {processes} processes.",
            expected="an answer in one process that fits into memory",
        )
    if problem.startswith("malformed"):
        return could_not_judge(
            f"What came out of the sandbox cannot be read. {problem.removeprefix('malformed').lstrip(': ')}".strip()
        )
    how = f" ({problem})" if problem else ""
    return not_earned(f"The code ended the whole process{how}.", expected="an answer that returns", received="no answer")


def _missing(task: Task, text: str, line: str) -> Verdict:
    module = re.match(r"ModuleNotFoundError: No module named '([\w.]+)'", text)
    if module:
        return _lacking(module[1])
    if text:
        at = f" at line {line}" if line else ""
        return not_earned(
            f"`{task.answer_name}` does not exist, because its cell stopped with an error{at}.",
            expected=f"a cell that defines `{task.answer_name}` and runs",
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
        "Either it is misspelt, or it has to be installed there."
    )
