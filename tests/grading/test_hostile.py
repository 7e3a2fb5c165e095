"""Submissions that attack gain nothing, and cost the honest tasks beside them nothing."""

from __future__ import annotations

import ctypes
import json

import pytest

from tests.submissions.corpus import LIMITS, MASTER, ROOT, all_kinds, assert_outcomes
from tests.submissions.hostile import OF_INSTRUCTORS
from tlcourse.checks import EARNED, NOT_EARNED
from tlcourse.grading.grade import Settings, grade
from tlcourse.grading.sandbox.backends import bubblewrap_problem, choose_sandbox

pytestmark = pytest.mark.skipif(bool(bubblewrap_problem()), reason=f"needs a sandbox: {bubblewrap_problem()}")
ALL = all_kinds()
KINDS = [kind for kind in ALL if kind.hostile]
LETTERS = "QXJZW"  # what one of them puts in place of hidden data


@pytest.fixture(scope="module")
def settings():
    return Settings("a secret of the tests", choose_sandbox("bubblewrap", limits=LIMITS))


def test_what_attacks_look_for_is_there_outside_the_walls():
    assert all((ROOT / name).exists() for name in OF_INSTRUCTORS)


def test_there_are_many_attacks():
    assert len(KINDS) >= 40


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
def test_outcomes_are_right(kind, settings):
    assert_outcomes(kind, settings)


def test_learners_read_nothing_of_hidden_data_that_their_code_put_into_words(settings):
    record = grade(MASTER, hidden_data_carried_out_in_the_text_of_an_error_bytes(), settings)
    first = record["results"][0]
    assert first["cases"] == [EARNED, NOT_EARNED]
    assert LETTERS not in json.dumps(record)
    assert "stops with an error" in first["message"]


def hidden_data_carried_out_in_the_text_of_an_error_bytes():
    return next(kind for kind in KINDS if kind.name == "hidden_data_carried_out_in_the_text_of_an_error").make()


@pytest.mark.parametrize("attack", ["looks_for_what_an_earlier_submission_left", "modules_written_where_python_looks"])
def test_what_an_attack_leaves_reaches_no_later_submission(settings, attack):
    kind = next(kind for kind in KINDS if kind.name == attack)
    for _ in range(3):  # forked by the same process
        assert_outcomes(kind, settings)


def test_nor_does_it_where_every_worker_starts_fresh_and_the_grader_has_a_keyring_of_its_login(settings, monkeypatch):
    monkeypatch.setenv("TLCOURSE_WARM", "0")
    ctypes.CDLL(None).syscall(250, 1, None)  # keyctl(KEYCTL_JOIN_SESSION_KEYRING), as a login does it
    kind = next(kind for kind in KINDS if kind.name == "looks_for_what_an_earlier_submission_left")
    for _ in range(2):
        assert_outcomes(kind, settings)
