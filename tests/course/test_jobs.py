"""As many notebooks at a time as cores and memory allow, and at least one."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tlcourse.course import jobs

GIB = 2**30


@pytest.fixture
def machine(monkeypatch, tmp_path):
    def make(cores, free, limit=None, used=0):
        monkeypatch.setattr(jobs, "_cores", lambda: cores)
        monkeypatch.setattr(jobs.psutil, "virtual_memory", lambda: SimpleNamespace(available=free * GIB))
        monkeypatch.setattr(jobs, "_LIMIT", tmp_path)
        if limit is not None:
            (tmp_path / "memory.max").write_text(f"{limit}\n")
            (tmp_path / "memory.current").write_text(f"{used}\n")

    return make


@pytest.mark.parametrize(
    ("cores", "free", "profile", "expected"),
    [(2, 8, "embedded", 2), (8, 5, "embedded", 2), (8, 5, "full", 1), (4, 1, "embedded", 1), (1, 64, "full", 1)],
)
def test_cores_and_free_memory_decide(machine, cores, free, profile, expected):
    machine(cores, free)
    assert jobs.default_jobs(profile) == expected


def test_a_container_that_allows_less_than_the_machine_has_counts(machine):
    machine(16, 64, limit=5 * GIB, used=GIB // 2)
    assert jobs.default_jobs("embedded") == 2
    machine(16, 64, limit="max", used=GIB)
    assert jobs.default_jobs("embedded") == 16


def test_this_machine_runs_at_least_one():
    assert 1 <= jobs.default_jobs("embedded") <= jobs._cores()
    assert jobs.free_memory() > 0
