"""From a folder as Canvas, Moodle or GitHub Classroom make it, or a plain one, to one submission per learner. Follows no links."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from tlcourse.grading.reading.notebook import MAX_BYTES

_CANVAS = re.compile(r"^(?P<name>[^_]+)_(?:(?P<late>LATE)_)?(?P<id>\d+)_(?P<file>\d+)_(?P<rest>.+)$")
_MOODLE = re.compile(r"^(?P<name>.+?)_(?P<id>\d+)_assignsubmission_(?:file|onlinetext)_?$")
_SKIPPED = {".ipynb_checkpoints", "__MACOSX", ".git", ".venv", "node_modules"}
_COURSE_FOLDERS = {"exercises", "notebooks", "solutions", "submission", "submissions"}
_MAX_FILES = 100_000


@dataclass(frozen=True)
class Submission:
    """One learner's submission.

    Args:
        learner: Name, as the file or folder says it.
        learner_id: Number in Canvas or Moodle, or "".
        path: The file.
        content: Its bytes; empty where it could not be read.
        notes: What was odd about the file, in words.
        problem: Why it could not be read, or "".
    """

    learner: str
    learner_id: str
    path: Path
    content: bytes
    notes: tuple[str, ...] = ()
    problem: str = ""

    @property
    def digest(self) -> str:
        """Digest of the bytes."""
        return hashlib.sha256(self.content).hexdigest()


def find_submissions(folder: Path, topic: str) -> list[Submission]:
    """Find each learner's notebook, sorted by learner.

    Args:
        folder: What was downloaded. A single file is one submission.
        topic: Of the exercise. Of several notebooks of one learner, the one named after it counts, then the newest attempt.

    Raises:
        FileNotFoundError: If there is no such folder, or no file in it that could be a submission.
    """
    if not folder.exists():
        raise FileNotFoundError(f"There is no folder of submissions at {folder}.")
    if folder.is_file():
        return [_read(_name_of(folder, folder.parent), [folder], topic)]
    groups: dict[tuple[str, str], list[Path]] = {}
    for path in _files(folder):
        groups.setdefault(_name_of(path, folder), []).append(path)
    if not groups:
        raise FileNotFoundError(f"There are no notebooks (.ipynb) in {folder}. Unpack archives first.")
    return [_read(name, paths, topic) for name, paths in sorted(groups.items())]


def _files(folder: Path) -> list[Path]:
    found: list[Path] = []
    for place, folders, names in os.walk(folder, followlinks=False):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED and not name.startswith("."))
        for name in sorted(names):
            if name.lower().endswith((".ipynb", ".ipynb.json", ".ipynb.txt")) and not name.startswith("._"):
                found.append(Path(place, name))
        if len(found) > _MAX_FILES:
            raise ValueError(
                f"More than {_MAX_FILES} notebooks in {folder}. Is it the folder of submissions? Received: folder={str(folder)!r}."
            )
    return found


def _name_of(path: Path, folder: Path) -> tuple[str, str]:
    """Return `(learner, number)` as the name of the file, or of the folder around it, tells them."""
    parts = path.relative_to(folder).parts
    if len(parts) == 1:
        canvas = _CANVAS.match(path.name)
        if canvas:
            return canvas["name"], canvas["id"]
        return re.sub(r"\.ipynb(\.json|\.txt)?$", "", path.name, flags=re.IGNORECASE), ""
    outer = next((part for part in parts[:-1] if part not in _COURSE_FOLDERS), parts[0])
    moodle = _MOODLE.match(outer)
    return (moodle["name"], moodle["id"]) if moodle else (outer, "")


def _read(name: tuple[str, str], paths: list[Path], topic: str) -> Submission:
    notes = []
    named = [path for path in paths if topic in path.name] or [path for path in paths if topic[:3] in path.name] or paths
    chosen = max(named, key=_attempt)
    if len(paths) > 1:
        notes.append(f"Of {len(paths)} notebooks, {chosen.name!r} was graded.")
    if (canvas := _CANVAS.match(chosen.name)) and canvas["late"]:
        notes.append("Canvas marks this submission as late.")
    learner, learner_id = name
    try:
        content, problem = _content_of(chosen), ""
    except OSError as error:
        content, problem = b"", f"The file cannot be read ({error.strerror or error})."
    return Submission(learner, learner_id, chosen, content, tuple(notes), problem)


def _attempt(path: Path) -> tuple[bool, int, str]:
    """Order attempts: the course's folders of lessons and solutions come first, `name-2.ipynb` and `name (2).ipynb` after `name.ipynb`."""
    number = re.search(r"(?:-(\d{1,3})|\((\d{1,3})\))(?:\.ipynb.*)$", path.name)
    return (path.parent.name not in {"notebooks", "solutions"}, int(number[1] or number[2]) if number else 0, str(path))


def _content_of(path: Path) -> bytes:
    """Read a regular file. Links, pipes and devices are refused, because a learner may have put them there."""
    if not stat.S_ISREG(os.lstat(path).st_mode):
        raise OSError("it is not a regular file")
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError("it is not a regular file")
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise OSError(f"it is larger than {MAX_BYTES // 2**20} MiB")
    return content
