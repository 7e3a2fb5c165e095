"""Turn sources into what is made of them, notebooks and pages, and name what differs from its source."""

from __future__ import annotations

from pathlib import Path

from tlcourse.authoring.lint import lint_source
from tlcourse.authoring.markers import SourceError
from tlcourse.authoring.notebooks import EXERCISE, LESSON, NBGRADER_SOURCE, SOLUTION, build_notebook
from tlcourse.authoring.opening import table_of_lessons, with_table
from tlcourse.authoring.reference import reference
from tlcourse.authoring.skeleton import write_lesson
from tlcourse.authoring.vocabulary import glossary
from tlcourse.files import write_whole

__all__ = [
    "REPAIR",
    "SourceError",
    "build_all",
    "build_notebook",
    "build_pages",
    "build_source_for_nbgrader",
    "lint_source",
    "stale_files",
    "write_lesson",
    "write_notebooks",
    "write_pages",
]

REPAIR = "make notebooks"


def build_all(root: Path, only: str = "") -> dict[Path, str]:
    """Build every notebook of the repository at `root`, in memory.

    Args:
        root: The folder that holds `content/`.
        only: Lesson number or prefix, such as "02"; "" for all.

    Returns:
        `{path of the notebook: its text}`.

    Raises:
        FileNotFoundError: If there is no `content/` folder.
        SourceError: If a source is at fault; the message names file and cell.
    """
    if not (root / "content").is_dir():
        raise FileNotFoundError(f"Expected a folder `content` with the sources of the notebooks in {root}. Found none.")
    topics = sorted(path.stem for path in (root / "content" / "lessons").glob("*.py"))
    built: dict[Path, str] = {}
    for kind, folders in (("lessons", (LESSON,)), ("exercises", (EXERCISE, SOLUTION))):
        for path in sorted((root / "content" / kind).glob(f"{only}*.py")):
            name = path.relative_to(root).as_posix()
            text = path.read_text(encoding="utf-8")
            lint_source(text, name)
            for folder in folders:
                built[root / folder / f"{path.stem}.ipynb"] = build_notebook(text, name, path.stem, folder, topics)
    return built


def build_source_for_nbgrader(root: Path, topic: str) -> str:
    """Build an exercise as a source notebook of nbgrader: solutions between its markers, checks that count.

    Args:
        root: The folder that holds `content/`.
        topic: Number and name of the exercise, such as "02_feature_extraction".

    Raises:
        FileNotFoundError: If there is no such source.
        SourceError: If the source is at fault.
    """
    path = root / "content" / "exercises" / f"{topic}.py"
    if not path.exists():
        raise FileNotFoundError(
            f"Expected the source of an exercise at {path}. Found none; a checkout of the course is needed."
        )
    return build_notebook(path.read_text(encoding="utf-8"), path.name, topic, NBGRADER_SOURCE)


def build_pages(root: Path) -> dict[Path, str]:
    """Build what else is made of sources, in memory: README's table of lessons, glossary, API reference.

    Args:
        root: The repository.

    Returns:
        `{path of the page: its text}`.

    Raises:
        SourceError: If the first cell of a lesson lacks what the table shows, or the README its marks.
    """
    readme = root / "README.md"
    return {
        readme: with_table(readme.read_text(encoding="utf-8"), table_of_lessons(root)),
        root / "docs" / "glossary.md": glossary(root),
        root / "docs" / "reference.md": reference(root),
    }


def stale_files(root: Path) -> list[str]:
    """Name the committed notebooks and pages that differ from what the sources give, are missing, or have no source.

    Args:
        root: The repository.
    """
    notebooks = build_all(root)
    found = {path for folder in (LESSON, EXERCISE, SOLUTION) for path in (root / folder).glob("*")}
    built = {**notebooks, **build_pages(root)}
    differ = [path for path, text in built.items() if not path.exists() or path.read_bytes() != text.encode()]
    return sorted(path.relative_to(root).as_posix() for path in [*differ, *(found - set(notebooks))])


def write_notebooks(root: Path, only: str = "") -> list[Path]:
    """Write the notebooks that changed.

    Args:
        root: The repository.
        only: Lesson number or prefix, such as "02"; "" for all.

    Returns:
        Their paths.
    """
    return _write(build_all(root, only))


def write_pages(root: Path) -> list[Path]:
    """Write the pages of `build_pages` that changed.

    Args:
        root: The repository.

    Returns:
        Their paths.
    """
    return _write(build_pages(root))


def _write(built: dict[Path, str]) -> list[Path]:
    changed = [path for path, text in built.items() if not path.exists() or path.read_bytes() != text.encode()]
    for path in changed:
        write_whole(path, built[path])
    return changed
