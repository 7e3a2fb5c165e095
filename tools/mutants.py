"""Draw small mistakes in the package, and see whether the tests of their room notice.

    python tools/mutants.py --count 120 --seed 0 --minutes 60

Each mutant is one change of one file: a comparison turned, a number moved, a sign, `and` for `or`, a condition inverted, a line left
out. It is made in a copy of the last commit; the tests of its room run there until the first one fails. A failing test must pass
without the change, else the mutant does not count. Results are appended to build/mutants/SEED.jsonl, and a run that was cut off goes
on where it stopped. The last lines name the survivors: each is a missing test, or a change that changes nothing.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SLOWEST = 900  # seconds for the tests of one mutant
_COMPARE = {
    ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">", ast.Eq: "!=", ast.NotEq: "==",
    ast.Is: "is not", ast.IsNot: "is", ast.In: "not in", ast.NotIn: "in",
}  # fmt: skip
_ARITHMETIC = {ast.Add: "-", ast.Sub: "+", ast.Mult: "/", ast.Div: "*", ast.FloorDiv: "/", ast.Pow: "*", ast.Mod: "*"}


@dataclass(frozen=True)
class Mutant:
    """One change: the text from `start` to `end` of a file becomes `text`."""

    kind: str
    line: int
    start: int
    end: int
    text: str


def mutants_of(source: str) -> list[Mutant]:
    """List all changes of a file, in its order. Docstrings, messages, annotations and imports are left alone."""
    places = _offsets(source)
    found = [mutant for node in _code(ast.parse(source)) for mutant in _changes(node, source, places)]
    return sorted(set(found), key=lambda one: (one.start, one.kind, one.text))


def apply(source: str, mutant: Mutant) -> str:
    """Return the source with the change made."""
    return source[: mutant.start] + mutant.text + source[mutant.end :]


def _offsets(source: str) -> list[int]:
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return starts


def _code(tree: ast.AST) -> Iterator[ast.AST]:
    """Walk through what is executed: no raise, assert, annotation or decorator, and no dataclass field without a default."""
    unused = [*getattr(tree, "decorator_list", ()), getattr(tree, "returns", None), getattr(tree, "annotation", None)]
    for child in ast.iter_child_nodes(tree):
        if any(child is one for one in unused) or isinstance(
            child, (ast.Raise, ast.Import, ast.ImportFrom, ast.arguments, ast.JoinedStr)
        ):
            continue
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        yield child
        yield from _code(child)


def _changes(node: ast.AST, source: str, places: list[int]) -> Iterator[Mutant]:
    def span(first: ast.expr | ast.stmt, last: ast.expr | ast.stmt | None = None) -> tuple[int, int]:
        last = last or first
        lines = source.splitlines(keepends=True)
        begin = places[first.lineno - 1] + len(lines[first.lineno - 1].encode()[: first.col_offset].decode())
        assert last.end_lineno is not None
        assert last.end_col_offset is not None
        end = places[last.end_lineno - 1] + len(lines[last.end_lineno - 1].encode()[: last.end_col_offset].decode())
        return begin, end

    def between(kind: str, left: ast.expr, right: ast.expr, text: str) -> Mutant | None:
        begin, end = span(left)[1], span(right)[0]
        gap = source[begin:end]
        symbol = re.search(r"(is not|not in|[<>=!]=|//|\*\*|\bis\b|\bin\b|\band\b|\bor\b|[-+*/%<>])", gap)
        if symbol is None or "#" in gap:
            return None
        return Mutant(kind, left.lineno, begin + symbol.start(), begin + symbol.end(), text)

    made: list[Mutant | None] = []
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        made.append(between("comparison", node.left, node.comparators[0], _COMPARE[type(node.ops[0])]))
    elif isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC and not _is_text(node):
        made.append(between("arithmetic", node.left, node.right, _ARITHMETIC[type(node.op)]))
    elif isinstance(node, ast.BoolOp):
        text = "or" if isinstance(node.op, ast.And) else "and"
        made.append(between("and-or", node.values[0], node.values[1], text))
    elif isinstance(node, (ast.If, ast.IfExp)):
        begin, end = span(node.test)
        made.append(Mutant("condition", node.test.lineno, begin, end, f"not ({source[begin:end]})"))
    elif isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        begin, end = span(node)
        value = node.value
        text = (
            str(not value) if isinstance(value, bool) else str(value + 1) if isinstance(value, int) else repr(value * 2 or 1.0)
        )
        made.append(Mutant("constant", node.lineno, begin, end, text))
    elif isinstance(node, (ast.AugAssign, ast.Expr)) and not isinstance(
        getattr(node, "value", None), (ast.Constant, ast.Yield)
    ):
        begin, end = span(node)
        made.append(Mutant("line left out", node.lineno, begin, end, "pass"))
    elif isinstance(node, ast.Return) and isinstance(node.value, (ast.UnaryOp, ast.Compare)):
        begin, end = span(node.value)
        made.append(Mutant("result inverted", node.lineno, begin, end, f"not ({source[begin:end]})"))
    yield from (mutant for mutant in made if mutant is not None)


def _is_text(node: ast.BinOp) -> bool:
    sides = (node.left, node.right)
    return any(
        isinstance(side, ast.JoinedStr) or (isinstance(side, ast.Constant) and isinstance(side.value, str)) for side in sides
    )


def rooms(root: Path) -> dict[str, list[Path]]:
    """Return each room that has tests: name -> its files, in order."""
    found: dict[str, list[Path]] = {}
    for file in sorted((root / "tlcourse").rglob("*.py")):
        parts = file.relative_to(root / "tlcourse").parts
        name = parts[0].removesuffix(".py")
        if file.name != "__init__.py" and tests_of(root, name):
            found.setdefault(name, []).append(file)
    return found


def tests_of(root: Path, room: str) -> list[Path]:
    """Return the test files of a room."""
    folder, file = root / "tests" / room, root / "tests" / f"test_{room}.py"
    return sorted(folder.rglob("test_*.py")) if folder.is_dir() else [file] if file.is_file() else []


def draw(root: Path, count: int, seed: int) -> list[tuple[str, str, Mutant]]:
    """Draw `(room, file, mutant)`: the rooms take turns, and each of a room's changes is equally likely."""
    rng, drawn = random.Random(seed), []
    piles = {}
    for room, files in rooms(root).items():
        pile = [(room, str(f.relative_to(root)), one) for f in files for one in mutants_of(f.read_text("utf-8"))]
        rng.shuffle(pile)
        piles[room] = pile
    order = sorted(piles)
    rng.shuffle(order)
    while len(drawn) < count and any(piles.values()):
        drawn += [piles[room].pop() for room in order if piles[room]]
    return drawn[:count]


