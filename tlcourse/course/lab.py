"""How JupyterLab is started on the course: its root is the whole course, and it opens at one lesson."""

from __future__ import annotations

import sys
from pathlib import Path

from tlcourse.course.places import LESSONS


def lab_command(folder: Path, lesson: str = "00", *, browser: bool = True, allow_root: bool = False) -> list[str]:
    """Return the command line that serves the course and opens one lesson.

    A file named on Jupyter's command line makes its own folder the root, and exercises beside it cannot be opened. So the root is
    named, and the lesson is the default address, which is also the address that the server prints.

    Args:
        folder: The course, with `notebooks/` and `exercises/` in it.
        lesson: Lesson number or prefix, such as "02".
        browser: False to start the server only.
        allow_root: True to serve as root too, as in many containers.

    Raises:
        ValueError: If no lesson begins with `lesson`.
    """
    lessons = sorted((folder / LESSONS).glob("[0-9]*.ipynb"))
    found = [path for path in lessons if path.name.startswith(lesson)]
    if not found:
        known = ", ".join(path.stem for path in lessons) or "none"
        raise ValueError(f"No lesson begins with {lesson!r}. There are: {known}. Received: lesson={lesson!r}.")
    command = [
        *(sys.executable, "-m", "jupyter", "lab"),
        f"--ServerApp.root_dir={folder.resolve()}",
        f"--LabApp.default_url=/lab/tree/{LESSONS}/{found[0].name}",
        "--KernelManager.transport_encryption=auto",  # else every kernel warns in the terminal that others could listen
    ]
    return [*command, *([] if browser else ["--no-browser"]), *(["--allow-root"] if allow_root else [])]
