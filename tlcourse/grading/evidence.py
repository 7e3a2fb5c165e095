"""What the workers of one submission have sent so far, and what they died of. Starts nothing, judges nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tlcourse.grading.cases import TaskCases


class Evidence:
    """What is known about one submission from its workers: over its visible cases, or over its hidden ones.

    Args:
        tasks: What is asked for.
        hidden: True over hidden cases.
        dead_cells: Cells that are known to die.
    """

    def __init__(
        self, tasks: Sequence[TaskCases], *, hidden: bool = False, dead_cells: Mapping[int, str] | None = None
    ) -> None:
        self.hidden = hidden
        # Of every task that is asked for, the numbers of its cases; then the tasks that have a case to try.
        self.numbers = {task.id: task.numbers(hidden=hidden) for task in tasks}
        self.tasks = {task.id: task for task in tasks if self.numbers[task.id] and not task.fault}
        # What each dead cell died of: no later worker runs it.
        self.dead_cells: dict[int, str] = dict(dead_cells or {})
        # Where each answer is, as the first worker said before it ran any of the submission.
        self.places: dict[str, dict[str, Any]] | None = None
        # What came of each case of a task; the tasks of which nothing more will come; what their probes died of, or "".
        self.records: dict[str, dict[int, dict[str, Any]]] = {name: {} for name in self.tasks}
        self.problems: dict[str, str] = {}
        self.tried: set[str] = set()
        self.refused = ""
        self.notes: list[str] = []

    @property
    def left(self) -> list[TaskCases]:
        """The tasks that are still to be tried."""
        return [task for name, task in self.tasks.items() if name not in self.tried]

    def take(self, events: Iterable[dict[str, Any]]) -> bool:
        """Take over what one worker sent.

        Only its first word about places counts, because nothing of the submission ran before it.

        Returns:
            True if the worker came as far as that first word.
        """
        located = False
        for event in events:
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
                self.close(name, event["problem"][:40])
        return located

    def close(self, name: str, problem: str = "") -> None:
        """Note that nothing more will come of a task, and what its probe died of."""
        self.tried.add(name)
        self.problems[name] = problem

    def close_left(self, problem: str = "") -> None:
        """Close every task that is still to be tried."""
        for task in self.left:
            self.close(task.id, problem)

    def place_of(self, task: TaskCases) -> dict[str, Any] | None:
        """Return where the answer to a task is, or None where no worker said so."""
        return (self.places or {}).get(task.released.task)

    def missing(self, name: str) -> bool:
        """Tell whether there was no answer to a task."""
        return self.records[name].get(self.numbers[name][0], {}).get("status", "missing") == "missing"
