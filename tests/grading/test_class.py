"""A whole class: the same bytes however it is run, interrupted or divided; nobody changes another's marks; the gate."""

from __future__ import annotations

import dataclasses
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from filelock import FileLock

from tests.submissions.corpus import RIGHT, ROOT, answered, to_bytes
from tlcourse.grading import classroom, gate, passes, pool
from tlcourse.grading import grade as grading
from tlcourse.grading.classroom import GateClosed, Shard, about_of, grade_class, open_run, pass_gate, report
from tlcourse.grading.grade import Settings, grade, record_key
from tlcourse.grading.master import case_seeds, hidden_seeds, load_master, needs_frameworks, with_answers
from tlcourse.grading.passes import MachineFault
from tlcourse.grading.results.records import read_lines
from tlcourse.grading.sandbox.backends import BUBBLEWRAP, UNSAFE, Limits, Sandbox, bubblewrap_problem
from tlcourse.tasks import load_tasks

pytestmark = pytest.mark.skipif(bool(bubblewrap_problem()), reason=f"needs a sandbox: {bubblewrap_problem()}")
MASTER = load_master(ROOT, "00", ["0.3"])
LIMITS = Limits(cell_seconds=5, probe_seconds=5, notebook_seconds=60, memory_mib=1024, processes=64, file_mib=64)
SETTINGS = Settings("a secret", Sandbox(BUBBLEWRAP, LIMITS))


def fill(folder, count):
    """A class in which every second answer is right, one file is empty, one dies, one guesses, one is a twin."""
    folder.mkdir()
    for number in range(count):
        limit = 0.001 if number % 2 else 0
        source = RIGHT["0.3"].replace("0.001", f"{limit} * {number + 1}")
        data = to_bytes(answered(c=source))
        if number == 1:
            data = b""
        if number == 2:
            data = to_bytes(answered(c="import os\nos._exit(1)"))
        if number == 3:
            guess = "def lost_their_order(labels, predicted, acc):\n    return np.random.default_rng().random() > 0.5"
            data = to_bytes(answered(c=guess))
        if number == 4:
            data = (folder / "learner0.ipynb").read_bytes()
        (folder / f"learner{number}.ipynb").write_bytes(data)
    return folder


@pytest.fixture(scope="module")
def submissions(tmp_path_factory):
    return fill(tmp_path_factory.mktemp("class") / "submissions", 8)


@pytest.fixture(scope="module")
def undisturbed(submissions, tmp_path_factory):
    out = tmp_path_factory.mktemp("undisturbed")
    grade_class(MASTER, submissions, out, SETTINGS)
    return (out / "records.jsonl").read_bytes()


def test_twins_are_graded_once_and_the_same_for_both(submissions, undisturbed, tmp_path, monkeypatch):
    count = []
    monkeypatch.setattr(pool, "grade", lambda master, data, settings: count.append(data) or grade(master, data, settings))
    summary = grade_class(MASTER, submissions, tmp_path, SETTINGS)
    assert len(count) == len(set(count)) == 7
    assert summary.submissions == 8
    marks = (tmp_path / "exports/marks.csv").read_text("utf-8-sig").splitlines()
    assert marks[1].split(",")[2:5] == marks[5].split(",")[2:5]
    assert (tmp_path / "records.jsonl").read_bytes() == undisturbed


def test_a_second_run_grades_nothing_and_changes_nothing(submissions, undisturbed, tmp_path):
    grade_class(MASTER, submissions, tmp_path, SETTINGS)
    files = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.suffix in (".jsonl", ".csv", ".html", ".json")}
    assert grade_class(MASTER, submissions, tmp_path, SETTINGS).graded == 0
    assert files == {path: path.read_bytes() for path in files}


def test_processes_side_by_side_give_the_same_bytes(submissions, undisturbed, tmp_path):
    grade_class(MASTER, submissions, tmp_path, SETTINGS, jobs=2)
    assert (tmp_path / "records.jsonl").read_bytes() == undisturbed