def run_tests(tree: Path, targets: list[str], seconds: float) -> tuple[int, str]:
    """Run tests in the copy until one fails; return the exit status and the id of the failed test."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-m", "not slow", "-p", "no:cacheprovider", "--no-header", *targets]
    environment = os.environ | {"PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        return 124, ""
    failed = re.search(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
    return done.returncode, failed[1] if failed else ""


def nearest_first(root: Path, room: str, file: str) -> list[str]:
    """Return the room's test files; those that name most of what the file defines come first."""
    names = [node.name for node in ast.walk(ast.parse((root / file).read_text("utf-8"))) if hasattr(node, "name") and node.name]
    words = re.compile("|".join(rf"\b{re.escape(str(name))}\b" for name in [*names, Path(file).stem]))
    tests = tests_of(root, room)
    return [str(t.relative_to(root)) for t in sorted(tests, key=lambda t: -len(words.findall(t.read_text("utf-8"))))]


def judge(tree: Path, room: str, file: str, mutant: Mutant) -> dict[str, object]:
    """Make the change, run the tests of the room, and undo the change."""
    path, start = tree / file, time.monotonic()
    source = path.read_text("utf-8")
    tests = nearest_first(tree, room, file)
    changed = apply(source, mutant)
    try:
        compile(changed, file, "exec")
        path.write_text(changed, "utf-8")
        status, failed = run_tests(tree, tests, SLOWEST)
    except SyntaxError:
        return {"result": "no program", "seconds": 0.0, "test": ""}
    finally:
        path.write_text(source, "utf-8")
    result = "survived" if status == 0 else "killed"
    whole = failed.partition("[")[0]  # ids of parameters can hold what pytest does not take back
    if status == 1 and whole and run_tests(tree, [whole], SLOWEST)[0] != 0:
        result = "fails without it too"
    return {"result": result, "seconds": round(time.monotonic() - start, 1), "test": failed or f"status {status}"}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=120)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=600.0, help="stop after this time; run again to go on")
    options = parser.parse_args()
    log, until = ROOT / "build" / "mutants" / f"{options.seed}.jsonl", time.monotonic() + 60 * options.minutes
    log.parent.mkdir(parents=True, exist_ok=True)
    log.touch()
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        tree = Path(folder)
        archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, capture_output=True).stdout
        subprocess.run(["tar", "-x", "-C", folder], input=archive, check=True)
        for room, file, mutant in draw(tree, options.count, options.seed):
            key = f"{file}:{mutant.line}:{mutant.kind}:{mutant.text}"
            seen = {json.loads(line)["key"] for line in log.read_text("utf-8").splitlines()}
            if key in seen or time.monotonic() > until:
                continue
            row = {"key": key, "room": room} | judge(tree, room, file, mutant)
            with log.open("a", encoding="utf-8") as opened:
                opened.write(json.dumps(row) + "\n")
            print(f"{row['result']:<10} {row['seconds']:>6} s  {key}", flush=True)
    print(summary([json.loads(line) for line in log.read_text("utf-8").splitlines()]))


def summary(rows: list[dict[str, str]]) -> str:
    """Say how many were killed, and name the survivors."""
    counted = [row for row in rows if row["result"] in ("killed", "survived")]
    killed = sum(row["result"] == "killed" for row in counted)
    lines = [f"{killed} of {len(counted)} killed" + (f" ({killed / len(counted):.0%})" if counted else "")]
    return "\n".join([*lines, *(f"survived: {row['key']}" for row in counted if row["result"] == "survived")])


if __name__ == "__main__":
    main()
