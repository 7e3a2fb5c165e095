"""Three graders behind one call: a folder of notebooks in, points per learner out, each in an environment of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from material import ROOT, TOPIC, Series, as_released, filled, source_notebook

THREADS = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "TF_INTRAOP", "TF_INTEROP", "TF_NUM_INTRAOP")}
THREADS |= {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
OURS = """
import sys
from pathlib import Path
from tlcourse.grading.classroom import grade_class
from tlcourse.grading.grade import Settings
from tlcourse.grading.master import load_master
from tlcourse.grading.sandbox.backends import choose_sandbox
root, tasks, folder, out, jobs, workers = sys.argv[1:]
def main():
    master, settings = load_master(Path(root), "00", tasks.split(",")), Settings("a seed", choose_sandbox())
    if workers == "0":
        grade_class(master, Path(folder), Path(out), settings, jobs=int(jobs))
        return
    from distributed import LocalCluster
    with LocalCluster(n_workers=int(workers), threads_per_worker=1, dashboard_address=None) as cluster:
        grade_class(master, Path(folder), Path(out), settings, dask=cluster.scheduler_address)
if __name__ == "__main__":
    main()
"""
READ_BOOK = """
import json, sys
from nbgrader.api import Gradebook
with Gradebook("sqlite:///gradebook.db") as book:
    print(json.dumps({s.student.id: s.score for s in book.assignment_submissions(sys.argv[1])}))
"""


def environment_of(name: str, packages: list[str]) -> Path:
    """Return an environment that holds a foreign grader: `BENCH_NBGRADER` or `BENCH_OTTER` where set, else made below `build/`."""
    given = os.environ.get(f"BENCH_{name.upper()}")
    place = Path(given) if given else ROOT / "build" / "bench-grading" / name
    if not place.exists():
        print(f"Making an environment for {name} (a few minutes, once) ...", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
        subprocess.run([place / "bin/pip", "install", "-q", *packages, str(ROOT)], check=True)
    return place


def run(command: list[object], folder: Path, bin_folder: Path | None = None) -> str:
    """Run a program with one thread a process, and return what it prints."""
    path = os.environ["PATH"] if bin_folder is None else f"{bin_folder}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, **THREADS, "PATH": path, "PYTHONPATH": str(ROOT), "TLCOURSE_PROFILE": "embedded"}
    done = subprocess.run([str(part) for part in command], cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode not in (0, 3):
        raise RuntimeError(f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}")
    return done.stdout


class Ours:
    """This package: workers in a sandbox, the score computed outside, one hidden case for each task beside the visible one."""

    def __init__(self, jobs: int = 1, workers: int = 0) -> None:
        self.jobs, self.workers = jobs, workers
        self.name = f"tlcourse, {workers} Dask workers" if workers else f"tlcourse, {jobs} job{'s' if jobs > 1 else ''}"

    def prepare(self, series: Series, answers: list[dict[str, str]], folder: Path) -> None:
        notebook = as_released(source_notebook(series))
        (folder / "class").mkdir(parents=True)
        for number, sources in enumerate(answers):
            (folder / "class" / f"learner{number:02d}.ipynb").write_bytes(filled(notebook, sources))
        (folder / "ours.py").write_text(OURS)

    def grade(self, series: Series, folder: Path) -> None:
        shutil.rmtree(folder / "out", ignore_errors=True)
        command = [sys.executable, "ours.py", ROOT, ",".join(series.tasks), "class", "out", self.jobs, self.workers]
        run(command, folder)

    def points(self, folder: Path) -> dict[str, float]:
        rows = [line.split(",") for line in (folder / "out/exports/marks.csv").read_text("utf-8-sig").splitlines()[1:]]
        return {row[0]: float(row[2]) for row in rows}


class Nbgrader:
    """nbgrader: executes the notebook and takes its marks from what stands in it then."""

    name = "nbgrader"

    def __init__(self) -> None:
        self.bin = environment_of("nbgrader", ["nbgrader"]) / "bin"

    def prepare(self, series: Series, answers: list[dict[str, str]], folder: Path) -> None:
        source = folder / "source" / TOPIC / f"{TOPIC}.ipynb"
        source.parent.mkdir(parents=True)
        source.write_text(json.dumps(source_notebook(series)))
        (folder / "nbgrader_config.py").write_text("c = get_config()\nc.ExecutePreprocessor.timeout = 600\n")
        run(["nbgrader", "generate_assignment", TOPIC], folder, self.bin)
        released = json.loads((folder / "release" / TOPIC / f"{TOPIC}.ipynb").read_text())
        for number, sources in enumerate(answers):
            path = folder / "submitted" / f"learner{number:02d}" / TOPIC / f"{TOPIC}.ipynb"
            path.parent.mkdir(parents=True)
            path.write_bytes(filled(released, sources))

    def grade(self, series: Series, folder: Path) -> None:
        run(["nbgrader", "autograde", TOPIC], folder, self.bin)

    def points(self, folder: Path) -> dict[str, float]:
        return json.loads(run(["python", "-c", READ_BOOK, TOPIC], folder, self.bin))


class Otter:
    """Otter: executes the notebook and then its tests in the same process. One `otter run` for each submission, as its docs say."""

    name = "Otter"

    def __init__(self) -> None:
        self.bin = environment_of("otter", ["otter-grader", "ipykernel"]) / "bin"

    def prepare(self, series: Series, answers: list[dict[str, str]], folder: Path) -> None:
        (folder / "tests").mkdir(parents=True)
        for task, found in series.master.tasks.items():
            code = f">>> from tlcourse import check\n>>> check('{task}', {found.answer_name}).earned\nTrue"
            case = {"code": code, "hidden": False, "locked": False}
            test = {"name": task, "points": found.points, "suites": [{"cases": [case], "type": "doctest"}]}
            (folder / "tests" / f"q{task.replace('.', '_')}.py").write_text(f"OK_FORMAT = True\ntest = {test!r}\n")
        run(["otter", "generate", "-t", "tests", "-o", "autograder.zip", "--no-environment"], folder, self.bin)
        notebook = source_notebook(series)
        notebook["cells"] = [c for c in notebook["cells"] if not c["metadata"].get("nbgrader", {}).get("grade")]
        for number, sources in enumerate(answers):
            (folder / "class").mkdir(exist_ok=True)
            (folder / "class" / f"learner{number:02d}.ipynb").write_bytes(filled(notebook, sources))

    def grade(self, series: Series, folder: Path) -> None:
        for path in sorted((folder / "class").glob("*.ipynb")):
            (folder / "out" / path.stem).mkdir(parents=True)
            run(["otter", "run", "--no-logo", "-a", "autograder.zip", "-o", f"out/{path.stem}", path], folder, self.bin)

    def points(self, folder: Path) -> dict[str, float]:
        found = {}
        for path in sorted((folder / "out").glob("*/results.json")):
            found[path.parent.name] = sum(test.get("score", 0) for test in json.loads(path.read_text())["tests"])
        return found
