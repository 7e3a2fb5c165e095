"""Every submission of the corpus gets the outcome that is right for it, task by task, and gains nothing."""

from __future__ import annotations

import pytest

from tests.submissions.corpus import LIMITS, all_kinds, assert_outcomes
from tlcourse.grading.grade import Settings
from tlcourse.grading.sandbox.backends import bubblewrap_problem, choose_sandbox

pytestmark = pytest.mark.skipif(bool(bubblewrap_problem()), reason=f"needs a sandbox: {bubblewrap_problem()}")
ALL = all_kinds()
KINDS = [kind for kind in ALL if not kind.hostile]  # those that attack have a file of their own


@pytest.fixture(scope="module")
def settings():
    return Settings("a secret of the tests", choose_sandbox("bubblewrap", limits=LIMITS))


def test_the_corpus_is_large_and_its_names_are_different():
    assert len(ALL) >= 60
    assert len({kind.name for kind in ALL}) == len(ALL)


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
def test_outcomes_are_right(kind, settings):
    assert_outcomes(kind, settings)
