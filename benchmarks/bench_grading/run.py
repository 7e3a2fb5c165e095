"""Throughput of grading: the same submissions on the same cores, by this package, nbgrader and Otter, in one run. `make bench-grading`.

Aims: 8 times nbgrader's throughput on 40 NumPy submissions, 3 times on 20 Keras submissions, with the score computed outside the
process in which learners' code runs; and nearly twice the throughput with two workers, here or on a Dask cluster.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from graders import Nbgrader, Otter, Ours
from material import KERAS, NUMPY, Series, answers

AIMS = {NUMPY.name: 8, KERAS.name: 3}
MORE = {NUMPY.name: 5, KERAS.name: 2}  # times as many submissions for the growth with workers


@dataclass(frozen=True)
class Measured:
    """One grader on one series: seconds by the wall clock, seconds of CPU, largest memory of its processes in MiB, points."""

    wall: float
    cpu: float
    memory: float
    points: dict[str, float]


class Memory(threading.Thread):
    """Watch how much memory all children have together; pages that several share count once."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak, self._over = 0.0, threading.Event()

    def run(self) -> None:
        while not self._over.wait(0.5):
            total, queue = 0, [os.getpid()]
            while queue:
                pid = queue.pop()
                try:
                    for task in os.listdir(f"/proc/{pid}/task"):
                        queue += [int(word) for word in Path(f"/proc/{pid}/task/{task}/children").read_text().split()]
                    if pid != os.getpid():
                        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
                        total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
                except (OSError, StopIteration):
                    continue
            self.peak = max(self.peak, total / 1024)

    def stop(self) -> float:
        self._over.set()
        self.join()
        return self.peak


def measure(grader: Any, series: Series) -> Measured:
    """Prepare, then grade a series and measure only the grading."""
    with tempfile.TemporaryDirectory(prefix="bench-grading-") as place:
        folder = Path(place)
        grader.prepare(series, answers(series), folder)
        memory, before, started = Memory(), resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        memory.start()
        grader.grade(series, folder)
        wall, after, peak = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN), memory.stop()
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        points = grader.points(folder)
        assert len(points) == series.count, f"{grader.name} graded {len(points)} of {series.count}"
        return Measured(wall, cpu, peak, points)


def shown(found: dict[str, Measured], grader: Any, series: Series) -> None:
    """Measure one grader and print it."""
    found[grader.name] = done = measure(grader, series)
    print(
        f"  {grader.name:24} {done.wall / series.count:7.2f} s  {done.cpu / series.count:7.2f} s of CPU  "
        f"all processes {done.memory:6.0f} MiB  points {sum(done.points.values()):g}",
        flush=True,
    )


def beside_others(series: Series) -> None:
    """Compare with other graders."""
    print(f"\n{series.count} submissions, {series.name} (tasks {', '.join(series.tasks)}); per submission:", flush=True)
    found: dict[str, Measured] = {}
    for grader in (Ours(), Nbgrader(), Otter()):
        shown(found, grader, series)
    ours = found[Ours().name]
    for name in ("nbgrader", "Otter"):
        other = found[name]
        differ = [learner for learner, points in ours.points.items() if other.points[learner] != points]
        aim = f" (aim: {AIMS[series.name]})" if name == "nbgrader" else ""
        print(
            f"  {name}: {other.wall / ours.wall:.1f} times as long{aim}, {other.cpu / ours.cpu:.1f} times the CPU; "
            f"other points for {len(differ)} of {series.count} submissions"
        )


def growth(series: Series, *, dask: bool = True) -> None:
    """Measure what a second worker brings, on more submissions, since each worker has a start of its own."""
    print(
        f"\n{series.count} submissions, {series.name}, more workers; load {os.getloadavg()[0]:.1f}; per submission:", flush=True
    )
    found: dict[str, Measured] = {}
    for grader in (Ours(), Ours(jobs=2), Ours(workers=2))[: 3 if dask else 2]:
        shown(found, grader, series)
    one, *more = found
    for name in more:
        same = found[name].points == found[one].points
        print(f"  {name}: {found[one].wall / found[name].wall:.2f} times the throughput of one job, the same points: {same}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--numpy", type=int, default=NUMPY.count, metavar="N", help="NumPy submissions; 0 for none")
    parser.add_argument("--keras", type=int, default=KERAS.count, metavar="N", help="Keras submissions; 0 for none")
    parser.add_argument("--growth-alone", action="store_true", help="leave nbgrader and Otter out")
    parser.add_argument("--without-dask", action="store_true", help="compare only one job with two jobs")
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores; load before: {os.getloadavg()[0]:.1f}")
    for series, count in ((NUMPY, options.numpy), (KERAS, options.keras)):
        if count and not options.growth_alone:
            beside_others(replace(series, count=count))
        if count:
            growth(replace(series, count=MORE[series.name] * count), dask=not options.without_dask)


if __name__ == "__main__":
    main()
