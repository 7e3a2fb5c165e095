"""From verdicts of cases to one result: three outcomes, always a reason, and of hidden cases no numbers."""

from __future__ import annotations

import pytest

from tests.submissions.corpus import LIMITS, MASTER, all_kinds
from tlcourse.checks import EARNED, NOT_EARNED, UNJUDGED, Case, could_not_judge, earned, not_earned
from tlcourse.grading.grade import Settings, grade
from tlcourse.grading.outcomes import ONLY_VISIBLE, merge, needs_review
from tlcourse.grading.sandbox.backends import Sandbox, bubblewrap_problem
from tlcourse.grading.verdicts import died, judge_case
from tlcourse.tasks import find_task

TASK = find_task("0.3")
SAID = not_earned("2 of 6 runs are wrong, 0.5 off.", expected="[0, 1]", received="[1, 1]", misconception="answer-reversed")


def test_a_task_is_earned_when_all_its_cases_are():
    assert merge(TASK, [earned(), earned()], 1)["points"] == TASK.points
    for verdicts in ([earned(), SAID], [SAID, earned()], [earned(), could_not_judge("x")], [could_not_judge("x"), earned()]):
        result = merge(TASK, verdicts, 1)
        assert result["points"] == 0
        assert result["outcome"] != EARNED


def test_a_reason_against_goes_before_a_case_that_could_not_be_judged():
    assert merge(TASK, [could_not_judge("x"), SAID], 1)["outcome"] == NOT_EARNED
    assert merge(TASK, [could_not_judge("x"), earned()], 1)["outcome"] == UNJUDGED


def test_no_case_at_all_needs_review():
    assert merge(TASK, [], 1)["outcome"] == UNJUDGED


def test_of_a_visible_case_everything_is_told():
    result = merge(TASK, [SAID, SAID], 1)
    assert (result["message"], result["expected"], result["received"]) == (SAID.message, SAID.expected, SAID.received)
    assert result["explanation"] == TASK.explain("answer-reversed")


def test_of_a_hidden_case_no_number_is_told():
    result = merge(TASK, [earned(), SAID], 1)
    assert result["expected"] == result["received"] == ""
    assert not any(character.isdigit() for character in result["message"])
    assert result["misconception"] == "answer-reversed"


def test_an_answer_that_knows_the_visible_case_alone_is_named():
    result = merge(TASK, [earned(), not_earned("Wrong.", expected="5", received="7")], 1)
    assert result["misconception"] == ONLY_VISIBLE
    assert "written down" in result["explanation"]


def test_a_hidden_task_has_no_visible_case_to_speak_of():
    result = merge(TASK, [not_earned("Wrong by 3.5.", expected="5")], 0)
    assert result["misconception"] is None
    assert (result["message"], result["expected"]) == ("Wrong by ….", "")


def test_addresses_of_objects_are_left_out_since_they_differ_from_run_to_run():
    result = merge(TASK, [not_earned("Found <f at 0x7f3a2b1c>.", received="<g at 0xDEADBEEF>")], 1)
    assert (result["message"], result["received"]) == ("Found <f at 0x…>.", "<g at 0x…>")


@pytest.mark.parametrize(
    ("problem", "outcome", "word"),
    [
        ("time", NOT_EARNED, "within 5 seconds"),
        ("resources", NOT_EARNED, "100 MiB of memory, 7 processes"),
        ("signal 11", NOT_EARNED, "signal 11"),
        ("exit 3", NOT_EARNED, "exit 3"),
        ("", NOT_EARNED, "ended the whole Python process"),
        ("malformed: It sent garbage.", UNJUDGED, "It sent garbage."),
    ],
)
def test_every_way_to_die_has_its_sentence(problem, outcome, word):
    verdict = died(problem, 5, 100, 7)
    assert verdict.outcome == outcome
    assert word in verdict.message


@pytest.mark.parametrize(
    ("record", "outcome", "word"),
    [
        ({"status": "missing", "text": "", "line": ""}, NOT_EARNED, "holds no answer"),
        ({"status": "missing", "text": "SyntaxError: bad", "line": "3: def f("}, NOT_EARNED, "at line 3: def f("),
        ({"status": "missing", "text": "ModuleNotFoundError: No module named 'torch'", "line": ""}, UNJUDGED, "'torch'"),
        (
            {"status": "raised", "text": "ModuleNotFoundError: No module named 'a.b'", "lineno": 1, "line": "x"},
            UNJUDGED,
            "'a.b'",
        ),
        ({"status": "raised", "text": "ValueError: no", "lineno": 1, "line": "x"}, NOT_EARNED, "error"),
        ({"status": "changed tools", "text": "numpy.array_equal"}, UNJUDGED, "numpy.array_equal"),
        ({}, UNJUDGED, ""),
    ],
)
def test_every_record_has_its_sentence(record, outcome, word):
    verdict = judge_case(TASK, Case(None), record)
    assert verdict.outcome == outcome
    assert word in verdict.message


@pytest.mark.skipif(bool(bubblewrap_problem()), reason=f"needs a sandbox: {bubblewrap_problem()}")
@pytest.mark.parametrize(
    ("name", "misconception", "word"),
    [
        ("visible_case_only", "every-run-alike", "The check in the notebook passes"),
        ("renamed_without_its_check", None, ""),
        ("plainly_wrong", "groups-instead-of-positions", "plants"),
        ("one_answer_deleted", "nothing-defined", "holds no answer"),
        ("syntax_error", None, "its cell stopped with an error at line 1: def group_split"),
        ("cell_that_only_raises", None, "its cell stopped with an error at line 1: raise"),
        ("endless_loop_alone", None, "did not finish within 4 seconds"),
        ("endless_loop_in_a_cell", None, "did not finish within 4 seconds"),
    ],
)
def test_reasons_name_what_happened(name, misconception, word):
    kind = next(kind for kind in all_kinds() if kind.name == name)
    record = grade(MASTER, kind.make(), Settings("s", Sandbox("bubblewrap", LIMITS)))
    result = next((r for r in record["results"] if r["outcome"] == NOT_EARNED), record["results"][0])
    assert (result["misconception"], word in result["message"]) == (misconception, True), result


def test_what_needs_review_is_listed_with_its_reason():
    results = [{"task": "1", "outcome": UNJUDGED, "message": "why"}, {"task": "2", "outcome": NOT_EARNED, "message": "no"}]
    assert needs_review({"results": results}) == [("1", "why")]
