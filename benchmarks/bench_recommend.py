"""How long ranking metrics of 100,000 users take, against scikit-learn's `ndcg_score` and a plain loop.

    python benchmarks/bench_recommend.py [--repeats 3]

(a) NDCG@10 of 100,000 users and 50 items, with and without equal scores, against `sklearn.metrics.ndcg_score`, same value.
(b) Recall@10 of the same, against a loop over users with sets.

Each ratio is the median over alternated repeats in one process.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from collections.abc import Callable

import numpy as np
import sklearn
from sklearn.metrics import ndcg_score

from tlcourse.recommend import ndcg_at_k, recall_at_k

USERS, ITEMS, K = 100_000, 50, 10


def main() -> None:
    """Print one line a comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    rng = np.random.default_rng(0)
    relevance = rng.random((USERS, ITEMS)) < 0.1
    relevance[:, 0] = True
    plain, tied = rng.normal(size=(USERS, ITEMS)), rng.integers(0, 10, (USERS, ITEMS)).astype(float)
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, scikit-learn {sklearn.__version__}")
    for name, scores in (("no equal scores", plain), ("equal scores", tied)):
        compare(
            f"NDCG@{K}, {name}, against ndcg_score",
            lambda scores=scores: ndcg_at_k(scores, relevance, K).mean(),
            lambda scores=scores: ndcg_score(relevance, scores, k=K),
            repeats,
        )
    compare(
        f"recall@{K}, against a loop", lambda: recall_at_k(plain, relevance, K).mean(), lambda: loop(plain, relevance), repeats
    )


def compare(name: str, ours: Callable[[], float], other: Callable[[], float], repeats: int) -> None:
    """Time both in turn, and require the same value."""
    times = []
    for _ in range(repeats):
        first, mine = timed(ours)
        second, theirs = timed(other)
        if abs(first - second) > 1e-9:
            raise SystemExit(f"{name}: {first} and {second} differ.")
        times.append((mine, theirs))
    ratio = statistics.median(b / a for a, b in times)
    print(f"{name}: {statistics.median(a for a, _ in times):.2f} s; the other takes {ratio:.1f} times as long")


def timed(job: Callable[[], float]) -> tuple[float, float]:
    """Return a job's value and its seconds."""
    start = time.perf_counter()
    value = job()
    return float(value), time.perf_counter() - start


def loop(scores: np.ndarray, relevance: np.ndarray) -> float:
    """Recall as many write it: one user after the other, with sets."""
    found = []
    for score, wanted in zip(scores, relevance, strict=True):
        goal = set(np.flatnonzero(wanted))
        found.append(len(goal & set(np.argsort(-score)[:K])) / len(goal))
    return float(np.mean(found))


if __name__ == "__main__":
    main()
