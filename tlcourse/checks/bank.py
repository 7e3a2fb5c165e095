"""Banks of right and wrong answers, which keep the checks honest. Instructors' side: read by tests and by the grader.

A bank lives in `content/banks/NN_topic.py` at the top of the repository. `bank_file` reads it; each answer is source text that runs
like a learner's cell.
"""

from __future__ import annotations

import linecache
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tlcourse.checks.run import run_task
from tlcourse.checks.task import EARNED, NOT_EARNED, PUBLIC_SEED, Task

HIDDEN_SEED = 1001


@dataclass(frozen=True)
class Right:
    """An answer that earns the points. `source` defines the task's `answer_name`."""

    name: str
    source: str


@dataclass(frozen=True)
class Wrong:
    """An answer that must lose the points and be named by `misconception`, an id that the task explains."""

    name: str
    misconception: str
    source: str


@dataclass(frozen=True)
class Bank:
    """All example answers of one task: at least three right ones written differently, at least four wrong ones."""

    right: list[Right]
    wrong: list[Wrong]


@dataclass(frozen=True)
class Hidden:
    """What the grader adds to the visible checks: seeds of hidden cases, and tasks that learners do not see."""

    seeds: range = range(1000, 2000)
    tasks: tuple[Task, ...] = ()


@dataclass(frozen=True)
class LessonBank:
    """The content of one `content/banks/NN_topic.py`."""

    path: Path
    banks: Mapping[str, Bank]
    hidden: Hidden


def run_source(task: Task, name: str, source: str) -> Any:
    """Run an answer's source text as a learner's cell would run, and return what it calls `task.answer_name`."""
    file = f"<answer {task.id} {name}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)  # for feedback, which quotes a line
    namespace: dict[str, Any] = {"__name__": "answer"}
    exec(compile(source, file, "exec"), namespace)
    return namespace[task.answer_name]


def stub_source(task: Task) -> str:
    """Return the source of the unfilled exercise."""
    fail = f'raise NotImplementedError("Task {task.id}: fill in")'
    return (
        f"def {task.answer_name}(*args, **kwargs):\n    {fail}\n"
        if task.expects == "function"
        else f"{task.answer_name} = ...\n"
    )


def run_bank(task: Task, bank: Bank, seeds: Iterable[int] = (PUBLIC_SEED, HIDDEN_SEED)) -> list[str]:
    """Return every way in which the task and its bank disagree; an empty list is what a finished task has.

    Each right answer must earn the points on every seed; each wrong one must lose them on every seed and be named by its own
    misconception; the unfilled stub must lose them.
    """
    problems = []
    if len(bank.right) < 3 or len(bank.wrong) < 4:
        problems.append(f"{task.id}: {len(bank.right)} right and {len(bank.wrong)} wrong answers; at least 3 and 4 are needed")
    for seed in seeds:
        answers: list[Right | Wrong] = [*bank.right, *bank.wrong, Wrong("unfilled stub", "", stub_source(task))]
        for answer in answers:
            verdict, _ = run_task(task, run_source(task, answer.name, answer.source), seed)
            found = f"{verdict.outcome}, {verdict.misconception}: {verdict.message} Received: {verdict.received}"
            where = f"{task.id} {answer.name!r} (seed {seed})"
            if isinstance(answer, Right):
                if verdict.outcome != EARNED:
                    problems.append(f"{where} is right but was {found}")
            elif verdict.outcome != NOT_EARNED:
                problems.append(f"{where} is wrong but was {found}")
            elif answer.misconception and verdict.misconception != answer.misconception:
                problems.append(f"{where} should be named {answer.misconception!r} but was {found}")
    return problems
