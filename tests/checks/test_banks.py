"""Every graded task of every lesson has a bank, and task and bank agree."""

import re
from pathlib import Path

import pytest

from tlcourse.checks import PUBLIC_SEED
from tlcourse.checks.bank import run_bank
from tlcourse.checks.bank_file import load_bank
from tlcourse.tasks import load_tasks

REPOSITORY = Path(__file__).resolve().parents[2]
FILES = sorted((REPOSITORY / "tlcourse" / "tasks").glob("tasks_[0-9][0-9]_*.py"))
TOPICS = {int(path.stem[6:8]): path.stem.removeprefix("tasks_") for path in FILES}
TASKS = [(lesson, task) for lesson in TOPICS for task in load_tasks(lesson).values()]


def bank_of(lesson):
    (path,) = (REPOSITORY / "content" / "banks").glob(f"{lesson:02d}_*.py")
    return load_bank(path)


@pytest.mark.parametrize(("lesson", "task"), TASKS, ids=[f"{TOPICS[lesson]}-{task.id}" for lesson, task in TASKS])
def test_right_answers_earn_and_each_wrong_one_is_named(lesson, task):
    lesson_bank = bank_of(lesson)
    seeds = (PUBLIC_SEED, lesson_bank.hidden.seeds[1])
    assert PUBLIC_SEED not in lesson_bank.hidden.seeds
    assert run_bank(task, lesson_bank.banks[task.id], seeds) == []


@pytest.mark.parametrize("lesson", TOPICS, ids=TOPICS.values())
def test_banks_and_tasks_of_a_lesson_are_the_same_ones(lesson):
    tasks = load_tasks(lesson)
    hidden = bank_of(lesson).hidden.tasks
    assert sorted(bank_of(lesson).banks) == sorted([*tasks, *(task.id for task in hidden)])
    assert all(re.fullmatch(rf"{lesson}\.\d+", task_id) for task_id in tasks)


def test_the_example_of_the_author_guide_works(tmp_path):
    text = (REPOSITORY / "docs" / "checks.md").read_text(encoding="utf-8")
    example, bank = (part.split("```")[0] for part in text.split("```python\n")[1:3])
    namespace = {"__name__": "tlcourse.tasks.tasks_97_example", "__package__": "tlcourse.tasks"}
    exec(compile(example, "tasks_97_example.py", "exec"), namespace)
    (task,) = namespace["TASKS"]
    path = tmp_path / "97_example.py"
    path.write_text(bank)
    assert run_bank(task, load_bank(path).banks["97.1"]) == []
