"""Run every lesson with seeds 0 to 4 at full length: each assertion in it is a claim, and has to hold with every seed.

python benchmarks/claims.py [beginning of a topic] [profile]
"""

from __future__ import annotations

import sys

from tlcourse.course import execute, find_course, list_runnable

SEEDS = range(5)


def main(only: str = "", profile: str = "embedded") -> int:
    failures = 0
    for notebook in list_runnable(find_course(), only):
        if notebook.kind != "lesson":
            continue
        for seed in SEEDS:
            outcome = execute(notebook.path, profile=profile, seed=seed)
            failures += not outcome.ok
            result = "every claim holds" if outcome.ok else outcome.error.split("\n---")[0]
            print(
                f"{notebook.topic}  seed {seed}  {profile}  {outcome.seconds:.0f} s  {outcome.peak_mib} MiB  {result}",
                flush=True,
            )
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
