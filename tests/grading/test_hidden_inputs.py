"""What a hidden case hands to the learner's code reaches nothing that the learner reads, however the code passes it on."""

from __future__ import annotations

import ast
import inspect
import json
from pathlib import Path

import numpy as np
import pytest

from tests.submissions.corpus import LIMITS, MASTER, RIGHT, all_kinds, answered, to_bytes
from tests.submissions.hidden import groups_of, letters, traces
from tests.submissions.hostile import LOOP
from tlcourse.checks import EARNED, NOT_EARNED, UNJUDGED, Case, Task, draw, earned, not_earned
from tlcourse.grading import passes
from tlcourse.grading.grade import Settings, grade
from tlcourse.grading.master import case_seeds
from tlcourse.grading.outcomes import merge
from tlcourse.grading.sandbox.backends import BUBBLEWRAP, UNSAFE, Sandbox, bubblewrap_problem
from tlcourse.grading.sandbox.launch import launch
from tlcourse.grading.verdicts import judge_case
from tlcourse.grading.wording import as_written
from tlcourse.tasks import find_task

needs_bubblewrap = pytest.mark.skipif(bool(bubblewrap_problem()), reason=f"needs a sandbox: {bubblewrap_problem()}")
KINDS = {kind.name: kind for kind in all_kinds() if kind.where == "hidden"}
SECRET = "a secret of the tests"
WORD = letters(np.array([1234]))  # not written anywhere as it is
HIDDEN = groups_of(case_seeds(MASTER, "0.1", SECRET, 1)[1])


@pytest.fixture
def settings():
    return Settings(SECRET, Sandbox(BUBBLEWRAP, LIMITS))


def carried(thing):
    """Return which traces of the hidden inputs of task 0.1 are in something."""
    return traces(HIDDEN, json.dumps(thing, default=str))


@needs_bubblewrap
@pytest.mark.parametrize("name", KINDS)
def test_no_attack_gets_hidden_inputs_into_a_record(settings, name):
    for _ in range(2):  # what a first run leaves behind must not help a second one
        record = grade(MASTER, KINDS[name].make(), settings)
        assert carried(record) == []
        assert record["notes"] == []
        assert "exit" not in json.dumps(record["results"])
        outcomes = [result["outcome"] for result in record["results"]]
        assert tuple(outcomes) == KINDS[name].outcomes, json.dumps(record["results"], indent=1)


REACHING = [
    "hidden_inputs_in_the_error_of_a_cell",
    "hidden_inputs_in_the_error_of_the_visible_case",
    "hidden_inputs_kept_by_a_cell_and_said_in_the_visible_case",
    "hidden_inputs_in_what_the_visible_case_received",
    "hidden_inputs_in_a_forged_record_of_the_visible_case",
    "hidden_inputs_in_a_forged_way_to_die",
    "hidden_inputs_in_forged_notes_about_the_file",
    "hidden_inputs_in_a_file_for_a_later_task",
    "hidden_inputs_found_by_a_thread_that_waits",
]


@needs_bubblewrap
@pytest.mark.parametrize("name", REACHING)
def test_the_attacks_are_able_where_all_inputs_are_handed_over_together(settings, name):
    """Without this, the attacks could fail for want of skill."""
    cases = [draw(find_task("0.1"), seed) for seed in case_seeds(MASTER, "0.1", SECRET, 1)]
    jobs = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passes, "launch", lambda sandbox, job, seconds: jobs.append(job) or launch(sandbox, job, seconds))
        grade(MASTER, to_bytes(answered()), settings)
    job = {**jobs[0], "submission": np.frombuffer(KINDS[name].make(), np.uint8)}
    for task in job["tasks"]:
        if task["id"] == "0.1":
            task["inputs"], job["numbers"] = [case.inputs for case in cases], {**job["numbers"], "0.1": [0, 1]}
    assert carried(launch(settings.sandbox, job, 60).events)


@pytest.mark.parametrize("kind", [BUBBLEWRAP, UNSAFE])
def test_hidden_inputs_leave_the_grader_after_the_worker_with_the_visible_ones_has_ended(monkeypatch, kind):
    """Two workers, one after the other, none of which gets what the other has."""
    if kind == BUBBLEWRAP and bubblewrap_problem():
        pytest.skip(bubblewrap_problem())
    jobs, running = [], []

    def watched(sandbox, job, seconds):
        assert not running
        running.append(job)
        jobs.append(job)
        done = launch(sandbox, job, seconds)
        running.clear()
        return done

    monkeypatch.setattr(passes, "launch", watched)
    record = grade(MASTER, to_bytes(answered()), Settings(SECRET, Sandbox(kind, LIMITS)))
    assert record["points"] == record["max_points"]
    assert [result["cases"] for result in record["results"]] == [[EARNED, EARNED]] * 3
    assert [job["numbers"] for job in jobs] == [{task: [number] for task in ("0.1", "0.2", "0.3")} for number in (0, 1)]
    given = [next(task["inputs"] for task in job["tasks"] if task["id"] == "0.1") for job in jobs]
    assert [len(inputs) for inputs in given] == [1, 1]
    assert np.array_equal(given[0][0]["groups"], groups_of(0))
    assert np.array_equal(given[1][0]["groups"], HIDDEN)


