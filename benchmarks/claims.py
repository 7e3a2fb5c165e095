"""Run every lesson with seeds 0 to 4 at full length: each assertion in it is a claim, and has to hold with every seed.

    python benchmarks/claims.py [beginning of a topic] [--profile full] [--seeds 0 1 2 3 4]

Writes what the runs printed, as mean and standard deviation over the seeds, into docs/claims/TOPIC.md.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
from pathlib import Path
from typing import Any

from tlcourse.course import execute, find_course, list_runnable

_NUMBER = re.compile(r"(?<![\w.])[+-]?\d+(?:,\d{3})*(?:\.\d+)?(?![\w.]*\w)|\binf\b")
_HOLE = "\x00"  # stands for a number in the shape of a line; no line that is printed holds it
_LONGEST = 170  # longer lines are descriptions of figures, which say the same numbers
_PROFILES = {"embedded": "Embedded profile", "full": "Full profile"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("only", nargs="?", default="", help="beginning of a topic, such as 02")
    parser.add_argument("--profile", choices=_PROFILES, default="embedded")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    options = parser.parse_args()
    failures = 0
    for lesson in list_runnable(find_course(), options.only):
        if lesson.kind != "lesson":
            continue
        outcomes = []
        for seed in options.seeds:
            outcome = execute(lesson.path, profile=options.profile, seed=seed)
            outcomes.append(outcome)
            result = "every claim holds" if outcome.ok else outcome.error.split("\n---")[0]
            head = f"{lesson.topic}  seed {seed}  {options.profile}"
            print(f"{head}  {outcome.seconds:.0f} s  {outcome.peak_mib} MiB  {result}", flush=True)
        failures += sum(not outcome.ok for outcome in outcomes)
        record(find_course() / "docs" / "claims" / f"{lesson.topic}.md", lesson.topic, options, outcomes)
    return 1 if failures else 0


def record(page: Path, topic: str, options: argparse.Namespace, outcomes: list[Any]) -> None:
    """Write the section of one profile into the page of a lesson; what else is on the page stays."""
    failed = [f"- Seed {seed}: {o.error.splitlines()[0]}" for seed, o in zip(options.seeds, outcomes, strict=True) if not o.ok]
    lines = summary([printed(outcome.notebook) for outcome in outcomes if outcome.ok])
    peak = max((outcome.peak_mib or 0 for outcome in outcomes), default=0)
    claims = sorted({line for outcome in outcomes[:1] for line in asserted(outcome.notebook)}, key=len)
    section = [
        f"## {_PROFILES[options.profile]}",
        "",
        f"`python benchmarks/claims.py {topic[:2]} --profile {options.profile}`: seeds {', '.join(map(str, options.seeds))}; "
        f"largest memory {peak} MiB. What the runs printed, mean ± standard deviation over the seeds where they differ:",
        "",
        "```",
        *lines,
        "```",
        "",
        *(["**Assertions that failed:**", "", *failed] if failed else ["Asserted in the notebook, and held with every seed:"]),
        "",
        *([] if failed else ["```python", *claims, "```", ""]),
    ]
    old = page.read_text(encoding="utf-8") if page.exists() else f"# Claims of lesson {topic[:2]}, measured\n\n"
    pattern = re.compile(rf"^## {_PROFILES[options.profile]}$.*?(?=^## |\Z)", re.DOTALL | re.MULTILINE)
    rest = pattern.sub("", old).rstrip() + "\n\n"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(rest + "\n".join(section), encoding="utf-8")


def printed(notebook: Any) -> list[str]:
    """Return the lines that the cells printed, those of the setup cell left out."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"][1:]
    streams = [o.text for cell in cells for o in cell.get("outputs", []) if o.output_type == "stream" and o.name == "stdout"]
    return [line.rstrip() for text in streams for line in text.split("\n") if line.strip() and len(line) <= _LONGEST]


def summary(runs: list[list[str]]) -> list[str]:
    """Join the same lines of several runs: numbers that differ become mean ± standard deviation."""
    tables: list[dict[tuple[str, int], list[str]]] = []
    for run in runs:
        table: dict[tuple[str, int], list[str]] = {}
        for line in run:
            shape = _NUMBER.sub(_HOLE, line)
            table[shape, sum(known == shape for known, _ in table)] = _NUMBER.findall(line)
        tables.append(table)
    joined = []
    for key in tables[0] if tables else ():
        if all(key in table for table in tables):
            numbers = iter(zip(*(table[key] for table in tables), strict=True))
            joined.append(re.sub(_HOLE, lambda _, numbers=numbers: _spread(next(numbers)), key[0]))
    return joined


def _spread(texts: tuple[str, ...]) -> str:
    values = [float(text.replace(",", "")) for text in texts]
    if len(set(values)) == 1 or len(values) < 2:
        return texts[0]
    if any(value in (float("inf"), float("-inf")) for value in values):
        return " / ".join(texts)
    places = max(len(text.partition(".")[2]) for text in texts)
    sign = "+" if texts[0].startswith("+") else ""
    return f"{statistics.mean(values):{sign}.{places}f} ± {statistics.stdev(values):.{places}f}"


def asserted(notebook: Any) -> list[str]:
    """Return the assertions of a notebook, as they stand in it."""
    sources = (cell.source for cell in notebook.cells if cell.cell_type == "code")
    return [line.strip() for source in sources for line in source.split("\n") if line.strip().startswith("assert ")]


if __name__ == "__main__":
    sys.exit(main())
