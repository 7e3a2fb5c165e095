"""Weights against the truth: Gaussians of which the ratio is known, as in the simulation of the paper on KLIEP."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from alike import squared_error, timed

from tlcourse import adapt

Draw = dict[str, np.ndarray]
DRAWS = 20  # of each world
WORLDS = {f"Gaussians, {columns} column{'s' if columns > 1 else ''}": columns for columns in (1, 5, 10, 20)}


def draw(columns: int, seed: int) -> Draw:
    """100 source rows around 0 and 1000 target rows, moved by 1 in the first column: Sugiyama and others 2008, section 3.1."""
    rng = np.random.default_rng([seed, columns])
    source, target = rng.normal(size=(100, columns)), rng.normal(size=(1000, columns))
    target[:, 0] += 1.0
    return {"source": source, "target": target, "ratio": np.exp(source[:, 0] - 0.5)}


def _kliep(width: float | None = None) -> Callable[[Draw, int], np.ndarray]:
    more = {} if width is None else {"width": width}
    return lambda data, seed: adapt.kliep_weights(data["source"], data["target"], seed=seed, **more)


WEIGHTS: dict[str, Callable[[Draw, int], np.ndarray]] = {
    "equal weights": lambda data, seed: np.ones(len(data["source"])),
    "weights, KLIEP": _kliep(),
    "KLIEP, narrowest width": _kliep(0.25),
    "weights, classifier": lambda data, seed: adapt.classifier_weights(data["source"], data["target"]),
}


def compared(data: Draw, method: str, seed: int) -> dict[str, float]:
    weights, seconds = timed(lambda: WEIGHTS[method](data, seed))
    return {"squared error": squared_error(weights, data["ratio"]), "seconds": seconds}
