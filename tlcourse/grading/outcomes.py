"""Verdicts of a task's cases to one result, and sentences for all that can happen before anything is judged."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from tlcourse.checks import EARNED, NOT_EARNED, UNJUDGED, Case, Task, Verdict, clean, conclude, could_not_judge, not_earned
from tlcourse.grading.wording import as_written

ONLY_VISIBLE = "visible-case-only"
ONLY_VISIBLE_MEANS = (
    "The answer fits the data of the check in the notebook and fails on other data drawn in the same way: is a number of "
    "that data written down in it?"
)
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{4,}")


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


def merge(task: Task, verdicts: Sequence[Verdict], visible: int) -> dict[str, Any]:
    """Return the result of one task: earned when all its cases are.

    Of hidden cases the message goes into the result, but no number: what is expected there stays hidden.

    Args:
        verdicts: one per case, those of the visible ones first.
        visible: how many are visible to learners.
    """
    worst = next((i for i, v in enumerate(verdicts) if v.outcome == NOT_EARNED), None)
    if worst is None:
        worst = next((i for i, v in enumerate(verdicts) if v.outcome == UNJUDGED), 0)
    verdict = verdicts[worst] if verdicts else could_not_judge("Nothing was tried.")
    misconception, message = verdict.misconception, verdict.message
    expected, received = verdict.expected, verdict.received
    explanation = task.explain(misconception) if misconception else ""
    if worst >= visible and verdict.outcome != EARNED:
        expected = received = ""
        if visible and verdict.outcome == NOT_EARNED:
            message = f"The check in the notebook passes, but not on other data. {_without_numbers(message)}"
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


def _without_numbers(message: str) -> str:
    return re.sub(r"(?<![\w`])[-+]?\d+(?:[.,]\d+)*(?:e[-+]?\d+)?", "…", message)


def _steady(text: str) -> str:
    """Return text safe to print, without what differs from run to run: addresses of objects."""
    return _ADDRESS.sub("0x…", clean(text))
