"""Run the course: every lesson and solution, pages with outputs, only what changed."""

from __future__ import annotations

import hashlib
from importlib import metadata
from pathlib import Path

from tlcourse.course.execute import CELL_LIMIT, Outcome, execute, read_notebook
from tlcourse.course.pages import Record, read_record, write_index, write_page, write_record
from tlcourse.course.places import FOLDERS, Notebook, copy_course, find_course, list_runnable
from tlcourse.course.progress import Progress

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
    cell_limit: int = CELL_LIMIT,
) -> tuple[Path, list[Record]]:
    """Execute lessons and solutions and write a page for each.

    A notebook whose text, package, libraries and profile are those of its last good run keeps its page. A notebook that fails
    does not stop the others. What is finished stays finished when the run is interrupted.

    Args:
        course: the folder of `find_course`.
        output: where the pages go; a folder per profile is made in it.
        profile: "embedded" or "full".
        only: beginning of a topic, such as "02"; "" for all.
        fresh: run all, changed or not.
        cell_limit: seconds a cell may take.

    Returns:
        Path of the index, and one record a notebook.
    """
    notebooks = list_runnable(course, only)
    folder = output / profile
    package = _package_digest()
    old = {n.title: read_record(folder / f"{_slug(n)}.json") for n in notebooks}
    records = []
    with Progress([(n.title, r.seconds if (r := old[n.title]) else None) for n in notebooks]) as progress:
        for notebook in notebooks:
            key = _key(notebook, package, profile)
            record = old[notebook.title]
            page = folder / f"{_slug(notebook)}.html"
            if fresh or record is None or record.error or record.key != key or not page.exists():
                progress.begin(notebook.title)
                outcome = execute(notebook.path, profile=profile, cell_limit=cell_limit, on_cell=progress.cell)
                write_page(outcome.notebook, notebook.title, page)
                record = Record(notebook.title, key, outcome.seconds, outcome.peak_mib, outcome.error, page.name)
                write_record(record, folder / f"{_slug(notebook)}.json")
                progress.end(record.error, outcome.seconds, outcome.peak_mib)
            else:
                progress.keep(notebook.title)
            records.append(record)
    index = folder / "index.html"
    listed, outdated = _all_records(course, folder, package, profile)
    write_index(listed, profile, index, outdated)
    return index, records


def _all_records(course: Path, folder: Path, package: str, profile: str) -> tuple[list[Record], frozenset[str]]:
    """Collect what is known of every notebook of the course, and the titles whose notebook changed since."""
    listed, outdated = [], set()
    for notebook in list_runnable(course):
        record = read_record(folder / f"{_slug(notebook)}.json")
        if record is not None:
            listed.append(record)
            if record.key != _key(notebook, package, profile):
                outdated.add(record.title)
    return listed, frozenset(outdated)


def _slug(notebook: Notebook) -> str:
    return f"{notebook.topic}.{notebook.kind}"


def _key(notebook: Notebook, package: str, profile: str) -> str:
    return hashlib.sha256(f"{package} {profile} ".encode() + notebook.path.read_bytes()).hexdigest()


def _package_digest() -> str:
    """Digest of all that a notebook's result depends on beside its own text."""
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
