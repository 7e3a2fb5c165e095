"""Score several backbones on the same images, measure what each costs, and put both into one table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from tlcourse.arguments import as_labels, require_same_length
from tlcourse.backbones import load_backbone
from tlcourse.evaluate import pareto_front
from tlcourse.features import extract_features
from tlcourse.select.arrays import as_classes
from tlcourse.select.cost import Cost, measure_cost
from tlcourse.select.evidence import log_me
from tlcourse.select.probes import knn_score, linear_probe_score
from tlcourse.select.separation import h_score
from tlcourse.select.source_classes import leep, nce
from tlcourse.tables import as_html, as_text

if TYPE_CHECKING:
    import keras

_NEIGHBOURS = 5

SCORES = MappingProxyType(
    {
        "log_me": "LogME",
        "h_score": "H-score (shrunk)",
        "knn_score": "5 neighbours",
        "linear_probe_score": "linear probe",
        "leep": "LEEP",
        "nce": "NCE",
    }
)
"""Names of the scores, and what the table calls them."""


@dataclass(frozen=True)
class Candidate:
    """One backbone.

    Args:
        name: Its name.
        scores: Name of a score, as in `SCORES` -> its value; only the scores that could be computed.
        cost: What it costs.
    """

    name: str
    scores: Mapping[str, float]
    cost: Cost


@dataclass(frozen=True)
class Ranking:
    """Backbones, the best first; prints as a table.

    Args:
        rows: The backbones.
        by: Score that orders them.
        floor: Score name -> value of the best backbone with shuffled labels.
    """

    rows: tuple[Candidate, ...]
    by: str
    floor: Mapping[str, float]

    @property
    def names(self) -> list[str]:
        """Names of the backbones, best first."""
        return [row.name for row in self.rows]

    @property
    def milliseconds(self) -> np.ndarray:
        """`(backbones,)` time of one image."""
        return np.array([row.cost.milliseconds for row in self.rows])

    @property
    def front(self) -> list[str]:
        """Names of those that no other beats both in time and in the score `by`."""
        kept = pareto_front(self.milliseconds, self.scores(self.by))
        return [name for name, keep in zip(self.names, kept, strict=True) if keep]

    def scores(self, name: str) -> np.ndarray:
        """Return one score of all, `(backbones,)`; NaN where it could not be computed.

        Args:
            name: A key of `SCORES`.

        Raises:
            ValueError: If there is no such score.
        """
        _require_score("name", name)
        return np.array([row.scores.get(name, np.nan) for row in self.rows])

    def __str__(self) -> str:
        title, header, cells, note = self._table()
        return as_text(title, header, cells, right=range(1, len(header)), note=note)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        title, header, cells, note = self._table()
        return as_html(title, header, cells, right=range(1, len(header)), note=note)

    def _table(self) -> tuple[str, list[str], list[list[str]], str]:
        shown = [name for name in SCORES if any(name in row.scores for row in self.rows)]
        header = ["backbone", *(SCORES[name] for name in shown), "million weights", "MiB at least", "ms an image", "front"]
        cells = [
            [
                row.name,
                *(f"{row.scores[name]:.3f}" if name in row.scores else "-" for name in shown),
                f"{row.cost.parameters / 1e6:.2f}",
                f"{row.cost.memory_mib:.1f}",
                f"{row.cost.milliseconds:.1f}",
                "yes" if row.name in self.front else "",
            ]
            for row in self.rows
        ]
        floor = ", ".join(f"{SCORES[name]} {value:.3f}" for name, value in self.floor.items())
        note = f"The first one with shuffled labels: {floor}. Front: no other is both faster and better by {SCORES[self.by]}."
        return f"{len(self.rows)} backbones, best first by {SCORES[self.by]}", header, cells, note


def rank_backbones(
    backbones: Iterable[str] | Mapping[str, keras.Model],
    images: np.ndarray,
    labels: ArrayLike,
    *,
    by: str = "log_me",
    heads: Mapping[str, keras.Model] | None = None,
    seed: int = 0,
) -> Ranking:
    """Score backbones on labelled images of the target, without fine-tuning any, and measure what each costs here.

    Scores guide the choice of the few that are worth fine-tuning. They see the images of the target as the frozen backbone does,
    so use images that you may learn from, not the test set.

    Args:
        backbones: Names of the registry (built for the size of `images`, pooled), or name -> model from raw images to
            `(batch, features)`.
        images: `(n, height, width, 3)` raw pixels, 0-255; 6 or more.
        labels: `(n,)` class numbers, two classes or more, each at least twice.
        by: The score that orders the table, a key of `SCORES`; LEEP and NCE need `heads` for all.
        heads: Name -> whole network from the same images to probabilities of its source classes, where there is one.
        seed: Seed of the folds of the linear probe, and of the shuffled labels.

    Returns:
        The ranking; draw it with `plots.pareto(ranking.milliseconds, ranking.scores(ranking.by), ranking.names)`.

    Raises:
        TypeError: If a backbone is neither a name nor a model.
        ValueError: If there is no backbone, a name or score is unknown, a head has no backbone, images or labels do not fit,
            there are fewer than 6 images, a class has fewer than 2, or a backbone gives features that cannot be scored.
        OSError: If pretrained values are neither cached nor can be downloaded.

    Example:
        >>> flowers = tlcourse.load_flowers(per_class=4)
        >>> pools = {"means": keras.layers.GlobalAveragePooling2D(), "corner": keras.layers.Lambda(lambda x: x[:, 0, 0])}
        >>> networks = {name: keras.Sequential([keras.Input((64, 64, 3)), pool]) for name, pool in pools.items()}
        >>> tlcourse.rank_backbones(networks, flowers.images, flowers.labels).names
        ['means', 'corner']
    """
    _require_score("by", by)
    numbers = _classes_to_score(images, labels)
    models = _models(backbones, np.shape(images))
    heads = dict(heads or {})
    if not set(heads) <= set(models):
        raise ValueError(
            f"`heads` must belong to `backbones` ({', '.join(models)}). "
            f"Received: heads without a backbone={sorted(set(heads) - set(models))}."
        )
    if by in ("leep", "nce") and set(heads) != set(models):
        raise ValueError(
            f"`by={by!r}` needs the head of every backbone. Missing in `heads`: {sorted(set(models) - set(heads))}."
        )
    rows, features = [], {}
    for name, model in models.items():
        features[name] = extract_features(model, images)
        seen = heads[name].predict(images, verbose=0) if name in heads else None
        try:
            scores = _scores(features[name], numbers, seen, seed)
        except ValueError as error:
            raise ValueError(f"The backbone {name!r} cannot be scored on these images. {error}") from error
        rows.append(Candidate(name, scores, measure_cost(model)))
    rows.sort(key=lambda row: -row.scores[by])
    shuffled = np.random.default_rng(seed).permutation(numbers)
    return Ranking(tuple(rows), by, _scores(features[rows[0].name], shuffled, None, seed))


def _classes_to_score(images: np.ndarray, labels: ArrayLike) -> np.ndarray:
    """Return labels without gaps; raise `ValueError` unless there are enough images for every score."""
    require_same_length(images=images, labels=as_labels("labels", labels))
    numbers, _ = as_classes(labels)
    fewest = int(np.bincount(numbers).min())
    if fewest < 2:
        raise ValueError(
            "Each class needs 2 examples or more: the linear probe holds some of each out. Drop such classes, or add examples. "
            f"Received: examples of the smallest class={fewest}."
        )
    if len(numbers) <= _NEIGHBOURS:
        raise ValueError(
            f"Scores of fewer than {_NEIGHBOURS + 1} images say nothing, and {_NEIGHBOURS} neighbours are asked about each. Use some "
            f"ten images a class. Received: len(images)={len(numbers)}."
        )
    return numbers


def _models(backbones: Any, shape: tuple[int, ...]) -> dict[str, Any]:
    import keras

    if isinstance(backbones, str):
        raise TypeError(f"`backbones` must be several: a list of names, or name -> model. Received: backbones={backbones!r}.")
    if isinstance(backbones, Mapping):
        models = dict(backbones)
    else:
        names = list(backbones)
        if not all(isinstance(name, str) for name in names):
            raise TypeError(
                f"Give models as a mapping, name -> model. Received: backbones={[type(name).__name__ for name in names]}."
            )
        if len(shape) != 4:
            raise ValueError(f"`images` must have shape (n, height, width, 3). Received: images.shape={shape}.")
        models = {name: load_backbone(name, input_shape=shape[1:], pooling="avg") for name in names}
    if not models:
        raise ValueError(f"`backbones` must hold at least one. Received: backbones={backbones!r}.")
    for name, model in models.items():
        if not isinstance(model, keras.Model):
            raise TypeError(f"`backbones[{name!r}]` must be a Keras model. Received: type={type(model).__name__}.")
    return models


def _scores(features: np.ndarray, labels: np.ndarray, seen: np.ndarray | None, seed: int) -> dict[str, float]:
    folds = min(5, int(np.bincount(labels).min()))
    scores = {
        "log_me": log_me(features, labels),
        "h_score": h_score(features, labels, shrinkage=True),
        "knn_score": knn_score(features, labels, neighbours=_NEIGHBOURS),
        "linear_probe_score": linear_probe_score(features, labels, folds=folds, seed=seed),
    }
    if seen is not None:
        scores |= {"leep": leep(seen, labels), "nce": nce(seen.argmax(axis=1), labels)}
    return scores


def _require_score(argument: str, name: str) -> None:
    if name not in SCORES:
        raise ValueError(f"There is no such score. Expected one of {', '.join(SCORES)}. Received: {argument}={name!r}.")
