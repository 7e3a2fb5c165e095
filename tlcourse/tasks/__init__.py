"""The graded tasks of every lesson, one file a lesson (`tasks_NN_topic.py`), found by number.

How a task is written is told in `docs/checks.md`. Nothing here imports TensorFlow; tasks that need it do so in their probe.
"""

from __future__ import annotations

import importlib
import pkgutil

from tlcourse.checks import Task, lesson_of


def load_tasks(lesson: int) -> dict[str, Task]:
    """Import the tasks of one lesson from `tlcourse/tasks/tasks_NN_topic.py`, by id."""
    prefix = f"tasks_{lesson:02d}_"
    names = [module.name for module in pkgutil.iter_modules(__path__) if module.name.startswith(prefix)]
    if not names:
        known = sorted(m.name[6:8] for m in pkgutil.iter_modules(__path__) if m.name.startswith("tasks_"))
        raise ValueError(f"Lesson {lesson:02d} has no graded tasks here. Lessons with tasks: {', '.join(known)}.")
    if len(names) > 1:
        raise ValueError(f"Lesson {lesson:02d} has more than one file of tasks: {', '.join(names)}. Keep one.")
    module = importlib.import_module(f"tlcourse.tasks.{names[0]}")
    return {task.id: task for task in module.TASKS}


def all_tasks() -> dict[str, tuple[Task, ...]]:
    """Import the tasks of every lesson, by topic such as "02_feature_extraction", in order."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name.startswith("tasks_"))
    return {name.removeprefix("tasks_"): importlib.import_module(f"tlcourse.tasks.{name}").TASKS for name in names}


def find_task(task_id: str) -> Task:
    """Return one task by its id.

    Raises:
        TypeError, ValueError: If the id is malformed, or there is no such task; the message lists those that exist.
    """
    tasks = load_tasks(lesson_of(task_id))
    if task_id not in tasks:
        raise ValueError(f"There is no task {task_id!r}. Tasks of this lesson: {', '.join(tasks)}.")
    return tasks[task_id]
