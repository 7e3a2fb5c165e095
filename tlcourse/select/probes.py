"""Scores that train or look up something cheap on frozen features: nearest neighbours, and a linear classifier."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tlcourse.evaluate import linear_probe
from tlcourse.select.arrays import as_pair


def knn_score(features: ArrayLike, labels: ArrayLike, *, neighbours: int = 5) -> float:
    """Return the share of examples whose nearest others, by angle, agree on their label.

    Each example is left out once and takes the label that most of its neighbours have; of labels with as many votes, that of the
    nearest. Nothing is held out, so few examples suffice.

    Args:
        features: `(examples, features)` of a frozen backbone.
        labels: `(examples,)` class numbers of the target.
        neighbours: How many vote, 1 or more and fewer than there are examples.

    Returns:
        An accuracy, 0-1.

    Raises:
        ValueError: If shapes do not fit, values are missing, labels hold one class, or `neighbours` is out of range.
    """
    from sklearn.neighbors import NearestNeighbors

    features, labels, num_classes = as_pair(features, labels)
    if not 1 <= neighbours < len(labels):
        raise ValueError(
            f"`neighbours` must be 1 or more and less than the {len(labels)} examples. Received: neighbours={neighbours!r}."
        )
    features = features / np.abs(features).max()  # squares of huge features would overflow
    nearest = NearestNeighbors(n_neighbors=neighbours, metric="cosine").fit(features).kneighbors(return_distance=False)
    votes = np.zeros((len(labels), num_classes))
    for place in range(neighbours):
        vote = 1.0 + 0.5 ** (place + 2)  # between labels with as many votes the nearest decides, and no vote is outweighed
        votes[np.arange(len(labels)), labels[nearest[:, place]]] += vote
    return float((votes.argmax(axis=1) == labels).mean())


def linear_probe_score(
    features: ArrayLike, labels: ArrayLike, *, folds: int = 5, strength: float = 1.0, seed: int = 0
) -> float:
    """Return the accuracy of a logistic regression on frozen features, cross-validated.

    Args:
        features: `(examples, features)` of a frozen backbone.
        labels: `(examples,)` class numbers of the target, each class with at least `folds` examples.
        folds: 2 or more; every example is tested once, each class spread evenly over the folds.
        strength: Inverse of the L2 penalty, as in `tlcourse.evaluate.linear_probe`.
        seed: Seed of the folds.

    Returns:
        An accuracy, 0-1, mean over the folds.

    Raises:
        ValueError: If shapes do not fit, values are missing, labels hold one class, or a class has fewer examples than folds.
    """
    from sklearn.model_selection import StratifiedKFold

    features, labels, _ = as_pair(features, labels)
    fewest = int(np.bincount(labels).min())
    if folds < 2 or fewest < folds:
        raise ValueError(
            "`folds` must be 2 or more, and each class needs that many examples. "
            f"Received: folds={folds!r}, smallest class={fewest}."
        )
    parts = StratifiedKFold(folds, shuffle=True, random_state=seed).split(features, labels)
    scores = [linear_probe(features[a], labels[a], features[b], labels[b], strength=strength) for a, b in parts]
    return float(np.mean(scores))
