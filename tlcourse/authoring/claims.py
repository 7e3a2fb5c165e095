"""Pages of claims: what a lesson printed and asserted, measured with several seeds, as a table. Text in, text out; runs nothing."""

from __future__ import annotations

import ast
import re
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tlcourse.authoring.sources import read_source

MEASURE = "make claims ARGS={number}"
HEAD = "| claim | value over the seeds | asserted bound |\n|---|---|---|\n"
_NUMBER = re.compile(r"(?<![\w.])[+-]?\d+(?:,\d{3})*(?:\.\d+)?(?![\w.]*\w)|\binf\b")
_HOLE = "\x00"  # stands for a number in the shape of a line; no line that is printed holds it
_WITHIN = re.compile(rf"{_HOLE} ?(?:±|\+-) ?{_HOLE}")  # a run printed a mean and a spread of its own
_LONGEST = 170  # longer lines are descriptions of figures, which say the same numbers
_BOUND = re.compile(r"^\| .* \| .* \| (.*) \|$", re.MULTILINE)


@dataclass(frozen=True)
class Claim:
    """A row: `text` with … where numbers differ, `value` with these numbers, `bounds` that the notebook asserts there."""

    text: str
    value: str
    bounds: tuple[str, ...]

    def row(self) -> str:
        """Return the row of a markdown table."""
        bounds = "; ".join(f"`{bound}`" for bound in self.bounds)
        return "| " + " | ".join(part.replace("|", "\\|") for part in (_plain(self.text), self.value, bounds)) + " |"


def table(claims: Sequence[Claim]) -> str:
    """Return claims as a markdown table."""
    return HEAD + "".join(f"{claim.row()}\n" for claim in claims)


def measured(notebooks: Sequence[Any]) -> list[Claim]:
    """Join runs of one notebook with different seeds into claims, in the order of its cells.

    Args:
        notebooks: Executed notebooks, as nbformat gives them.

    Returns:
        A claim for each printed line in which a number differs, or whose cell asserts something. A line that one of the runs did not
        print is left out.
    """
    claims = []
    for cells in zip(*(_code_cells(notebook) for notebook in notebooks), strict=True):
        bounds = tuple(bounds_of(cells[0].source))
        lines = list(_joined([_printed(cell) for cell in cells]))
        rows = [(text, value) for text, value in lines if bounds or value]
        claims += for_cell(rows, bounds)
    return claims


def for_cell(rows: Sequence[tuple[str, str]], bounds: tuple[str, ...]) -> list[Claim]:
    """Return the claims of one cell: what it asserts stands beside its last line, or by itself where it prints nothing."""
    if not rows:
        return [Claim("(nothing is printed)", "holds with every seed", bounds)] if bounds else []
    claims = [Claim(text, value or "the same with every seed", ()) for text, value in rows]
    return [*claims[:-1], Claim(claims[-1].text, claims[-1].value, bounds)]


def bounds_of(code: str) -> Iterator[str]:
    """Yield what a cell asserts, each in one line, in order."""
    found = (node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Assert))
    yield from (ast.unparse(node.test) for node in sorted(found, key=lambda node: node.lineno))


def stale_claims(root: Path) -> list[str]:
    """Name every assertion of a lesson that its page of claims lacks, and every bound of a page that its lesson does not assert.

    Args:
        root: The repository.
    """
    problems = []
    for path in sorted((root / "content" / "lessons").glob("*.py")):
        page = root / "docs" / "claims" / f"{path.stem}.md"
        text = page.read_text(encoding="utf-8") if page.exists() else ""
        cells = read_source(path.read_text(encoding="utf-8"), path.name)
        asserted = {bound for cell in cells if cell.kind == "code" for bound in bounds_of(cell.text)}
        shown = {bound.replace("\\|", "|") for row in _BOUND.findall(text) for bound in re.findall(r"`([^`]+)`", row)}
        problems += [f"{page.name} lacks: {bound}" for bound in sorted(asserted - shown)]
        problems += [f"{page.name} has, and the lesson has not: {bound}" for bound in sorted(shown - asserted)]
    return problems


def _code_cells(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"][1:]  # without the setup cell


def _printed(cell: Any) -> list[str]:
    streams = [o.text for o in cell.get("outputs", []) if o.output_type == "stream" and o.name == "stdout"]
    return [line.strip() for text in streams for line in text.split("\n") if line.strip() and len(line) <= _LONGEST]


def _joined(runs: Sequence[list[str]]) -> Iterator[tuple[str, str]]:
    """Yield each line that all runs printed: its text, with … for each number that differs, and the values of these numbers."""
    tables: list[dict[tuple[str, int], list[str]]] = []
    for run in runs:
        found: dict[tuple[str, int], list[str]] = {}
        for line in run:
            shape = _NUMBER.sub(_HOLE, line)
            found[shape, sum(known == shape for known, _ in found)] = _NUMBER.findall(line)
        tables.append(found)
    for key in tables[0] if tables else ():
        if all(key in found for found in tables):
            yield _with_values(key[0], list(zip(*(found[key] for found in tables), strict=True)))


def _with_values(shape: str, numbers: list[tuple[str, ...]]) -> tuple[str, str]:
    """Fill numbers that are the same into the shape of a line; return it and the spreads of the others."""
    text, values, left = "", [], list(numbers)
    while _HOLE in shape:
        before, hole, rest = shape.partition(_HOLE)
        own = _WITHIN.match(hole + rest)
        seeds = left.pop(0)
        if own and (len(set(seeds)) > 1 or len(set(left[0])) > 1):
            values.append(f"{_spread(seeds)} (within a run ± {_mean(left.pop(0))})")
            text, shape = f"{text}{before}…", (hole + rest)[own.end() :]
        elif len(set(seeds)) > 1:
            values.append(_spread(seeds))
            text, shape = f"{text}{before}…", rest
        else:
            text, shape = f"{text}{before}{seeds[0]}", rest
    return text + shape, "; ".join(values)


def _spread(texts: tuple[str, ...]) -> str:
    values = [float(text.replace(",", "")) for text in texts]
    if any(value in (float("inf"), float("-inf")) for value in values):
        return " / ".join(texts)
    return _mean(texts) + (f" ± {statistics.stdev(values):.{_places(texts)}f}" if len(values) > 1 else "")


def _mean(texts: tuple[str, ...]) -> str:
    sign = "+" if texts[0].startswith("+") else ""
    return f"{statistics.mean(float(text.replace(',', '')) for text in texts):{sign}.{_places(texts)}f}"


def _places(texts: tuple[str, ...]) -> int:
    return max(len(text.partition(".")[2]) for text in texts)


def _plain(text: str) -> str:
    """Return text that markdown shows as it is."""
    return re.sub(r"([\\*<>`])", r"\\\1", " ".join(text.split()))
