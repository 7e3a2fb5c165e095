"""Turn the sources in `content/` into the notebooks that learners open, and tell where the two differ."""

from __future__ import annotations

from pathlib import Path

from tlcourse.authoring.lint import lint_source
from tlcourse.authoring.markers import SourceError
from tlcourse.authoring.notebooks import EXERCISE, LESSON, NBGRADER_SOURCE, SOLUTION, build_notebook
from tlcourse.files import write_whole

__all__ = [
    "REPAIR",
    "SourceError",
    "build_all",
    "build_notebook",
    "build_source_for_nbgrader",
    "lint_source",
    "stale_notebooks",
    "write_notebooks",
]

REPAIR = "make notebooks"


def build_all(root: Path, only: str = "") -> dict[Path, str]:
    """Build every notebook of the repository at `root`, in memory.

    Args:
        root: the folder that holds `content/`.
        only: beginning of a topic ("02"), or "" for all.

    Returns:
        `{path of the notebook: its text}`.

    Raises:
        FileNotFoundError: there is no `content/` folder.
        SourceError: a source is at fault; the message names file and cell.
    """
    if not (root / "content").is_dir():
        raise FileNotFoundError(f"Expected a folder `content` with the sources of the notebooks in {root}. Found none.")
    built: dict[Path, str] = {}
    for kind, folders in (("lessons", (LESSON,)), ("exercises", (EXERCISE, SOLUTION))):
        for path in sorted((root / "content" / kind).glob(f"{only}*.py")):
            name = path.relative_to(root).as_posix()
            text = path.read_text(encoding="utf-8")
            lint_source(text, name)
            for folder in folders:
                built[root / folder / f"{path.stem}.ipynb"] = build_notebook(text, name, path.stem, folder)
    return built


def build_source_for_nbgrader(root: Path, topic: str) -> str:
    """Build an exercise as a source notebook of nbgrader: solutions between its markers, checks that count.

    Raises:
        FileNotFoundError: there is no such source.
        SourceError: the source is at fault.
    """
    path = root / "content" / "exercises" / f"{topic}.py"
    if not path.exists():
        raise FileNotFoundError(
            f"Expected the source of an exercise at {path}. Found none; a checkout of the course is needed."
        )
    return build_notebook(path.read_text(encoding="utf-8"), path.name, topic, NBGRADER_SOURCE)


def stale_notebooks(root: Path) -> list[str]:
    """Name the committed notebooks that differ from what the sources give, are missing, or have no source."""
    built = build_all(root)
    found = {path for folder in (LESSON, EXERCISE, SOLUTION) for path in (root / folder).glob("*")}
    differ = [path for path, text in built.items() if not path.exists() or path.read_bytes() != text.encode()]
    return sorted(path.relative_to(root).as_posix() for path in [*differ, *(found - set(built))])


def write_notebooks(root: Path, only: str = "") -> list[Path]:
    """Write the notebooks that changed, each by a temporary file and a rename. Returns their paths."""
    changed = []
    for path, text in build_all(root, only).items():
        if path.exists() and path.read_bytes() == text.encode():
            continue
        write_whole(path, text)
        changed.append(path)
    return changed
