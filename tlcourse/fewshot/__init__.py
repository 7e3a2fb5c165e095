"""New classes from few examples: episodes, the nearest centroid, prototypical networks and Reptile."""

from tlcourse.fewshot.centroids import DISTANCES, Interval, centroid_accuracies, interval, prototypes
from tlcourse.fewshot.episodes import Episodes, sample_episodes
from tlcourse.fewshot.prototypical import EpisodeBatches, PrototypicalModel, episode_loss, fit_prototypical
from tlcourse.fewshot.reptile import adapted_accuracies, fit_reptile, reptile_step

__all__ = [
    "DISTANCES",
    "EpisodeBatches",
    "Episodes",
    "Interval",
    "PrototypicalModel",
    "adapted_accuracies",
    "centroid_accuracies",
    "episode_loss",
    "fit_prototypical",
    "fit_reptile",
    "interval",
    "prototypes",
    "reptile_step",
    "sample_episodes",
]