@needs_bubblewrap
def test_a_task_that_the_visible_case_decides_is_not_tried_on_hidden_inputs(monkeypatch, settings):
    jobs = []
    monkeypatch.setattr(passes, "launch", lambda sandbox, job, seconds: jobs.append(job) or launch(sandbox, job, seconds))
    loop = {"b": LOOP, "c": RIGHT["0.3"].replace("> 0.001", "< 0.001")}
    record = grade(MASTER, to_bytes(answered(**loop)), settings)
    assert [task["id"] for task in jobs[-1]["tasks"]] == ["0.1"]
    assert jobs[-1]["skip_cells"], "what did not end once is not waited for again"
    assert [result["cases"] for result in record["results"]] == [[EARNED, EARNED], [NOT_EARNED], [NOT_EARNED]]


def judged(judge, evidence=None, record=None):
    task = Task("0.1", "t", 1, ("a", "b", "c"), "f", {}, lambda seed: Case(None), lambda answer, inputs: None, judge)
    verdict = judge_case(task, Case(None), record or {"status": "ok", "evidence": evidence}, hidden=True)
    return verdict, merge(task, [earned(), verdict], 1)["message"]


def test_words_of_a_verdict_on_a_hidden_case_are_those_of_the_judges_own_source():
    def judge(case, evidence):
        return not_earned(
            f"The table {evidence['name']!r} is wrong, its {evidence['part']} in row {evidence['row']}.", received="x"
        )

    _, message = judged(judge, {"name": WORD, "part": WORD[:3], "row": f"1{WORD}2"})
    assert message.endswith("The table … is wrong, its … in row ….")
    _, message = judged(judge, {"name": "part", "part": "row", "row": 7})  # which stand in the source as constants
    assert message.endswith("The table 'part' is wrong, its row in row ….")
    _, message = judged(
        judge, {"name": "part".swapcase(), "part": "'" + repr("row"), "row": "row".upper()}
    )  # where even capitals and quotes could say something
    assert message.endswith("The table … is wrong, its … in row ….")


def test_sentences_of_the_judges_without_anything_put_in_are_told_whole():
    told = 0
    for task in MASTER.tasks.values():
        tree = ast.parse(Path(inspect.getsourcefile(task.judge)).read_text(encoding="utf-8"))
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "not_earned"]
        for text in (call.args[0].value for call in calls if isinstance(call.args[0], ast.Constant)):
            assert as_written(text, task.judge) == text
            told += 1
    assert told > 20
    assert as_written("The labels has the wrong form.", find_task("0.4").judge) == "The labels has the wrong form."


def test_a_message_that_is_nowhere_in_the_source_is_not_told():
    def judge(case, evidence):
        return not_earned("".join(evidence))

    verdict, message = judged(judge, [WORD, WORD])
    assert verdict.outcome == NOT_EARNED
    assert WORD not in message


def test_a_judge_that_stops_tells_nothing_of_hidden_evidence():
    verdict, message = judged(lambda case, evidence: {}[evidence], WORD)
    assert verdict.outcome == UNJUDGED
    assert WORD not in message + verdict.message
    record = {"status": "misfit", "message": "", "expected": "", "received": "", "misconception": WORD}
    verdict, message = judged(lambda case, evidence: earned(), record=record)
    assert WORD not in message + verdict.message


STATUSES = ("ok", "missing", "raised", "misfit", "wrong kind", "not plain", "stub", "fault", "changed tools", "earned", WORD)


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("prefix", ["", "ModuleNotFoundError: No module named '"])
def test_no_field_of_a_record_on_a_hidden_case_is_told(status, prefix):
    fields = dict.fromkeys(("text", "line", "lineno", "message", "expected", "received", "evidence", "misconception"), WORD)
    record = {"status": status, **fields, "text": f"{prefix}{WORD}'"}
    verdict, message = judged(lambda case, evidence: not_earned(f"{evidence} is wrong.", received=evidence), record=record)
    assert verdict.outcome in (NOT_EARNED, UNJUDGED)
    assert verdict.message
    assert WORD not in json.dumps([vars(verdict), message])
