"""The corpus of bad, hostile and odd submissions: one named function per kind, each with its right outcome per task.

`python -m tests.submissions.corpus FOLDER` writes them all as files. The exercise is that of lesson 00, tasks 0.1 to 0.3, which
need only NumPy.
"""

from __future__ import annotations

import copy
import importlib
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tlcourse.checks import EARNED, NOT_EARNED, UNJUDGED
from tlcourse.grading.grade import Settings, grade
from tlcourse.grading.master import load_master
from tlcourse.grading.sandbox.backends import Limits

ROOT = Path(__file__).resolve().parents[2]
TASKS = ("0.1", "0.2", "0.3")
MASTER = load_master(ROOT, "00", TASKS)
LIMITS = Limits(cell_seconds=4, probe_seconds=8, notebook_seconds=120, memory_mib=1024, processes=64, file_mib=64)
_OUTCOMES = {"E": EARNED, "N": NOT_EARNED, "U": UNJUDGED}

RIGHT = {
    "0.1": """
def group_split(groups, test_fraction, seed):
    plants = np.random.default_rng(seed).permutation(np.unique(groups))
    in_test = np.isin(groups, plants[: round(test_fraction * len(plants))])
    return np.flatnonzero(~in_test), np.flatnonzero(in_test)
""".strip(),
    "0.2": """
def bootstrap_interval(values, confidence, resamples, seed):
    rng = np.random.default_rng(seed)
    means = values[rng.integers(0, len(values), (resamples, len(values)))].mean(axis=1)
    tail = (1 - confidence) / 2
    return np.quantile(means, [tail, 1 - tail])
""".strip(),
    "0.3": """
def lost_their_order(labels, predicted, reported_accuracy):
    return abs(np.mean(labels == predicted) - reported_accuracy) > 0.001
""".strip(),
}
WRONG = "def group_split(groups, test_fraction, seed):\n    return groups[:10], groups[10:]"


@dataclass(frozen=True)
class Kind:
    """One kind of submission: its name, what makes its bytes, and the outcome of each task."""

    name: str
    make: Callable[[], bytes]
    outcomes: tuple[str, str, str]
    where: str = ""

    @property
    def hostile(self) -> bool:
        """True for those that attack, which tests run last."""
        return self.where in ("hostile", "hidden")


KINDS: list[Kind] = []


def kind(outcomes: str) -> Callable[[Callable[[], object]], Callable[[], object]]:
    """Enter a function into the corpus. It returns bytes, a notebook, or sources of answers.

    Args:
        outcomes: three letters for tasks 0.1 to 0.3: E earned, N not earned, U could not be judged.
    """

    def enter(make: Callable[[], object]) -> Callable[[], object]:
        first, second, third = (_OUTCOMES[letter] for letter in outcomes)
        KINDS.append(Kind(make.__name__, lambda: to_bytes(make()), (first, second, third), make.__module__.rpartition(".")[2]))
        return make

    return enter


def to_bytes(made: object) -> bytes:
    """Turn what a kind's function returned into the bytes of a file."""
    if isinstance(made, bytes):
        return made
    assert isinstance(made, dict)
    return json.dumps(made if "cells" in made else answered(**made), ensure_ascii=False).encode()


def answered(**replaced: str) -> dict:
    """Return the exercise with right answers, some replaced: `answered(a="...")`; a, b and c are tasks 0.1, 0.2 and 0.3."""
    sources = {**RIGHT, **{dict(zip("abc", TASKS, strict=True))[letter]: source for letter, source in replaced.items()}}
    notebook = json.loads(MASTER.released)
    end = next(i for i, cell in enumerate(notebook["cells"]) if "## Task 0.4" in "".join(cell["source"]))
    notebook["cells"] = notebook["cells"][:end]
    for task, source in sources.items():
        notebook["cells"][place(notebook, task)]["source"] = source.splitlines(keepends=True)
    return notebook


def released() -> dict:
    """Return the exercise as it was given to learners."""
    return json.loads(MASTER.released)


def place(notebook: dict, task: str) -> int:
    """Return the position of a task's answer cell in an otherwise untouched notebook."""
    wanted = "task-" + task.replace(".", "-")
    return next(i for i, c in enumerate(notebook["cells"]) if c["metadata"].get("nbgrader", {}).get("grade_id") == wanted)


def code(source: str) -> dict:
    """Return a new code cell."""
    return {"cell_type": "code", "execution_count": None, "id": "new", "metadata": {}, "outputs": [], "source": source}


def inserted(position: int, *sources: str, notebook: dict | None = None) -> dict:
    """Return the right notebook with code cells put in before a position; -1 means at the end."""
    notebook = copy.deepcopy(notebook or answered())
    position = len(notebook["cells"]) if position < 0 else position
    notebook["cells"][position:position] = [code(source) for source in sources]
    return notebook


def all_kinds() -> list[Kind]:
    """Return the whole corpus."""
    for module in ("files", "cells", "answers", "hostile", "hidden"):
        importlib.import_module(f"tests.submissions.{module}")
    return KINDS


def assert_outcomes(kind: Kind, settings: Settings) -> None:
    """Grade one submission and hold the record against what is right for it."""
    record = grade(MASTER, kind.make(), settings)
    found = {result["task"]: result for result in record["results"]}
    assert tuple(found) == TASKS
    assert tuple(found[task]["outcome"] for task in TASKS) == kind.outcomes, json.dumps(record["results"], indent=1)
    assert record["points"] == sum(result["max_points"] for result in found.values() if result["outcome"] == EARNED)
    for result in found.values():
        assert result["message"], "an outcome without a reason"
        assert result["outcome"] == EARNED or result["points"] == 0


if __name__ == "__main__":
    sys.modules["tests.submissions.corpus"] = sys.modules["__main__"]
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for one in all_kinds():
        (folder / f"{one.name}.ipynb").write_bytes(one.make())
    print(f"{len(KINDS)} submissions in {folder}")
