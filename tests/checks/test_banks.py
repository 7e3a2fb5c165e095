"""Every graded task of every lesson has a bank, and task and bank agree."""

import re
from pathlib import Path

import pytest

from tlcourse.checks import PUBLIC_SEED
from tlcourse.checks.bank import Bank, Right, Wrong, load_bank, run_bank
from tlcourse.tasks import load_tasks

REPOSITORY = Path(__file__).resolve().parents[2]
LESSONS = [int(path.name[6:8]) for path in sorted((REPOSITORY / "tlcourse" / "tasks").glob("tasks_[0-9][0-9]_*.py"))]
TASKS = [(lesson, task) for lesson in LESSONS for task in load_tasks(lesson).values()]


def bank_of(lesson):
    (path,) = (REPOSITORY / "content" / "banks").glob(f"{lesson:02d}_*.py")
    return load_bank(path)


@pytest.mark.parametrize(("lesson", "task"), TASKS, ids=[task.id for _, task in TASKS])
def test_right_answers_earn_and_each_wrong_one_is_named(lesson, task):
    lesson_bank = bank_of(lesson)
    seeds = (PUBLIC_SEED, lesson_bank.hidden.seeds[1])
    assert PUBLIC_SEED not in lesson_bank.hidden.seeds
    assert run_bank(task, lesson_bank.banks[task.id], seeds) == []


@pytest.mark.parametrize("lesson", LESSONS)
def test_banks_and_tasks_of_a_lesson_are_the_same_ones(lesson):
    tasks = load_tasks(lesson)
    hidden = bank_of(lesson).hidden.tasks
    assert sorted(bank_of(lesson).banks) == sorted([*tasks, *(task.id for task in hidden)])
    assert all(re.fullmatch(rf"{lesson}\.\d+", task_id) for task_id in tasks)


def test_the_example_of_the_author_guide_works():
    text = (REPOSITORY / "docs" / "checks.md").read_text(encoding="utf-8")
    example = text.split("```python\n")[1].split("```")[0]
    namespace = {"__name__": "tlcourse.tasks.tasks_97_example", "__package__": "tlcourse.tasks"}
    exec(compile(example, "tasks_97_example.py", "exec"), namespace)
    (task,) = namespace["TASKS"]
    right = [Right(str(n), f"def centre(x):\n    return x - x.mean(axis=0) + {n} * 0\n") for n in range(3)]
    wrong = [
        Wrong("one mean", "one-mean-for-all", "def centre(x):\n    return x - x.mean()\n"),
        Wrong("in place", "changes-input", "def centre(x):\n    x -= x.mean(axis=0)\n    return x\n"),
        Wrong("no return", "nothing-returned", "def centre(x):\n    x - x.mean(axis=0)\n"),
        Wrong("other shape", "", "def centre(x):\n    return x.mean(axis=0)\n"),
    ]
    assert run_bank(task, Bank(right, wrong)) == []
