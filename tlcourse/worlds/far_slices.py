"""What far scans are made of: slices through a body, one class for each kind of finding. Nothing medical is claimed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Finding = Callable[[np.random.Generator, np.ndarray, np.ndarray], np.ndarray]


def draw_slice(rng: np.random.Generator, size: int, finding: Finding) -> np.ndarray:
    """Draw the densities of one slice, `(size, size)`, 0-1: a body, its organs, a spine, and the finding."""
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    turn = rng.normal(0.0, 0.12)
    x, y = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    wide, tall = rng.uniform(0.78, 0.92), rng.uniform(0.60, 0.74)
    body = _ellipse(x, y, 0, 0, wide, tall)
    skin = body - _ellipse(x, y, 0, 0, wide - 0.07, tall - 0.07)
    density = 0.30 * body + 0.16 * skin
    for side in (-1, 1):
        place = side * rng.uniform(0.30, 0.46), rng.uniform(-0.12, 0.08)
        density += rng.choice((-0.18, 0.12)) * _ellipse(x, y, *place, rng.uniform(0.16, 0.30), rng.uniform(0.20, 0.36))
    density += 0.45 * _ellipse(x, y, rng.normal(0, 0.02), tall - 0.20, 0.10, 0.09)  # the spine
    return np.clip(density + finding(rng, x, y), 0.0, 1.0)


def _clear(rng: np.random.Generator, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.zeros_like(x)


def _nodule(rng: np.random.Generator, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    radius = rng.uniform(0.10, 0.17)
    return 0.45 * _ellipse(x, y, *_inside(rng), radius, radius * rng.uniform(0.8, 1.0))


def _ring(rng: np.random.Generator, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    radius, place = rng.uniform(0.15, 0.24), _inside(rng)
    inner = radius * rng.uniform(0.55, 0.7)
    return 0.45 * _ellipse(x, y, *place, radius, radius) - 0.55 * _ellipse(x, y, *place, inner, inner)


def _grains(rng: np.random.Generator, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    spots = np.zeros_like(x)
    for _ in range(rng.integers(9, 16)):
        spots = np.maximum(spots, np.exp(-_squared(x, y, *_inside(rng)) / (2 * rng.uniform(0.02, 0.035) ** 2)))
    return 0.6 * spots


def _streaks(rng: np.random.Generator, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    centre_x, centre_y = _inside(rng)
    distance = np.sqrt(_squared(x, y, centre_x, centre_y))
    rays = np.cos(rng.integers(4, 7) * np.arctan2(y - centre_y, x - centre_x) + rng.uniform(0, 6.3))
    return 0.5 * np.exp(-((1 - rays) * distance * 9)) * np.exp(-((distance / rng.uniform(0.28, 0.36)) ** 4))


def _haze(rng: np.random.Generator, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return 0.36 * np.exp(-_squared(x, y, *_inside(rng)) / (2 * rng.uniform(0.16, 0.24) ** 2))


def _inside(rng: np.random.Generator) -> tuple[float, float]:
    """A place well inside the body."""
    return float(rng.uniform(-0.48, 0.48)), float(rng.uniform(-0.36, 0.26))


def _squared(x: np.ndarray, y: np.ndarray, centre_x: float, centre_y: float) -> np.ndarray:
    return (x - centre_x) ** 2 + (y - centre_y) ** 2


def _ellipse(x: np.ndarray, y: np.ndarray, centre_x: float, centre_y: float, wide: float, tall: float) -> np.ndarray:
    """1 inside and 0 outside, the edge as soft as two hundredths of the image."""
    distance = np.sqrt(((x - centre_x) / wide) ** 2 + ((y - centre_y) / tall) ** 2)
    return np.clip((1 - distance) * min(wide, tall) / 0.04 + 0.5, 0.0, 1.0)


FINDINGS: dict[str, Finding] = {
    "clear": _clear,
    "nodule": _nodule,
    "ring": _ring,
    "grains": _grains,
    "streaks": _streaks,
    "haze": _haze,
}
