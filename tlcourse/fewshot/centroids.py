"""Nearest centroid on fixed features: the few-shot baseline that needs no training, and the interval around its accuracy."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tlcourse.arguments import require_one_of
from tlcourse.fewshot.episodes import Episodes

DISTANCES = ("euclidean", "cosine")
_CHUNK = 20_000_000  # numbers of features in memory at once


@dataclass(frozen=True)
class Interval:
    """A mean over episodes with its 95 % confidence interval, mean ± half_width.

    Args:
        mean: Mean accuracy, 0 to 1.
        half_width: 1.96 standard errors of the mean over episodes.
        episodes: How many.
    """

    mean: float
    half_width: float
    episodes: int

    def __str__(self) -> str:
        return f"{self.mean:.3f} ± {self.half_width:.3f}"


def interval(accuracies: np.ndarray) -> Interval:
    """Return mean accuracy and 95 % confidence interval over episodes.

    The episode is the unit: the queries of one episode share their support images, so they are not independent.

    Args:
        accuracies: `(episodes,)`, one accuracy an episode, 0 to 1.

    Raises:
        ValueError: If there are fewer than 2 episodes, or a value is not between 0 and 1.

    Example:
        >>> print(fewshot.interval(np.array([1.0, 0.8, 0.9, 0.7])))
        0.850 ± 0.127
    """
    values = np.asarray(accuracies, np.float64)
    if values.ndim != 1 or len(values) < 2:
        raise ValueError(
            f"An interval needs at least 2 episodes, shape (episodes,). Received: accuracies.shape={values.shape}."
        )
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError(f"Accuracies lie between 0 and 1. Received: accuracies={values.min()} to {values.max()}.")
    return Interval(float(values.mean()), 1.96 * float(values.std(ddof=1)) / math.sqrt(len(values)), len(values))


def prototypes(support: np.ndarray) -> np.ndarray:
    """Return the mean of the support features of each class (Snell et al. 2017, equation 1).

    Args:
        support: `(..., ways, shots, d)` features.

    Returns:
        `(..., ways, d)`. With one shot a prototype is the example itself.
    """
    return np.mean(support, axis=-2)


def centroid_accuracies(features: np.ndarray, episodes: Episodes, *, distance: str = "euclidean") -> np.ndarray:
    """Classify each query by its nearest prototype and return the accuracy of every episode.

    Args:
        features: `(n, d)`, one row an image, in the order of the labels that the episodes were drawn from.
        episodes: From `sample_episodes`.
        distance: "euclidean" as in prototypical networks, or "cosine": features and prototypes divided by their length.

    Returns:
        `(episodes,)` accuracies, 0 to 1.

    Raises:
        ValueError: If `features` are not `(n, d)`, not finite, or fewer than the episodes point to.

    Source: Snell, Swersky, Zemel (2017), "Prototypical networks for few-shot learning", equations 1 and 2.

    Example:
        >>> labels = np.repeat(np.arange(6), 8)
        >>> drawn = fewshot.sample_episodes(labels, ways=5, shots=1, episodes=10)
        >>> fewshot.centroid_accuracies(np.eye(6)[labels], drawn).mean()
        np.float64(1.0)
    """
    require_one_of("distance", distance, DISTANCES)
    features = np.asarray(features)
    needed = int(max(episodes.support.max(), episodes.query.max())) + 1
    if features.ndim != 2 or len(features) < needed:
        raise ValueError(f"Expected features (n, d) with at least {needed} rows. Received: features.shape={features.shape}.")
    features = features.astype(np.float32, copy=False)
    if not np.isfinite(features).all():
        raise ValueError(
            f"Some features are NaN or infinite. Look at the encoder and its input. Received: finite={np.isfinite(features).mean():.1%}."
        )
    if distance == "cosine":
        features = _unit(features)
    right = []
    size = episodes.ways * (episodes.shots + episodes.query.shape[2]) * features.shape[1]
    step = max(1, _CHUNK // size)
    for start in range(0, len(episodes), step):
        part = slice(start, start + step)
        centres = prototypes(features[episodes.support[part]])  # (e, ways, d)
        if distance == "cosine":
            centres = _unit(centres)
        queries = features[episodes.query[part]].reshape(len(centres), -1, features.shape[1])
        # squared distance without the query's own length, which is the same for all prototypes
        closeness = 2.0 * queries @ centres.swapaxes(1, 2) - (centres**2).sum(-1)[:, None, :]
        wanted = np.repeat(np.arange(episodes.ways), episodes.query.shape[2])
        right.append((closeness.argmax(-1) == wanted).mean(axis=1))
    return np.concatenate(right)


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12)
