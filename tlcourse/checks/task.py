"""What a graded task is: data, and three functions that can live in two processes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

EARNED = "earned"
NOT_EARNED = "not earned"
UNJUDGED = "could not be judged"
OUTCOMES = (EARNED, NOT_EARNED, UNJUDGED)

PUBLIC_SEED = 0
"""Seed of the case that `check(...)` draws in a notebook. Hidden cases use other seeds."""

COMMON_MISCONCEPTIONS: dict[str, str] = {
    "nothing-defined": "The name holds nothing yet (None): the cell that defines it is unfinished or was not run.",
    "result-instead-of-function": "The check needs the function itself, not what one call returns: leave the brackets away.",
    "function-instead-of-result": "The check needs the value that the function returns: call it with brackets.",
    "nothing-returned": "The function ends without `return`, so that its caller receives None.",
}
"""Misconceptions that any task may point to, beside its own."""


@dataclass(frozen=True)
class Case:
    """One drawn instance of a task.

    Args:
        inputs: Plain data that travels to the learner's code.
        secret: Plain data that only `judge` sees.
    """

    inputs: Any
    secret: Any = None


@dataclass(frozen=True)
class Verdict:
    """What `judge` found.

    Args:
        outcome: One of the three outcomes.
        message: The reason in words.
        expected: What was expected, in one line.
        received: What came, in one line.
        misconception: Id of the misconception that explains it.
    """

    outcome: str
    message: str
    expected: str = ""
    received: str = ""
    misconception: str | None = None


def earned(message: str = "All properties hold.") -> Verdict:
    """Say that the task is solved.

    Args:
        message: The reason in words.
    """
    return Verdict(EARNED, message)


def not_earned(message: str, *, expected: str = "", received: str = "", misconception: str | None = None) -> Verdict:
    """Say that the task is not solved, and why.

    Args:
        message: The reason in words.
        expected: What was expected, in one line.
        received: What came, in one line.
        misconception: Id of the misconception that explains it.
    """
    return Verdict(NOT_EARNED, message, expected, received, misconception)


def could_not_judge(message: str) -> Verdict:
    """Say that no judgement was possible; a person has to look.

    Args:
        message: The reason in words.
    """
    return Verdict(UNJUDGED, message)


@dataclass(frozen=True)
class Task:
    """One graded task.

    Args:
        id: Lesson number, dot, task number, such as `"2.1"`.
        title: A few words, shown in feedback.
        points: Points for a full answer; there are no fractions of a task.
        hints: Exactly three steps: nudge, pointer, a line of a similar answer.
        answer_name: Name under which exercises and banks define the answer, such as `"split_by_group"`.
        misconceptions: `{id: one sentence that explains it}` for each misconception that `judge` can name.
        make_case: `make_case(seed) -> Case`, the same for the same seed.
        probe: `probe(answer, inputs) -> evidence`; runs the learner's code, returns plain data, judges nothing.
        judge: `judge(case, evidence) -> Verdict`; never runs the learner's code.
        expects: `"function"` (anything callable) or `"value"` (anything that is no function).
    """

    id: str
    title: str
    points: int
    hints: tuple[str, str, str]
    answer_name: str
    misconceptions: Mapping[str, str]
    make_case: Callable[[int], Case]
    probe: Callable[[Any, Any], Any]
    judge: Callable[[Case, Any], Verdict]
    expects: str = field(default="function", kw_only=True)

    def __post_init__(self) -> None:
        lesson_of(self.id)
        if len(self.hints) != 3:
            raise ValueError(
                f"Task {self.id} must have three hints: nudge, pointer, a line of a similar answer. Received: len(hints)={len(self.hints)}."
            )
        if self.expects not in ("function", "value"):
            raise ValueError(f"`expects` of task {self.id} must be 'function' or 'value'. Received: expects={self.expects!r}.")

    def explain(self, misconception: str) -> str:
        """Return the sentence behind a misconception's id.

        Args:
            misconception: The id.

        Raises:
            KeyError: If the task does not know it.
        """
        return {**COMMON_MISCONCEPTIONS, **self.misconceptions}[misconception]


def lesson_of(task_id: str) -> int:
    """Return the lesson's number of a task's id: 2 for `"2.1"`.

    Args:
        task_id: The task's number as text.

    Raises:
        TypeError: If the id is no text (a float, or the answer in the id's place).
        ValueError: If the id is not two numbers with a dot.
    """
    if type(task_id) is not str:
        hint = f'"{task_id}"' if type(task_id) is float else '"2.1"'
        raise TypeError(
            f"The task's number comes first, as text in quotes: check({hint}, your_answer). "
            f"Received: task_id={type(task_id).__name__}."
        )
    match = re.fullmatch(r"(\d{1,2})\.(\d{1,2})", task_id, re.ASCII)
    if match is None:
        raise ValueError(f'A task\'s number is lesson, dot, task, such as "2.1". Received: task_id={task_id!r}.')
    return int(match[1])
