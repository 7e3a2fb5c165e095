"""An exercise of ours in an unmodified nbgrader, in its own environment: accepted, graded the same; our marks in its gradebook."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.submissions.corpus import MASTER, ROOT, answered, to_bytes
from tlcourse.authoring import build_source_for_nbgrader
from tlcourse.checks import EARNED
from tlcourse.grading.classroom import grade_class
from tlcourse.grading.grade import Settings
from tlcourse.grading.master import load_master
from tlcourse.grading.results.nbgrader_course import MISSING, write_marks, write_source
from tlcourse.grading.sandbox.backends import Limits, bubblewrap_problem, choose_sandbox

TOPIC = "00_start_here"
ASK = """
import json, sys
from nbgrader.api import Gradebook
with Gradebook("sqlite:///" + sys.argv[1]) as book:
    found = {}
    for submission in book.assignment_submissions(sys.argv[2]):
        grades = [(g.name, [g.score, g.needs_manual_grade, g.max_score]) for n in submission.notebooks for g in n.grades]
        comments = [(c.name, c.comment or "") for n in submission.notebooks for c in n.comments]
        found[submission.student.id] = [dict(grades), dict(comments)]
print(json.dumps(found))
"""


def test_the_source_for_nbgrader_holds_solutions_between_its_markers_and_checks_that_count():
    cells = json.loads(build_source_for_nbgrader(ROOT, TOPIC))["cells"]
    marked = {c["metadata"]["nbgrader"]["grade_id"]: c for c in cells if "nbgrader" in c["metadata"]}
    assert list(marked)[:2] == ["task-0-1", "check-0-1"]
    for name, cell in marked.items():
        text, mark = "".join(cell["source"]), cell["metadata"]["nbgrader"]
        assert mark["schema_version"] == 3
        if name.startswith("task-"):
            assert (mark["grade"], mark["solution"], mark["locked"]) == (False, True, False)
            assert text.index("### BEGIN SOLUTION") < text.index("### END SOLUTION")
        else:
            assert (mark["grade"], mark["solution"], mark["locked"]) == (True, False, True)
            assert text.index("TLCOURSE_CHECK") < text.index("### END HIDDEN TESTS") < text.index("\ncheck(")
    assert sum(c["metadata"]["nbgrader"].get("points", 0) for c in marked.values()) == sum(
        task.points for task in load_master(ROOT, "00").tasks.values()
    )


def test_without_nbgrader_it_is_said_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "nbgrader.api", None)
    with pytest.raises(ValueError, match=r"pip install 'tlcourse\[nbgrader\]'"):
        write_marks(tmp_path / "gradebook.db", [], TOPIC)
    assert "tlcourse[nbgrader]" in MISSING


@pytest.fixture(scope="module")
def foreign(tmp_path_factory):
    """Run programs of an environment that holds nbgrader: that which TLCOURSE_NBGRADER names, or one made here."""
    place = Path(os.environ.get("TLCOURSE_NBGRADER") or tmp_path_factory.mktemp("nbgrader") / "venv")
    if not place.exists():
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
        done = subprocess.run([place / "bin/pip", "install", "-q", f"{ROOT}[nbgrader]"], capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"nbgrader cannot be installed here: {done.stderr[-300:]}")

    def run(program, *arguments, folder=None):
        path = f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}"
        environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "TLCOURSE_PROFILE": "embedded"}
        environment.pop("TLCOURSE_CHECK", None)
        command = [str(place / "bin" / program), *map(str, arguments)]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}{done.stderr[-4000:]}"
        return done.stdout

    return run


def handed_in(released, sources):
    """Return the notebook that nbgrader released, with some answers filled in."""
    notebook = json.loads(released)
    for cell in notebook["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        if name.startswith("task-") and (source := sources.get(name.removeprefix("task-").replace("-", "."))):
            cell["source"] = source
    return json.dumps(notebook)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(bool(bubblewrap_problem()), reason=f"needs a sandbox: {bubblewrap_problem()}")
def test_nbgrader_takes_the_exercise_and_gives_honest_submissions_the_same_points(foreign, tmp_path):
    course, master = tmp_path / "course", load_master(ROOT, "00")
    write_source(ROOT, TOPIC, course)
    (course / "nbgrader_config.py").write_text("c = get_config()\nc.ExecutePreprocessor.timeout = 600\n")
    foreign("nbgrader", "generate_assignment", TOPIC, folder=course)
    released = (course / "release" / TOPIC / f"{TOPIC}.ipynb").read_text()
    assert "flatnonzero" not in released
    assert "HIDDEN" not in released
    assert released.count("raise NotImplementedError") == len(master.tasks)
    banks = master.bank
    answers = {
        "ada": {task: bank.right[0].source for task, bank in banks.items()},
        "bo": {task: bank.right[-1].source for task, bank in banks.items()},
        "cy": {task: bank.wrong[0].source for task, bank in banks.items()},
        "di": {"0.1": banks["0.1"].right[1].source, "0.2": banks["0.2"].wrong[-1].source},
    }
    for learner, sources in answers.items():
        path = course / "submitted" / learner / TOPIC / f"{TOPIC}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(handed_in(released, sources))
    foreign("nbgrader", "autograde", TOPIC, folder=course)
    theirs = json.loads(foreign("python", "-c", ASK, course / "gradebook.db", TOPIC))

    sandbox = choose_sandbox("bubblewrap", limits=Limits(memory_mib=4096))
    grade_class(master, course / "submitted", tmp_path / "marks", Settings("a secret", sandbox))
    ours = {}
    for line in (tmp_path / "marks/records.jsonl").read_bytes().splitlines():
        record = json.loads(line)
        ours[record["submission"]] = {f"check-{r['task'].replace('.', '-')}": r["points"] for r in record["results"]}
    for learner in answers:
        data = (course / "submitted" / learner / TOPIC / f"{TOPIC}.ipynb").read_bytes()
        mine = ours[hashlib.sha256(data).hexdigest()]
        assert {name: grade[0] for name, grade in theirs[learner][0].items()} == mine, learner
    assert sum(g[0] for g in theirs["ada"][0].values()) == sum(task.points for task in master.tasks.values())
    assert sum(g[0] for g in theirs["cy"][0].values()) == 0


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(bool(bubblewrap_problem()), reason=f"needs a sandbox: {bubblewrap_problem()}")
def test_our_marks_reach_its_gradebook_through_its_own_api(foreign, tmp_path):
    folder = tmp_path / "class"
    kinds = {
        "ada": answered(),
        "bo": answered(a="def group_split(*a):\n    return [], []"),
        "cy": answered(b="import a_package_that_nobody_has"),
    }
    for learner, notebook in kinds.items():
        (folder / learner).mkdir(parents=True)
        (folder / learner / f"{TOPIC}.ipynb").write_bytes(to_bytes(notebook))
    settings = Settings("a secret", choose_sandbox("bubblewrap"))
    marks = tmp_path / "marks"
    from tlcourse.grading.classroom import open_run

    open_run(marks, TOPIC, "a secret", settings.sandbox, 1)
    grade_class(MASTER, folder, marks, settings)
    code = "import sys; from tlcourse.cli import main; sys.exit(0 if main(sys.argv[1:]) in (0, 3) else 1)"
    for _ in range(2):  # a second time changes nothing
        foreign("python", "-c", code, "report", marks, "--nbgrader", tmp_path / "gradebook.db", "--course", ROOT)
    found = json.loads(foreign("python", "-c", ASK, tmp_path / "gradebook.db", TOPIC))
    assert found["ada"][0] == {"check-0-1": [2, False, 2], "check-0-2": [3, False, 3], "check-0-3": [2, False, 2]}
    assert found["bo"][0]["check-0-1"] == [0, False, 2]
    assert found["cy"][0]["check-0-2"] == [0, True, 3], "what needs review is for manual grading there, too"
    assert found["ada"][1]["task-0-1"].startswith(f"{EARNED}: ")
    assert "a_package_that_nobody_has" in found["cy"][1]["task-0-2"]
    (marks / "decisions.csv").write_text("learner,task,points,comment\ncy,0.2,3,right\n")
    foreign("python", "-c", code, "report", marks, "--nbgrader", tmp_path / "gradebook.db", "--course", ROOT)
    found = json.loads(foreign("python", "-c", ASK, tmp_path / "gradebook.db", TOPIC))
    assert found["cy"][0]["check-0-2"] == [3, False, 3]
