"""No submission of the corpus could hurt a machine without walls, and no attack that tests write down."""

from __future__ import annotations

import ast
import json
import textwrap

import pytest

from tests.submissions.corpus import ROOT, all_kinds
from tests.submissions.harmless import harmful

KINDS = all_kinds()
ATTACKING_TESTS = sorted((ROOT / "tests" / "grading").glob("test_*.py"))


def cells_of(data):
    """Return the code of a submission, cell by cell; of what is no notebook, the whole as text."""
    try:
        cells = json.loads(data)["cells"]
        sources = [cell.get("source", "") for cell in cells if isinstance(cell, dict)]
    except (ValueError, KeyError, TypeError, RecursionError):
        return [data[:100_000].decode("utf-8", errors="replace")]
    return ["".join(map(str, source)) if isinstance(source, list) else str(source) for source in sources]


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
def test_no_submission_holds_what_could_hurt(kind):
    assert [problem for source in cells_of(kind.make()) for problem in harmful(source)] == []


@pytest.mark.parametrize("path", ATTACKING_TESTS, ids=[path.stem for path in ATTACKING_TESTS])
def test_no_attack_in_a_test_holds_what_could_hurt(path):
    tree = ast.parse(path.read_text())
    described = [node for node in ast.walk(tree) if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)]
    words = {ast.get_docstring(node, clean=False) for node in described}
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)} - words
    found = [(text[:80], problem) for text in texts for problem in harmful(textwrap.dedent(text))]
    assert [(text, problem) for text, problem in found if not problem.endswith("no Python")] == []  # parts of a program


@pytest.mark.parametrize(
    "source",
    [
        "while True: pass",
        "while 1:\n    x = 1",
        "[None for _ in iter(int, 1)]",
        "import itertools\nfor i in itertools.count(): pass",
        "n = 1\nwhile n: n += 1",
        "import os\nos.kill(os.getppid(), 9)",
        "import os\nos.kill(-1, 9)",
        "import os, signal\nos.kill(1, signal.SIGTERM)",
        "import os\nos.killpg(0, 15)",
        "import sys\nsys.setrecursionlimit(10**9)",
        "import os\nwhile x < 3: os.fork()",
        "import os\nfor _ in range(65):\n    if os.fork() == 0:\n        os._exit(0)",
        "import os\nfor _ in range(9): os.fork()",
        "import os\nfor _ in range(9):\n    if os.fork() == 0:\n        print(1)",
        "import os\n[os.fork() for _ in range(9)]",
        "def f(:\n    os.fork()",
        "import shutil\nshutil.rmtree('/')",
        "import time\ntime.sleep(3600)",
        "x = bytearray(10**12)",
        "import ctypes\nctypes.string_at(0)",
        "import socket\nsocket.create_connection(('8.8.8.8', 53))",
    ],
)
def test_what_could_hurt_is_seen(source):
    assert harmful(source)


@pytest.mark.parametrize(
    "source",
    [
        "import time\nend = time.monotonic() + 120\nwhile time.monotonic() < end: pass",
        "import os\nos.kill(os.getpid(), 9)",
        "import os\nos.kill(os.getppid(), 0)\nos.kill(-1, 0)\nos.abort()",
        "import os, time\nfor _ in range(64):\n    if os.fork() == 0:\n        time.sleep(9)\n        os._exit(0)",
        "x = bytearray(3 * 2**29)",
    ],
)
def test_what_ends_by_itself_is_allowed(source):
    assert harmful(source) == []
