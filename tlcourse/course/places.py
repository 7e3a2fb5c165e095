"""Where the notebooks are: the repository that the package was installed from, or the copy inside the package."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

LESSONS, EXERCISES, SOLUTIONS = FOLDERS = ("notebooks", "exercises", "solutions")
_PACKAGE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Notebook:
    """A notebook to run: its path and what pages call it, such as "lesson 02_feature_extraction"."""

    path: Path
    kind: str

    @property
    def topic(self) -> str:
        return self.path.stem

    @property
    def title(self) -> str:
        return f"{self.kind} {self.topic}"


def find_course() -> Path:
    """Return the folder with `notebooks/`, `exercises/` and `solutions/`: the checkout if there is one, else the copy in the package.

    Raises:
        FileNotFoundError: If neither is there.
    """
    for folder in (_PACKAGE.parent, _PACKAGE / "_course"):
        if all((folder / name).is_dir() for name in FOLDERS):
            return folder
    raise FileNotFoundError(
        f"The notebooks were not found beside or inside the package at {_PACKAGE}. In a checkout run `make notebooks`; "
        "otherwise install the package again."
    )


def list_runnable(course: Path, only: str = "") -> list[Notebook]:
    """List lessons and solutions in the order of the course.

    Args:
        course: The folder of `find_course`.
        only: Lesson number or prefix, such as "02" (default: all).

    Raises:
        ValueError: If no lesson begins with `only`. The message lists the topics.
    """
    found = [
        Notebook(path, kind)
        for folder, kind in ((LESSONS, "lesson"), (SOLUTIONS, "solution"))
        for path in sorted((course / folder).glob("*.ipynb"))
    ]
    picked = [notebook for notebook in found if notebook.topic.startswith(only)]
    if not picked:
        topics = ", ".join(sorted({notebook.topic for notebook in found}))
        raise ValueError(f"No lesson begins with {only!r}. Lessons: {topics}. Received: only={only!r}.")
    return sorted(picked, key=lambda notebook: (notebook.topic, notebook.kind))