def test_shards_put_together_give_the_same_bytes(submissions, undisturbed, tmp_path):
    total = 0
    for number in (2, 3, 1):
        summary = grade_class(MASTER, submissions, tmp_path, SETTINGS, shard=Shard(number, 3))
        assert summary.report is None
        total += summary.graded
    assert total == 7
    assert report(MASTER, tmp_path, about_of(SETTINGS)).submissions == 8
    assert (tmp_path / "records.jsonl").read_bytes() == undisturbed


def test_no_submission_changes_the_record_of_another(submissions, undisturbed, tmp_path):
    together = read_lines(undisturbed, "x")
    for path in sorted(submissions.iterdir()):
        alone = grade(MASTER, path.read_bytes(), SETTINGS)
        assert alone == together[alone["key"]]


def test_a_worker_of_another_version_is_noticed(submissions, tmp_path, monkeypatch):
    monkeypatch.setattr(pool, "grade", lambda master, data, settings: {**grade(master, data, settings), "key": "0" * 64})
    summary = grade_class(MASTER, submissions, tmp_path, SETTINGS)
    assert not (tmp_path / "journal.jsonl").exists()
    assert all("other versions" in reason for _, _, reason in summary.open)


def test_a_later_submission_is_added_without_grading_the_others_again(submissions, tmp_path):
    folder = fill(tmp_path / "class", 3)
    grade_class(MASTER, folder, tmp_path / "out", SETTINGS)
    (folder / "late.ipynb").write_bytes(to_bytes(answered()))
    summary = grade_class(MASTER, folder, tmp_path / "out", SETTINGS)
    assert (summary.submissions, summary.graded) == (4, 1)


