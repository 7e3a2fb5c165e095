"""What fields look like from above: how the land is laid out, seen from any side and height."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tlcourse.worlds.textures import power_law_field

Layout = Callable[[np.random.Generator, np.ndarray, np.ndarray], np.ndarray]


def draw_land(rng: np.random.Generator, size: int, layout: Layout) -> np.ndarray:
    """Draw how much each place of a stretch of land stands out, `(size, size)`, 0-1, turned and shifted at random."""
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    turn, zoom = rng.uniform(0, 2 * np.pi), rng.uniform(0.85, 1.2)
    shift_u, shift_v = rng.uniform(-0.5, 0.5, 2)
    u = zoom * (x * np.cos(turn) + y * np.sin(turn)) + shift_u
    v = zoom * (y * np.cos(turn) - x * np.sin(turn)) + shift_v
    uneven = 1 + 0.10 * power_law_field(rng, size, 1.4)
    return np.clip(layout(rng, u, v) * uneven, 0.0, 1.0)


def _circles(rng: np.random.Generator, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Fields that are watered by an arm turning around a well; some are half harvested."""
    side = rng.uniform(0.55, 0.8)
    column, row, across, down = _cells(u, v, side)
    distance, angle = np.hypot(across, down), np.arctan2(down, across)
    level = _one_each(rng, column, row, 0.35, 1.0)
    harvested = np.where(np.sin(angle + _one_each(rng, column, row, 0, 6.3)) > _one_each(rng, column, row, 0.2, 2.5), 0.6, 1.0)
    return level * harvested * _edge((0.47 - distance) * side)


def _strips(rng: np.random.Generator, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Long narrow fields side by side, with furrows."""
    borders = np.cumsum(rng.uniform(0.10, 0.34, 40)) - 4.0
    levels = rng.uniform(0.1, 1.0, 41)
    return levels[np.searchsorted(borders, u)] * (0.93 + 0.07 * np.cos(u * 2 * np.pi / 0.09))


def _patchwork(rng: np.random.Generator, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Fields of any shape between hedges: the nearest of some random places owns each spot."""
    places = rng.uniform(-2.2, 2.2, (60, 2))
    distances = np.hypot(u[..., None] - places[:, 0], v[..., None] - places[:, 1])
    nearest = np.sort(distances, axis=-1)
    levels = rng.uniform(0.15, 1.0, len(places))[distances.argmin(axis=-1)]
    return levels * (1 - 0.8 * _edge(0.025 - (nearest[..., 1] - nearest[..., 0]) / 2))


def _orchard(rng: np.random.Generator, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Trees in rows."""
    side = rng.uniform(0.20, 0.30)
    column, row, across, down = _cells(u, v, side)
    away = np.hypot(across - _one_each(rng, column, row, -0.08, 0.08), down - _one_each(rng, column, row, -0.08, 0.08))
    return 0.12 + 0.8 * _edge((_one_each(rng, column, row, 0.26, 0.38) - away) * side)


def _river(rng: np.random.Generator, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """A winding river with a brook that joins it."""
    bends = rng.uniform(0.12, 0.30) * np.sin(u * rng.uniform(2.0, 3.5) + rng.uniform(0, 6.3)) + 0.08 * np.sin(
        6 * u + rng.uniform(0, 6.3)
    )
    river = _edge(rng.uniform(0.09, 0.16) - np.abs(v - bends))
    start, slope = rng.uniform(-0.4, 0.4), rng.choice((-1, 1)) * rng.uniform(0.8, 1.6)
    brook = _edge(0.035 - np.abs(u - start - (v - bends) / slope - 0.06 * np.sin(9 * v))) * (v > bends)
    return 0.15 + 0.8 * np.maximum(river, brook)


def _houses(rng: np.random.Generator, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Houses in their gardens along streets that cross."""
    side = rng.uniform(0.26, 0.34)
    column, row, across, down = _cells(u, v, side)
    wide, deep = _one_each(rng, column, row, 0.16, 0.28), _one_each(rng, column, row, 0.14, 0.24)
    house = _edge(np.minimum(wide - np.abs(across), deep - np.abs(down)) * side)
    built = _one_each(rng, column, row, 0, 1) < 0.85
    streets = _edge((np.maximum(np.abs(across), np.abs(down)) - 0.44) * side) * ((column % 2 == 0) | (row % 3 == 0))
    return 0.12 + 0.85 * house * built + 0.35 * streets * (1 - house)


def _cells(u: np.ndarray, v: np.ndarray, side: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Column and row of the cell of each place, and the place within it, -0.5 to 0.5."""
    column, row = np.floor(u / side).astype(int), np.floor(v / side).astype(int)
    return column, row, u / side - column - 0.5, v / side - row - 0.5


def _one_each(rng: np.random.Generator, column: np.ndarray, row: np.ndarray, low: float, high: float) -> np.ndarray:
    """A random number for each cell, spread over its places."""
    return rng.uniform(low, high, (32, 32))[row % 32, column % 32]


def _edge(inside: np.ndarray) -> np.ndarray:
    """Turn "positive inside, negative outside" into 1 and 0 with an edge as soft as two hundredths of the image."""
    return np.clip(inside / 0.03 + 0.5, 0.0, 1.0)


LAYOUTS: dict[str, Layout] = {
    "circles": _circles,
    "strips": _strips,
    "patchwork": _patchwork,
    "orchard": _orchard,
    "river": _river,
    "houses": _houses,
}
