"""What submissions are graded against: an exercise as it was released, its tasks, its solution and its bank."""

from __future__ import annotations

import functools
import hashlib
import hmac
import importlib.metadata
import json
import platform
import re
import sys
import types
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import tlcourse
from tlcourse.authoring.sources import TASK_HEADING
from tlcourse.checks import PUBLIC_SEED, Task
from tlcourse.checks.bank import Bank
from tlcourse.checks.bank_file import load_bank
from tlcourse.grading.reading.locate import Released
from tlcourse.grading.reading.notebook import Cell, read_notebook
from tlcourse.tasks import find_task, load_tasks

_PACKAGES = ("tlcourse", "numpy", "scikit-learn", "keras", "tensorflow")
_SMALLEST, _LARGEST = 2**16, 2**32 - 2**16  # hidden seeds: too many to try, and every library takes them


@dataclass(frozen=True)
class Master:
    """One exercise.

    Args:
        topic: Such as "02_feature_extraction".
        title: Of the exercise, for pages.
        released: The notebook that learners were given, as bytes.
        solution: The notebook with all answers, as bytes.
        answers: What was released for each task.
        bank_file: The file with the bank of right and wrong answers, or None where the instructors' side is not installed.
    """

    topic: str
    title: str
    released: bytes
    solution: bytes
    answers: tuple[Released, ...]
    bank_file: Path | None

    @property
    def tasks(self) -> dict[str, Task]:
        """The tasks by number, hidden ones of the bank last."""
        hidden = load_bank(self.bank_file).hidden.tasks if self.bank_file else ()
        return {**{answer.task: find_task(answer.task) for answer in self.answers}, **{task.id: task for task in hidden}}

    @property
    def bank(self) -> dict[str, Bank]:
        """The banks of the tasks of this master."""
        banks = load_bank(self.bank_file).banks if self.bank_file else {}
        return {task: bank for task, bank in banks.items() if task in self.tasks}

    @property
    def digest(self) -> str:
        """Digest of all that decides what counts as right: notebooks, tasks, bank."""
        tasks = sorted((Path(tlcourse.__file__).parent / "tasks").glob(f"tasks_{self.topic[:2]}_*.py"))
        parts = [
            *(path.read_bytes() for path in tasks),
            self.topic.encode(),
            self.released,
            self.solution,
            *(answer.task.encode() for answer in self.answers),
        ]
        if self.bank_file:
            parts.append(self.bank_file.read_bytes())
        return hashlib.sha256(b"\0".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()

    def probed_as(self, task: Task) -> tuple[str, Released]:
        """Return the number of the public task whose probe and answer a task uses; for a public task, its own.

        Raises:
            ValueError: If a hidden task has its own probe, which would have to enter the sandbox.
        """
        for answer in self.answers:
            if answer.task == task.id or find_task(answer.task).probe is task.probe:
                return answer.task, answer
        raise ValueError(
            f"The hidden task {task.id} needs the probe of a public task of {self.topic}, because a probe enters the sandbox. "
            "Give it other cases and another judge, but the same probe."
        )


def load_master(course: Path, lesson: str, only: Iterable[str] = ()) -> Master:
    """Read one exercise.

    Args:
        course: The folder that holds `exercises/`, `solutions/` and, in the repository, `content/banks/`.
        lesson: Lesson number or prefix, such as "02".
        only: Numbers of tasks, such as "2.1". Default: all.

    Raises:
        ValueError: If there is no such exercise or task, or more than one.
    """
    found = sorted((course / "exercises").glob(f"{lesson}*.ipynb")) if lesson else []
    if len(found) != 1:
        known = ", ".join(path.stem for path in sorted((course / "exercises").glob("*.ipynb"))) or "none"
        raise ValueError(
            f"Expected a lesson number or prefix that fits one exercise. Exercises in {course}: {known}. Received: lesson={lesson!r}."
        )
    path = found[0]
    tasks = load_tasks(int(path.stem[:2]))
    unknown = sorted(set(only) - set(tasks))
    if unknown:
        raise ValueError(f"There is no task {', '.join(unknown)} in {path.stem}. Tasks: {', '.join(tasks)}.")
    released = path.read_bytes()
    cells = read_notebook(released).cells
    stubs = _answer_cells(cells)
    answers = tuple(
        Released(task.id, task.answer_name, stubs.get(task.id, ""), task.expects == "value")
        for task in tasks.values()
        if not only or task.id in set(only)
    )
    bank = course / "content" / "banks" / f"{path.stem}.py"
    title = next((cell.source.splitlines()[0].lstrip("# ") for cell in cells if cell.kind == "markdown"), path.stem)
    solution = (course / "solutions" / path.name).read_bytes()
    return Master(path.stem, title, released, solution, answers, bank if bank.exists() else None)


def with_answers(master: Master, sources: dict[str, str]) -> bytes:
    """Return the solution notebook with the answers of some tasks replaced by other source text."""
    notebook = json.loads(master.solution)
    for cell in notebook["cells"]:
        mark = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        task = mark.removeprefix("task-").replace("-", ".") if mark.startswith("task-") else ""
        if task in sources:
            cell["source"] = sources[task]
    return json.dumps(notebook, ensure_ascii=False).encode()


def hidden_seeds(master: Master, task: str, secret: str, count: int) -> list[int]:
    """Draw the seeds of a task's hidden cases from the instructor's secret.

    They say nothing about the seeds of other tasks, and are too many to be tried in the time that a submission has.

    Args:
        secret: The instructor's seed, any text.
        count: Number of cases.
    """
    seeds = []
    for number in range(count):
        message = f"{master.topic}|{task}|{number}".encode()
        drawn = int.from_bytes(hmac.new(secret.encode(), message, hashlib.sha256).digest()[:8], "big")
        seeds.append(_SMALLEST + drawn % (_LARGEST - _SMALLEST))
    return seeds


def case_seeds(master: Master, task: str, secret: str, count: int) -> list[int]:
    """Return the seeds of all cases of a task: that of the check in the notebook first, unless the task is a hidden one."""
    public = [] if task not in {answer.task for answer in master.answers} else [PUBLIC_SEED]
    return [*public, *hidden_seeds(master, task, secret, count)]


def needs_frameworks(task: Task) -> bool:
    """Tell whether a task's probe, or a function that it calls, imports Keras, TensorFlow or another part of this package."""
    seen: set[types.CodeType] = set()
    queue: list[object] = [task.probe]
    while queue:
        function = queue.pop()
        if not isinstance(function, types.FunctionType) or function.__code__ in seen:
            continue
        codes = [function.__code__]
        for code in codes:
            seen.add(code)
            codes += [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
            if any(re.match(r"(keras|tensorflow|tlcourse)(\.|$)", name) for name in code.co_names):
                return True
            queue += [function.__globals__.get(name) for name in code.co_names]
    return False


@functools.cache
def grader_version() -> str:
    """Return the package's version and a digest of the code that grades; the tasks themselves belong to the master."""
    digest = hashlib.sha256()
    package = Path(tlcourse.__file__).parent
    for path in _grading_code(package):
        digest.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return f"{tlcourse.__version__}+{digest.hexdigest()[:12]}"


def _grading_code(package: Path) -> list[Path]:
    """Return every file that decides what is graded and how, in every folder below `checks` and `grading`."""
    files = [path for folder in ("checks", "grading") for path in (package / folder).rglob("*.py")]
    return sorted([*files, package / "tasks" / "__init__.py", package / "fork_server.py"])


@functools.cache
def environment() -> str:
    """Return what marks may depend on besides our own code: Python, machine, and versions of libraries."""
    versions = []
    for name in _PACKAGES:
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            versions.append(f"{name} absent")
    return ", ".join([f"python {platform.python_version()}", f"{sys.platform} {platform.machine()}", *versions])


def _answer_cells(cells: tuple[Cell, ...]) -> dict[str, str]:
    """Return the text of the first answer cell of each task, found as learners' are: by the heading above it."""
    found: dict[str, str] = {}
    task = ""
    for cell in cells:
        heading = TASK_HEADING.search(cell.source) if cell.kind == "markdown" else None
        if heading:
            task = heading[2]
        elif cell.kind == "code" and task and cell.grade_id.startswith("task-"):
            found.setdefault(task, cell.source)
    return found
