"""Earned, tried, left: how far a learner has come in the whole course."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tlcourse.checks.task import EARNED, Task
from tlcourse.tables import as_html, as_text
from tlcourse.tasks import all_tasks
from tlcourse.tasks.journal import Entry, journal_path, read_journal

_HEADER = ("lesson", "earned", "tried", "left", "points")
_NONE = "-"


@dataclass(frozen=True)
class LessonProgress:
    """How far one lesson is.

    Args:
        topic: Number and name, such as "02_feature_extraction".
        earned: Ids of the tasks that were earned.
        tried: Ids of those that were checked and not earned.
        left: Ids of those that were not checked yet.
        points: Points of the earned tasks.
        max_points: Points of all tasks.
    """

    topic: str
    earned: tuple[str, ...]
    tried: tuple[str, ...]
    left: tuple[str, ...]
    points: int
    max_points: int


@dataclass(frozen=True)
class Progress:
    """The whole course: prints as a table, shows as HTML in notebooks.

    Args:
        lessons: One for each lesson with tasks, in order.
        entries: What was noted of each task that was tried or had a hint.
        notes: What could not be read, in words.
    """

    lessons: tuple[LessonProgress, ...]
    entries: dict[str, Entry]
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return as_text("Progress", _HEADER, self._rows(), right={4}, note=self._sums())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return as_html("Progress", _HEADER, self._rows(), right={4}, note=self._sums())

    def as_dict(self) -> dict[str, Any]:
        """Return all of it as plain data, for `tlcourse progress --json`."""
        return {
            "format": 1,
            "lessons": [asdict(lesson) for lesson in self.lessons],
            "tasks": {task: asdict(entry) for task, entry in self.entries.items()},
            "notes": list(self.notes),
        }

    def _rows(self) -> list[tuple[str, ...]]:
        return [
            (
                lesson.topic.replace("_", " "),
                *(" ".join(ids) or _NONE for ids in (lesson.earned, lesson.tried, lesson.left)),
                f"{lesson.points} of {lesson.max_points}",
            )
            for lesson in self.lessons
        ]

    def _sums(self) -> str:
        earned, tried, left = (sum(len(getattr(x, name)) for x in self.lessons) for name in ("earned", "tried", "left"))
        points, most = sum(x.points for x in self.lessons), sum(x.max_points for x in self.lessons)
        hints = sum(entry.hints for entry in self.entries.values())
        words = f"{earned} of {earned + tried + left} tasks earned, {tried} tried, {left} left; {points} of {most} points"
        words += f"; {hints} hint{'s' if hints != 1 else ''} shown."
        return " ".join([words, f"Kept on this machine only: {journal_path()}.", *self.notes])


def progress() -> Progress:
    """Return what you earned, tried and have left over all lessons, from the file kept on this machine.

    A task counts once it was earned, whatever you try afterwards. The file is yours: `tlcourse progress --forget` removes it.

    Raises:
        OSError: If the file is there and cannot be read.

    Example:
        >>> shown = tlcourse.progress()
        >>> shown.lessons[2].topic
        '02_feature_extraction'
    """
    journal = read_journal()
    notes: tuple[str, ...] = ()
    if journal.unreadable:
        places = ", ".join(map(str, journal.unreadable[:5])) + (" ..." if len(journal.unreadable) > 5 else "")
        notes = (f"{len(journal.unreadable)} of its lines could not be read and are left as they are (line {places}).",)
    lessons = tuple(_lesson(topic, tasks, journal.entries) for topic, tasks in all_tasks().items())
    return Progress(lessons, dict(journal.entries), notes)


def _lesson(topic: str, tasks: Sequence[Task], entries: Any) -> LessonProgress:
    outcomes = {task.id: entries.get(task.id, Entry()).outcome for task in tasks}
    earned = tuple(task for task, outcome in outcomes.items() if outcome == EARNED)
    return LessonProgress(
        topic,
        earned,
        tuple(task for task, outcome in outcomes.items() if outcome not in (None, EARNED)),
        tuple(task for task, outcome in outcomes.items() if outcome is None),
        sum(task.points for task in tasks if task.id in earned),
        sum(task.points for task in tasks),
    )
