"""Run the course: every lesson and solution, pages with outputs, only what changed."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from importlib import metadata
from pathlib import Path
from typing import Any

from tlcourse.course.copying import copy_course
from tlcourse.course.execute import CELL_LIMIT, Outcome, execute, kernel_environment, read_notebook
from tlcourse.course.page_look import heading_of
from tlcourse.course.pages import Record, links_of, read_record, write_index, write_page, write_record
from tlcourse.course.parallel import run_parallel
from tlcourse.course.places import EXERCISES, FOLDERS, LESSONS, Notebook, find_course, list_runnable
from tlcourse.course.progress import Progress
from tlcourse.course.warm_kernels import share_warm_kernels

__all__ = [
    "FOLDERS",
    "Outcome",
    "Record",
    "copy_course",
    "execute",
    "find_course",
    "list_runnable",
    "read_notebook",
    "run_course",
]

_LIBRARIES = ("keras", "tensorflow", "numpy", "scikit-learn", "matplotlib")


def run_course(
    course: Path,
    output: Path,
    *,
    profile: str = "embedded",
    only: str = "",
    fresh: bool = False,
    jobs: int = 1,
    cell_limit: int = CELL_LIMIT,
) -> tuple[Path, list[Record]]:
    """Execute lessons and solutions and write a page for each.

    A notebook whose text, package, libraries and profile are those of its last good run keeps its page. A notebook that fails
    does not stop the others. When the run is interrupted, what is finished is kept.

    Args:
        course: The folder of `find_course`.
        output: Where the pages go. Each profile has its own folder in it.
        profile: "embedded" or "full".
        only: Lesson number or prefix, such as "02" (default: all).
        fresh: True to run all, changed or not.
        jobs: Notebooks at a time, each with its own memory (embedded profile: up to 2 GiB).
        cell_limit: Seconds that a cell may take.

    Returns:
        Path of the index, and one record per notebook.

    Raises:
        ValueError: If `jobs` is below 1, or no lesson begins with `only`.
    """
    if jobs < 1:
        raise ValueError(f"`jobs` must be 1 or more. Received: jobs={jobs}.")
    notebooks = list_runnable(course, only)
    folder = output / profile
    package = _package_digest()
    known = {n.title: read_record(folder / f"{_slug(n)}.json") for n in notebooks}
    with Progress([(n.title, r.seconds if (r := known[n.title]) else None) for n in notebooks], jobs) as progress:
        tasks = []
        for notebook in notebooks:
            task = _Task(notebook, folder, _key(notebook, package, profile), profile, cell_limit)
            if fresh or not task.is_done(known[notebook.title]):
                tasks.append(task)
            else:
                progress.keep(notebook.title)
        _run_in_turn(tasks, progress) if jobs == 1 else _run_at_once(tasks, jobs, progress)
    _write_exercises(course, folder, {n.topic for n in notebooks}, changed={task.notebook.topic for task in tasks})
    index = folder / "index.html"
    listed, outdated = _all_records(course, folder, package, profile)
    write_index(listed, profile, index, outdated)
    titles = {notebook.title for notebook in notebooks}
    return index, [record for record in listed if record.title in titles]


@dataclass(frozen=True)
class _Task:
    """One notebook to run, and where its page goes."""

    notebook: Notebook
    folder: Path
    key: str
    profile: str
    cell_limit: int

    @property
    def page(self) -> Path:
        return self.folder / f"{_slug(self.notebook)}.html"

    def is_done(self, record: Record | None) -> bool:
        """Tell whether the last run was good, of the same notebook, and its page is there."""
        return record is not None and not record.error and record.key == self.key and self.page.exists()

    def keep(self, outcome: Outcome) -> Record:
        """Write page and record of a run."""
        title, stamp = self.notebook.title, _stamp(self.profile, outcome.ok)
        write_page(outcome.notebook, title, self.page, stamp, _links(self.notebook.path, self.notebook.kind))
        heading = heading_of(outcome.notebook)
        record = Record(title, self.key, outcome.seconds, outcome.peak_mib, outcome.error, self.page.name, stamp, heading)
        write_record(record, self.page.with_suffix(".json"))
        return record


def _run(task: _Task, tell: Callable[[tuple[int, int]], None]) -> Record:
    """Run one notebook, and call `tell` with `(cells done, cells in all)` after each cell."""
    limit = task.cell_limit
    return task.keep(
        execute(task.notebook.path, profile=task.profile, cell_limit=limit, on_cell=lambda done, total: tell((done, total)))
    )


def _run_in_turn(tasks: list[_Task], progress: Progress) -> None:
    for task in tasks:
        title = task.notebook.title
        progress.begin(title)
        progress.end(_run(task, lambda cells, title=title: progress.cell(title, *cells)))  # type: ignore[misc]


def _run_at_once(tasks: list[_Task], jobs: int, progress: Progress) -> None:
    def happened(event: str, number: int, value: Any) -> None:
        task = tasks[number]
        if event == "begin":
            progress.begin(task.notebook.title)
        elif event == "news":
            progress.cell(task.notebook.title, *value)
        elif event == "result":
            progress.end(value)
        else:
            error = f"the process that ran it ended with status {value}. Out of memory? Fewer jobs need less."
            progress.end(task.keep(Outcome(read_notebook(task.notebook.path), 0.0, None, error)))

    if tasks:
        share_warm_kernels(kernel_environment(tasks[0].profile))
    run_parallel(_run, tasks, jobs, happened)


def _all_records(course: Path, folder: Path, package: str, profile: str) -> tuple[list[Record], frozenset[str]]:
    """Collect the record of every notebook of the course, and the titles of notebooks that changed since."""
    listed, outdated = [], set()
    for notebook in list_runnable(course):
        record = read_record(folder / f"{_slug(notebook)}.json")
        if record is not None:
            listed.append(record)
            if record.key != _key(notebook, package, profile):
                outdated.add(record.title)
    return listed, frozenset(outdated)


def _write_exercises(course: Path, folder: Path, topics: set[str], changed: set[str]) -> None:
    """Write a page of each exercise as learners get it, where its lesson or solution ran now or the page is missing."""
    for path in sorted((course / EXERCISES).glob("*.ipynb")):
        page = folder / f"{path.stem}.exercise.html"
        if path.stem in changed or (path.stem in topics and not page.exists()):
            write_page(read_notebook(path), path.stem, page, links=_links(path, "exercise"))


def _links(path: Path, kind: str) -> list[tuple[str, str]]:
    topics = sorted(lesson.stem for lesson in (path.parents[1] / LESSONS).glob("*.ipynb"))
    return links_of(topics, path.stem, kind)


def _slug(notebook: Notebook) -> str:
    return f"{notebook.topic}.{notebook.kind}"


def _key(notebook: Notebook, package: str, profile: str) -> str:
    return hashlib.sha256(f"{package} {profile} ".encode() + notebook.path.read_bytes()).hexdigest()


def _stamp(profile: str, good: bool) -> str:
    """Say when a notebook ran, how it ended and with which versions, so readers know whether it still works."""
    versions = ", ".join(f"{name} {_version(name)}" for name in _LIBRARIES)
    result = "ran to the end" if good else "stopped with an error"
    return f"{result} on {date.today().isoformat()}, {profile} profile, with Python {platform.python_version()}, {versions}"


def _package_digest() -> str:
    """Return a digest of all that a notebook's result depends on besides its own text."""
    digest = hashlib.sha256(" ".join(f"{name} {_version(name)}" for name in _LIBRARIES).encode())
    root = Path(__file__).resolve().parents[1]
    for path in sorted(p for p in root.rglob("*") if p.suffix in (".py", ".npz", ".txt") and "_course" not in p.parts):
        digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "none"
