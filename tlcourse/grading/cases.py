"""The cases that decide each task, drawn once for all submissions of a class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tlcourse.checks import Case, CheckFault, Task, draw
from tlcourse.grading.master import Master, case_seeds
from tlcourse.grading.reading.locate import Released

_MOST_KEPT = 256


@dataclass(frozen=True)
class TaskCases:
    """One task and the cases that decide it.

    Args:
        task: The task.
        probe_of: Number of the public task whose probe runs in the sandbox.
        released: What learners were given for that task.
        cases: The visible cases first, then the hidden ones.
        visible: Number of visible cases, which learners know from the check in the notebook.
        fault: Why the cases could not be drawn, or "".
    """

    task: Task
    probe_of: str
    released: Released
    cases: tuple[Case, ...]
    visible: int
    fault: str = ""

    @property
    def id(self) -> str:
        """The number of the task, such as "2.1"."""
        return self.task.id

    def numbers(self, *, hidden: bool) -> list[int]:
        """Return the numbers of the hidden or of the visible cases."""
        return list(range(self.visible, len(self.cases)) if hidden else range(min(self.visible, len(self.cases))))


def cases_of(master: Master, secret: str, hidden_cases: int) -> list[TaskCases]:
    """Draw the cases of every task of an exercise.

    Args:
        master: The exercise.
        secret: The instructor's seed.
        hidden_cases: Hidden cases of each task.
    """
    tasks = []
    for task in master.tasks.values():
        probe_of, released = master.probed_as(task)
        seeds = case_seeds(master, task.id, secret, hidden_cases)
        visible = len(seeds) - hidden_cases
        try:
            tasks.append(TaskCases(task, probe_of, released, tuple(_drawn(task, seed) for seed in seeds), visible))
        except CheckFault as fault:
            tasks.append(TaskCases(task, probe_of, released, (), visible, str(fault)))
    return tasks


_kept: dict[tuple[str, Any, int], Case] = {}


def _drawn(task: Task, seed: int) -> Case:
    """Draw a case once in this process: some take seconds, and all submissions of a class get the same."""
    key = (task.id, task.make_case, seed)
    if key not in _kept:
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        _kept[key] = draw(task, seed)
    return _kept[key]