def killed_and_resumed(submissions, out, rng, kills, longest):
    """Kill a run with SIGKILL at random moments, then let it come to its end.

    Returns the number of kills that hit, and how many seconds the last, undisturbed part took.
    """
    command = [sys.executable, "-m", "tlcourse.cli", "grade", str(submissions), "--out", str(out), "--exercise", "00"]
    command += ["--tasks", "0.3", "--seed", "a secret", "--jobs", "2", "--cell-seconds", "5", "--probe-seconds", "5"]
    command += ["--notebook-seconds", "60", "--memory", "1024", "--course", str(ROOT)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    hits = 0
    for _ in range(kills):
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(rng.uniform(0.2, longest))
        hits += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
    started = time.monotonic()
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 3, done.stderr
    return hits, time.monotonic() - started


@pytest.mark.parametrize("seed", [0])
def test_killed_at_random_moments_and_resumed_the_records_are_the_same_bytes(submissions, tmp_path, seed):
    _, whole = killed_and_resumed(submissions, tmp_path / "plain", random.Random(seed), 0, 1)
    hits, _ = killed_and_resumed(submissions, tmp_path / "killed", random.Random(seed), 3, 0.8 * whole)
    assert hits, "no kill came in time"
    assert (tmp_path / "killed/records.jsonl").read_bytes() == (tmp_path / "plain/records.jsonl").read_bytes()


@pytest.mark.slow
def test_killed_at_twenty_moments_of_a_run_over_forty_the_records_are_the_same_bytes(tmp_path):
    folder = fill(tmp_path / "class", 40)
    _, whole = killed_and_resumed(folder, tmp_path / "plain", random.Random(1), 0, 1)
    hits, _ = killed_and_resumed(folder, tmp_path / "killed", random.Random(1), 20, 0.2 * whole)
    assert hits >= 10
    assert (tmp_path / "killed/records.jsonl").read_bytes() == (tmp_path / "plain/records.jsonl").read_bytes()


def test_two_runs_into_one_folder_do_not_meet(submissions, tmp_path):
    with FileLock(tmp_path / ".journal.jsonl.lock"), pytest.raises(ValueError, match="Another run is grading"):
        grade_class(MASTER, submissions, tmp_path, SETTINGS)


def test_another_seed_in_the_same_folder_is_refused(tmp_path):
    sandbox = SETTINGS.sandbox
    first = open_run(tmp_path, "00_start_here", None, sandbox, 1)
    assert len(first.secret) == 32
    assert open_run(tmp_path, "00_start_here", None, sandbox, 1) == first
    with pytest.raises(ValueError, match="another exercise or with another seed"):
        open_run(tmp_path, "00_start_here", "other", sandbox, 1)
    with pytest.raises(ValueError, match="another exercise or with another seed"):
        open_run(tmp_path, "03_what_layers_know", None, sandbox, 1)
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(ValueError, match="is damaged"):
        open_run(tmp_path, "00_start_here", None, sandbox, 1)


def test_hidden_seeds_follow_from_the_secret_and_tell_nothing_about_each_other():
    seeds = hidden_seeds(MASTER, "0.3", "a secret", 50)
    assert seeds == hidden_seeds(MASTER, "0.3", "a secret", 50)
    others = [hidden_seeds(MASTER, task, secret, 50) for task, secret in (("0.1", "a secret"), ("0.3", "another"))]
    assert len({seed for group in (seeds, *others) for seed in group}) == 150
    assert all(2**16 <= seed < 2**32 - 2**16 for seed in seeds)
    assert case_seeds(MASTER, "0.3", "a secret", 2) == [0, *seeds[:2]]


def test_frameworks_are_imported_for_tasks_that_need_them_alone():
    needs = {task.id: needs_frameworks(task) for lesson in (0, 3) for task in load_tasks(lesson).values()}
    assert needs == {"0.1": False, "0.2": False, "0.3": False, "0.4": True, "3.1": False, "3.2": True, "3.3": False}


def test_the_key_depends_on_all_that_the_record_depends_on(monkeypatch):
    data = to_bytes(answered())
    more = dataclasses.replace(LIMITS, cell_seconds=6)
    keys = {
        record_key(MASTER, data, SETTINGS),
        record_key(MASTER, data + b" ", SETTINGS),
        record_key(load_master(ROOT, "00", ["0.1"]), data, SETTINGS),
        record_key(MASTER, data, Settings("other", SETTINGS.sandbox)),
        record_key(MASTER, data, Settings("a secret", SETTINGS.sandbox, hidden_cases=2)),
        record_key(MASTER, data, Settings("a secret", Sandbox(BUBBLEWRAP, more))),
        record_key(MASTER, data, Settings("a secret", Sandbox(UNSAFE, LIMITS))),
    }
    monkeypatch.setattr(grading, "environment", lambda: "another numpy")
    keys.add(record_key(MASTER, data, SETTINGS))
    monkeypatch.setattr(grading, "grader_version", lambda: "0.2")
    keys.add(record_key(MASTER, data, SETTINGS))
    assert len(keys) == 9


def test_the_gate_opens_here_and_only_once(tmp_path, monkeypatch):
    pass_gate(MASTER, SETTINGS, tmp_path, jobs=1, on_progress=lambda done, total: None)
    monkeypatch.setattr(classroom, "run_gate", lambda *a, **k: ["it was run again"])
    pass_gate(MASTER, SETTINGS, tmp_path, jobs=1, on_progress=lambda done, total: None)
    with pytest.raises(GateClosed):
        pass_gate(MASTER, Settings("another", SETTINGS.sandbox), tmp_path, jobs=1, on_progress=lambda done, total: None)


def graded_as(outcomes):
    """Stand in for grading: every task of a notebook gets the outcome that its text asks for."""

    def grade_all(master, submissions, settings, *, jobs):
        for name in submissions:
            outcome, misconception = outcomes(name)
            result = {"task": "0.3", "outcome": outcome, "misconception": misconception, "message": "m", "received": ""}
            yield name, {"results": [result]}, ""

    return grade_all


@pytest.mark.parametrize(
    ("outcomes", "problem"),
    [
        (lambda name: ("not earned", None), "the solution: task 0.3 was not earned"),
        (lambda name: ("earned", None), "the unfilled exercise: task 0.3 was earned"),
        (lambda name: ("could not be judged", None), "the unfilled exercise: task 0.3 was could not be judged"),
        (lambda name: ("not earned", "answer-reversed"), "was not named 'compared-exactly'"),
    ],
)
def test_the_gate_stays_closed_when_known_answers_are_graded_otherwise(monkeypatch, outcomes, problem):
    monkeypatch.setattr(gate, "grade_all", graded_as(outcomes))
    assert any(problem in line for line in gate.run_gate(MASTER, SETTINGS))


def test_a_package_that_the_environment_lacks_closes_the_gate():
    broken = dataclasses.replace(
        MASTER, solution=with_answers(MASTER, {"0.3": "import a_package_that_nobody_has\n" + RIGHT["0.3"]})
    )
    problems = gate.run_gate(broken, SETTINGS)
    assert "needs the package 'a_package_that_nobody_has'" in problems[0]


def test_a_machine_that_cannot_start_workers_records_nothing(submissions, tmp_path, monkeypatch):
    monkeypatch.setenv("TLCOURSE_WARM", "0")
    monkeypatch.setattr(Sandbox, "command", lambda self, name: [sys.executable, "-c", "import sys; sys.exit('no numpy here')"])
    with pytest.raises(MachineFault, match="no numpy here"):
        grade(MASTER, b"x", SETTINGS)
    summary = grade_class(MASTER, submissions, tmp_path, SETTINGS)
    assert not (tmp_path / "journal.jsonl").exists()
    assert len(summary.open) == 8
    assert "Run the command again" in summary.open[0][2]
    monkeypatch.undo()
    assert grade_class(MASTER, submissions, tmp_path, SETTINGS).graded == 7


def test_a_worker_that_dies_before_the_learners_code_is_a_fault_of_the_machine(monkeypatch):
    launched = passes.launch
    monkeypatch.setattr(passes, "launch", lambda sandbox, job, seconds: launched(sandbox, {**job, "skip_cells": None}, seconds))
    with pytest.raises(MachineFault, match="did not start"):
        grade(MASTER, to_bytes(answered()), SETTINGS)


def test_a_grader_process_that_dies_takes_no_other_with_it(monkeypatch):
    data = {name: to_bytes(answered(c=f"# {name}\n" + RIGHT["0.3"])) for name in ("a", "b", "c", "d")}
    monkeypatch.setattr(pool, "_safely", _dies_of_b)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path(__file__).parent), str(ROOT / "tests/submissions"), str(ROOT)]))
    done = {key: (record, reason) for key, record, reason in pool.grade_all(MASTER, data, SETTINGS, jobs=2)}
    assert set(done) == set(data)
    assert done["b"] == (None, "The process that graded it died.")
    assert all(done[name][0] == {"graded": name} for name in "acd")


def _dies_of_b(key, master, data, settings):
    if key == "b":
        os._exit(1)
    return key, {"graded": key}, ""


def test_without_dask_its_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ValueError, match="pip install distributed"):
        list(pool.grade_all(MASTER, {"a": b""}, SETTINGS, dask="tcp://127.0.0.1:1"))


@pytest.mark.filterwarnings("ignore")  # Dask warns about ports and files of its own
def test_a_dask_cluster_gives_the_same_bytes(submissions, undisturbed, tmp_path):
    distributed = pytest.importorskip("distributed", reason="needs the package distributed")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None, local_directory=str(tmp_path / "dask")
    ) as cluster:
        grade_class(MASTER, submissions, tmp_path / "out", SETTINGS, dask=cluster.scheduler_address)
    assert (tmp_path / "out/records.jsonl").read_bytes() == undisturbed


def test_the_record_can_be_read_by_people(undisturbed):
    first = json.loads(undisturbed.splitlines()[0])
    assert {"key", "master", "submission", "grader", "environment", "sandbox", "seeds", "points", "results"} <= set(first)
    assert first["sandbox"]["kind"] == "bubblewrap"
    assert first["seeds"]["0.3"] == case_seeds(MASTER, "0.3", "a secret", 1)
