"""How long drawing and classifying episodes takes, against a plain loop that does the same.

    python benchmarks/bench_fewshot.py [--repeats 5]

(a) 1,000 episodes, 5 ways, 5 shots, 5 queries, of 87 classes of 20 images: positions only. The loop is the one of lesson 23,
    `rng.choice` for the classes and for each class's images.
(b) Accuracies of these episodes on 256 features, against a loop over the episodes with NumPy.

Each ratio is the median over alternated repeats in one process.
Aim: (a) below 100 ms.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time

import numpy as np

from tlcourse.fewshot import centroid_accuracies, sample_episodes

WAYS, SHOTS, QUERIES, EPISODES = 5, 5, 5, 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    labels = np.repeat(np.arange(87), 20)
    features = np.random.default_rng(0).normal(size=(len(labels), 256)).astype("float32")
    drawn = sample_episodes(labels, WAYS, SHOTS, queries=QUERIES, episodes=EPISODES)
    print(f"Python {platform.python_version()}, NumPy {np.__version__}")
    jobs = {
        "drawing": (lambda seed: ours(labels, seed), lambda seed: loop(labels, seed)),
        "accuracies": (
            lambda seed: centroid_accuracies(features, drawn),
            lambda seed: [accuracy(features, *pair) for pair in zip(drawn.support, drawn.query, strict=True)],
        ),
    }
    for name, (fast, plain) in jobs.items():
        times = [(seconds(fast, seed), seconds(plain, seed)) for seed in range(repeats)]
        mine, others = (statistics.median(column) for column in zip(*times, strict=True))
        ratio = statistics.median(b / a for a, b in times)
        print(
            f"{name}: {EPISODES:,} episodes in {1000 * mine:.1f} ms; a plain loop {1000 * others:.0f} ms, {ratio:.1f} times as long"
        )


def seconds(job, seed: int) -> float:  # type: ignore[no-untyped-def]
    start = time.perf_counter()
    job(seed)
    return time.perf_counter() - start


def ours(labels: np.ndarray, seed: int) -> None:
    sample_episodes(labels, WAYS, SHOTS, queries=QUERIES, episodes=EPISODES, seed=seed)


def loop(labels: np.ndarray, seed: int) -> None:
    rng, names = np.random.default_rng(seed), np.unique(labels)
    for _ in range(EPISODES):
        for name in rng.choice(names, WAYS, replace=False):
            rng.choice(np.flatnonzero(labels == name), SHOTS + QUERIES, replace=False)


def accuracy(features: np.ndarray, support: np.ndarray, query: np.ndarray) -> float:
    centres = features[support].mean(axis=1)
    distances = ((features[query][:, :, None] - centres) ** 2).sum(axis=-1)
    return float(np.mean(distances.argmin(axis=-1) == np.arange(len(support))[:, None]))


if __name__ == "__main__":
    main()
