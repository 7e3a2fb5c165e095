"""Published rankings of ten networks on eight targets, with the correlations that were published beside them."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_PATH = Path(__file__).parent / "published_rankings.csv"
PUBLISHED_SCORES = ("h_score", "leep", "log_me", "nce")


@dataclass(frozen=True)
class PublishedRanking:
    """One published table.

    Args:
        target: The data set.
        networks: Names of the networks, `(networks,)`.
        accuracies: `(networks,)` after fine-tuning, percent.
        scores: Score name -> `(networks,)`.
        weighted_tau: Score name -> the published weighted Kendall correlation of score and accuracy.
        pearson: Score name -> the published linear correlation.
    """

    target: str
    networks: tuple[str, ...]
    accuracies: np.ndarray
    scores: dict[str, np.ndarray]
    weighted_tau: dict[str, float]
    pearson: dict[str, float]


def published_rankings() -> dict[str, PublishedRanking]:
    """Return the eight tables of the Transfer-Learning-Library's benchmark of model selection, as published and uncorrected.

    Source: Junguang Jiang et al., Transfer-Learning-Library, `examples/model_selection/README.md`. The file beside this one names
    the commit.

    Returns:
        Target -> table.
    """
    with _PATH.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    tables = {}
    for target in dict.fromkeys(row["target"] for row in rows):
        own = [row for row in rows if row["target"] == target]
        nets = [row for row in own if row["accuracy"]]
        correlations = {
            row["network"]: {name: float(row[name]) for name in PUBLISHED_SCORES} for row in own if not row["accuracy"]
        }
        tables[target] = PublishedRanking(
            target,
            tuple(row["network"] for row in nets),
            np.array([float(row["accuracy"]) for row in nets]),
            {name: np.array([float(row[name]) for row in nets]) for name in PUBLISHED_SCORES},
            correlations["weighted tau"],
            correlations["pearson"],
        )
    return tables
