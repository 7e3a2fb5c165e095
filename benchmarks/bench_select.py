"""What `log_me` takes beyond the decomposition that it cannot do without.

    python benchmarks/bench_select.py [--examples 10000] [--features 2048] [--classes 100] [--repeats 3]

Three times, alternated in one process, median over repeats, once with labels that the features tell and once with shuffled ones (for
which the fixed point takes longest):
(a) `log_me(features, labels)` as a whole;
(b) the decomposition inside it: the eigenvalues of the smaller matrix of inner products, that matrix included;
(c) `numpy.linalg.svd(features, full_matrices=False)` of the same features, which knows the same things.

Aim: (a) at most 1.5 times (b). (c) says what taking the smaller matrix is worth.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time

import numpy as np

from tlcourse.select import log_me


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--examples", type=int, default=10_000)
    parser.add_argument("--features", type=int, default=2048)
    parser.add_argument("--classes", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=3, help="alternated repeats, at least 3")
    options = parser.parse_args()
    if options.repeats < 3:
        parser.error("a median needs at least 3 repeats")
    print(
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores; Python {platform.python_version()}, NumPy {np.__version__}"
    )
    rng = np.random.default_rng(0)
    labels = np.arange(options.examples) % options.classes
    centres = 0.3 * rng.normal(size=(options.classes, options.features))
    features = np.maximum(centres[labels] + rng.normal(size=(options.examples, options.features)), 0)  # as after a ReLU
    shuffled = rng.permutation(labels)
    runs = {
        "(a) log_me": lambda: log_me(features, labels),
        "(a) log_me, labels shuffled": lambda: log_me(features, shuffled),
        "(b) its decomposition": lambda: decomposition(features),
        "(c) numpy.linalg.svd": lambda: np.linalg.svd(features, full_matrices=False),
    }
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(options.repeats):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    print(f"{options.examples} x {options.features} features, {options.classes} classes   seconds   against (b)   against (c)")
    for name, times in seconds.items():
        ratios = [ratio(times, seconds[other]) for other in ("(b) its decomposition", "(c) numpy.linalg.svd")]
        print(f"    {name:28} {statistics.median(times):22.2f}   {ratios[0]:11.2f}   {ratios[1]:11.2f}")
    print("    aim: at most 1.5 against (b) for both lines of (a)")


def decomposition(features: np.ndarray) -> np.ndarray:
    """Take apart the smaller matrix of inner products, as `log_me` has to."""
    tall = features.shape[0] >= features.shape[1]
    return np.linalg.eigh(features.T @ features if tall else features @ features.T)[1]


def ratio(times: list[float], others: list[float]) -> float:
    return statistics.median(a / b for a, b in zip(times, others, strict=True))


if __name__ == "__main__":
    main()
