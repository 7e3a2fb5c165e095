"""Write a class of 30 submissions of one exercise, named as Canvas names them: right, wrong, unfinished, broken and odd ones.

    python tools/example_class.py 02 FOLDER

Right and wrong answers come from the exercise's bank in `content/banks/`; which learner has which is drawn from a fixed seed.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

from tlcourse.grading.master import Master, load_master, with_answers

NAMES = (
    "abebe ahmed amari bianchi chen costa diaz dubois fischer garcia haddad ito jansen kim kowalski lopez martin mensah "
    "nguyen novak okafor oliveira patel petrov rossi santos silva suzuki weber yilmaz"
).split()
CHANCE_RIGHT = 0.65


def main(exercise: str, folder: Path) -> None:
    """Write the submissions into a folder."""
    course = Path(__file__).resolve().parents[1]
    master = load_master(course, exercise)
    rng = random.Random(0)
    folder.mkdir(parents=True, exist_ok=True)
    broken = {
        "dubois": lambda data: b"",
        "haddad": lambda data: data[: len(data) // 3],
        "ito": lambda data: master.released,
        "kim": with_loop,
        "lopez": with_package_that_is_missing,
        "petrov": as_saved_by_colab,
        "silva": with_script,
        "yilmaz": without_first_answer,
    }
    for number, name in enumerate(NAMES):
        data = drawn(master, rng)
        data = broken[name](data) if name in broken else data
        late = "LATE_" if number % 11 == 5 else ""
        (folder / f"{name}_{late}{4100 + number}_{90000 + 7 * number}_{master.topic}.ipynb").write_bytes(data)
    print(f"{len(NAMES)} submissions of {master.topic} in {folder}")


def drawn(master: Master, rng: random.Random) -> bytes:
    """Return a notebook whose answers are drawn from the bank."""
    sources = {}
    for task, bank in master.bank.items():
        pool = bank.right if rng.random() < CHANCE_RIGHT else bank.wrong
        sources[task] = rng.choice(pool).source
    return with_answers(master, sources)


def _answers(notebook: dict) -> list[dict]:
    return [cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader", {}).get("solution")]


def with_loop(data: bytes) -> bytes:
    """The last answer never comes to its end."""
    notebook = json.loads(data)
    _answers(notebook)[-1]["source"] = "import time\nend = time.monotonic() + 120\nwhile time.monotonic() < end:\n    pass"
    return json.dumps(notebook).encode()


def with_package_that_is_missing(data: bytes) -> bytes:
    """The first answer needs a package that nobody has."""
    notebook = json.loads(data)
    cell = _answers(notebook)[0]
    cell["source"] = "import my_private_helpers\n" + "".join(cell["source"])
    return json.dumps(notebook).encode()


def with_script(data: bytes) -> bytes:
    """The first answer stops with an error whose text is a script."""
    notebook = json.loads(data)
    _answers(notebook)[0]["source"] = "raise ValueError('<script>document.title = \"owned\"</script>')"
    return json.dumps(notebook).encode()


def without_first_answer(data: bytes) -> bytes:
    """The cell of the first answer was deleted."""
    notebook = json.loads(data)
    notebook["cells"].remove(_answers(notebook)[0])
    return json.dumps(notebook).encode()


def as_saved_by_colab(data: bytes) -> bytes:
    """Colab's copy: no cell ids, metadata of its own, a shell line."""
    notebook = json.loads(data)
    notebook["metadata"]["colab"] = {"provenance": []}
    for cell in notebook["cells"]:
        cell.pop("id")
        cell["metadata"] = {"id": "abc"}
    notebook["cells"].insert(2, {"cell_type": "code", "metadata": {}, "outputs": [], "source": "!pip install -q tlcourse"})
    return json.dumps(notebook).encode()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
