"""Run every lesson with seeds 0 to 4 at full length: each assertion in it is a claim, and has to hold with every seed.

    python benchmarks/claims.py [lesson number or prefix] [--profile full] [--seeds 0 1 2 3 4]

Writes a table of what the runs printed and what the lesson asserts into docs/claims/TOPIC.md: claim, mean and standard deviation over
the seeds, asserted bound.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence

from tlcourse.authoring.claims import measured, table
from tlcourse.course import Outcome, execute, find_course, list_runnable
from tlcourse.files import write_whole

PROFILES = {"embedded": "Embedded profile", "full": "Full profile"}


def main() -> int:
    """Run the lessons that were asked for. Returns 1 if an assertion failed, else 0."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("only", nargs="?", default="", help="lesson number or prefix, such as 02 (default: all)")
    parser.add_argument("--profile", choices=PROFILES, default="embedded")
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
        page = find_course() / "docs" / "claims" / f"{lesson.topic}.md"
        old = page.read_text(encoding="utf-8") if page.exists() else f"# Claims of lesson {lesson.topic[:2]}, measured\n"
        write_whole(page, with_section(old, PROFILES[options.profile], section(lesson.topic, options, outcomes)))
    return 1 if failures else 0


def section(topic: str, options: argparse.Namespace, outcomes: Sequence[Outcome]) -> str:
    """Return what stands below the heading of a profile: how it was measured, and the table or the assertions that failed."""
    peak = max((outcome.peak_mib or 0 for outcome in outcomes), default=0)
    how = (
        f"`python benchmarks/claims.py {topic[:2]} --profile {options.profile}`: seeds {', '.join(map(str, options.seeds))}; "
        f"largest memory {peak} MiB. Mean ± standard deviation over the seeds."
    )
    failed = [f"- Seed {seed}: {o.error.splitlines()[0]}" for seed, o in zip(options.seeds, outcomes, strict=True) if not o.ok]
    if failed:
        return "\n".join([how, "", "**Assertions that failed:**", "", *failed]) + "\n"
    return f"{how} Every bound held with every seed.\n\n{table(measured([outcome.notebook for outcome in outcomes]))}"


def with_section(page: str, heading: str, text: str) -> str:
    """Return the page with `text` below `## heading`, in the place of what stood there; what else is on the page stays."""
    pattern = re.compile(rf"^## {heading}$.*?(?=^## |\Z)", re.DOTALL | re.MULTILINE)
    return pattern.sub("", page).rstrip() + f"\n\n## {heading}\n\n{text}"


if __name__ == "__main__":
    sys.exit(main())
