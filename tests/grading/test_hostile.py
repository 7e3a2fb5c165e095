"""Submissions that attack gain nothing, and cost the honest tasks beside them nothing."""

from __future__ import annotations

import pytest
from corpus import LIMITS, all_kinds, assert_outcomes

from tlcourse.grading.grade import Settings
from tlcourse.grading.sandbox import bubblewrap_problem, choose_sandbox

pytestmark = pytest.mark.skipif(bool(bubblewrap_problem()), reason=f"needs a sandbox: {bubblewrap_problem()}")
ALL = all_kinds()
KINDS = [kind for kind in ALL if kind.hostile]


@pytest.fixture(scope="module")
def settings():
    return Settings("a secret of the tests", choose_sandbox("bubblewrap", limits=LIMITS))


def test_there_are_many_attacks():
    assert len(KINDS) >= 40


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
def test_outcomes_are_right(kind, settings):
    assert_outcomes(kind, settings)
