"""Judge the answers of exercises and banks on many seeds, for the tests of every lesson."""

from __future__ import annotations

from pathlib import Path

from tests.lessons.sources import CONTENT, from_lesson
from tlcourse.checks import EARNED
from tlcourse.checks.bank import Right, run_source
from tlcourse.checks.bank_file import load_bank
from tlcourse.checks.run import run_task
from tlcourse.tasks import find_task


def official_answer(task_id, name, **given):
    """Return the function `name` of the exercise's solution; `given` are the names that it has at hand."""
    return from_lesson(task_id.split(".")[0].zfill(2), name, folder="exercises", **given)


def bank_of(task_id):
    path: Path = next((CONTENT / "banks").glob(f"{task_id.split('.')[0].zfill(2)}_*.py"))
    return load_bank(path).banks[task_id]


def lost_seeds(task_id, answer, seeds):
    """Return the seeds on which an answer does not earn, with the verdicts."""
    verdicts = {seed: run_task(find_task(task_id), answer, seed)[0] for seed in seeds}
    return {seed: verdict for seed, verdict in verdicts.items() if verdict.outcome != EARNED}


def misjudged(task_id, seeds):
    """Return every answer of the bank that is not judged as the bank says."""
    task, bank = find_task(task_id), bank_of(task_id)
    found = []
    for answer in (*bank.right, *bank.wrong):
        wanted = (isinstance(answer, Right), getattr(answer, "misconception", None))
        for seed in seeds:
            verdict, _ = run_task(task, run_source(task, answer.name, answer.source), seed)
            if (verdict.outcome == EARNED, verdict.misconception) != wanted:
                found.append((answer.name, seed, verdict.outcome, verdict.misconception))
    return found
