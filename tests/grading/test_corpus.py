"""Every submission of the corpus gets the outcome that is right for it, task by task, and gains nothing."""

from __future__ import annotations

import json

import pytest
from corpus import MASTER, TASKS, all_kinds

from tlcourse.checks import EARNED
from tlcourse.grading.grade import Settings, grade
from tlcourse.grading.sandbox import Limits, bubblewrap_problem, choose_sandbox

pytestmark = pytest.mark.skipif(bool(bubblewrap_problem()), reason=f"needs a sandbox: {bubblewrap_problem()}")
KINDS = all_kinds()
LIMITS = Limits(cell_seconds=4, probe_seconds=5, notebook_seconds=120, memory_mib=1024, processes=64, file_mib=64)


@pytest.fixture(scope="module")
def settings():
    return Settings("a secret of the tests", choose_sandbox("bubblewrap", limits=LIMITS))


def test_the_corpus_is_large_and_its_names_are_different():
    assert len(KINDS) >= 60
    assert len({kind.name for kind in KINDS}) == len(KINDS)


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
def test_outcomes_are_right(kind, settings):
    record = grade(MASTER, kind.make(), settings)
    found = {result["task"]: result for result in record["results"]}
    assert tuple(found) == TASKS
    assert tuple(found[task]["outcome"] for task in TASKS) == kind.outcomes, json.dumps(record["results"], indent=1)
    assert record["points"] == sum(r["max_points"] for r in found.values() if r["outcome"] == EARNED)
    for result in found.values():
        assert result["message"], "an outcome without a reason"
        assert result["outcome"] == EARNED or result["points"] == 0
