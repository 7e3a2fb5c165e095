"""What submissions are graded against: exercises, digests, and tasks that learners do not see."""

from __future__ import annotations

import dataclasses
import shutil

import pytest

from tests.submissions.corpus import LIMITS, RIGHT, ROOT, answered, to_bytes
from tlcourse.checks import EARNED, NOT_EARNED
from tlcourse.grading import gate
from tlcourse.grading import master as master_room
from tlcourse.grading.grade import Settings, grade
from tlcourse.grading.master import load_master, with_answers
from tlcourse.grading.sandbox.backends import Sandbox, bubblewrap_problem

MASTER = load_master(ROOT, "00", ["0.3"])
SETTINGS = Settings("s", Sandbox("bubblewrap", LIMITS))
HIDDEN_BANK = """
# %% hidden
import dataclasses
import numpy as np
from tlcourse.checks import Case, earned, need_number, not_earned
from tlcourse.checks.bank import Hidden
from tlcourse.tasks import find_task

_PUBLIC = find_task("0.3")

def _case(seed):
    labels = np.random.default_rng(seed).integers(0, 2, 1_000)
    return Case({"runs": [{"labels": labels, "predicted": labels, "reported": 1.0}]}, {"misaligned": [False]})

def _judge(case, evidence):
    found = [need_number(value, "the answer") for value in evidence["found"]]
    return earned() if found == [0.0] else not_earned("A perfect run of 1000 was called out of order.", received="1")

HIDDEN = Hidden(tasks=(dataclasses.replace(_PUBLIC, id="0.93", title="a perfect run", points=1, make_case=_case, judge=_judge),))
"""
needs_sandbox = pytest.mark.skipif(bool(bubblewrap_problem()), reason=f"needs a sandbox: {bubblewrap_problem()}")


@pytest.fixture
def with_hidden_task(tmp_path):
    bank = tmp_path / "00_start_here.py"
    bank.write_text(HIDDEN_BANK)
    return dataclasses.replace(MASTER, bank_file=bank)


@needs_sandbox
def test_a_hidden_task_is_graded_with_the_answer_of_a_public_one(with_hidden_task):
    record = grade(with_hidden_task, to_bytes(answered()), SETTINGS)
    assert [(r["task"], r["outcome"]) for r in record["results"]] == [("0.3", EARNED), ("0.93", EARNED)]
    assert len(record["seeds"]["0.93"]) == 1
    wrong = RIGHT["0.3"] + " or len(labels) == 1000"
    hidden = grade(with_hidden_task, to_bytes(answered(c=wrong)), SETTINGS)["results"][1]
    assert (hidden["outcome"], hidden["received"]) == (NOT_EARNED, "")
    assert hidden["message"] == "A perfect run of … was called out of order."


@needs_sandbox
def test_the_gate_holds_for_hidden_tasks_too(with_hidden_task):
    assert gate.run_gate(with_hidden_task, SETTINGS) == []
    broken = dataclasses.replace(
        with_hidden_task, solution=with_answers(MASTER, {"0.3": RIGHT["0.3"] + " or len(labels) == 1000"})
    )
    assert any("task 0.93 was not earned" in problem for problem in gate.run_gate(broken, SETTINGS))


def test_a_hidden_task_with_a_probe_of_its_own_is_refused_since_it_would_enter_the_sandbox(with_hidden_task):
    with_hidden_task.bank_file.write_text(
        HIDDEN_BANK.replace("make_case=_case,", "make_case=_case, probe=lambda answer, inputs: 1,")
    )
    with pytest.raises(ValueError, match=r"hidden task 0.93 needs the probe of a public task"):
        grade(with_hidden_task, b"", SETTINGS)


def test_the_digest_changes_with_everything_that_decides(with_hidden_task):
    masters = [
        MASTER,
        with_hidden_task,
        dataclasses.replace(MASTER, released=MASTER.released + b" "),
        dataclasses.replace(MASTER, solution=MASTER.solution + b" "),
        dataclasses.replace(MASTER, bank_file=None),
        load_master(ROOT, "00", ["0.1", "0.3"]),
        load_master(ROOT, "03", ["3.1"]),
    ]
    assert len({master.digest for master in masters}) == len(masters)
    assert load_master(ROOT, "00", ["0.3"]).digest == MASTER.digest


def test_what_was_released_is_known_for_every_task_of_every_exercise():
    for path in sorted((ROOT / "exercises").glob("*.ipynb")):
        if list((ROOT / "tlcourse/tasks").glob(f"tasks_{path.stem[:2]}_*.py")):
            for answer in load_master(ROOT, path.stem).answers:
                assert "NotImplementedError" in answer.stub, answer.task
                assert answer.answer_name in answer.stub


@pytest.mark.parametrize("lesson", ["", "0", "nothing"])
def test_an_exercise_that_is_not_named_exactly_lists_what_there_is(lesson):
    with pytest.raises(ValueError, match="00_start_here"):
        load_master(ROOT, lesson)


def test_a_changed_file_in_any_folder_of_the_grader_changes_its_version(tmp_path, monkeypatch):
    package = tmp_path / "tlcourse"
    shutil.copytree(ROOT / "tlcourse" / "grading", package / "grading")
    shutil.copytree(ROOT / "tlcourse" / "checks", package / "checks")
    shutil.copytree(ROOT / "tlcourse" / "tasks", package / "tasks")
    shutil.copy(ROOT / "tlcourse" / "fork_server.py", package)
    monkeypatch.setattr(master_room.tlcourse, "__file__", str(package / "__init__.py"))
    version = master_room.grader_version.__wrapped__
    seen = {version()}
    files = [*(package / "grading").rglob("*.py"), *(package / "checks").rglob("*.py")]
    files += [package / "tasks" / "__init__.py", package / "fork_server.py"]
    for path in files:
        path.write_bytes(path.read_bytes() + b"\n")
        seen.add(version())
    assert len(seen) == 1 + len(files)
