"""Drawn flowers: species that differ only in the shape of their petals.

Petal outlines follow the superformula (Gielis 2003, "A generic geometric transformation that unifies a wide range of natural
and abstract shapes"). Colours, background, leaves, light, size, position, tilt and sensor noise are random and the same for all
species. Only the number of petals, their shape and how they overlap show the species.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np

from tlcourse.arguments import require_number, require_whole
from tlcourse.worlds.textures import hsv_to_rgb, soft_background

_BINS = 720  # angles at which a petal's outline is tabulated
_LAYERS = 4  # petals that may lie on top of each other in one direction
_BACKGROUND_HUES = np.array(
    [0.26, 0.19, 0.125, 0.08, 0.03, 0.94, 0.78, 0.64, 0.55, 0.42]
)  # fern, olive, straw, earth, clay, ...


@dataclass(frozen=True)
class Species:
    """Shape of one species: `rows` of (number of petals, length), petal width in shares of a sector, superformula exponents."""

    name: str
    rows: tuple[tuple[int, float], ...]
    width: float
    exponents: tuple[float, float, float]


SPECIES = (
    Species("trillium", ((3, 1.0),), 0.95, (0.20, 1.0, 1.6)),
    Species("dogwood", ((4, 1.0),), 1.12, (0.075, 0.55, 3.6)),
    Species("jasmine", ((5, 1.0),), 0.74, (0.22, 1.0, 1.7)),
    Species("buttercup", ((5, 1.0),), 1.22, (0.16, 1.0, 2.4)),
    Species("lily", ((6, 1.0),), 1.00, (0.24, 1.0, 1.4)),
    Species("cosmos", ((8, 1.0),), 1.10, (0.16, 1.0, 2.4)),
    Species("starflower", ((8, 1.0),), 0.86, (0.24, 1.0, 1.4)),
    Species("daisy", ((13, 1.0),), 0.98, (0.16, 1.0, 2.2)),
    Species("marigold", ((12, 1.0), (8, 0.64)), 1.15, (0.16, 1.0, 2.4)),
    Species("aster", ((21, 1.0),), 0.86, (0.20, 1.0, 1.7)),
)


def draw_flowers(
    per_class: int,
    seed: int = 0,
    size: int = 64,
    *,
    num_species: int = 10,
    noise: float = 1.0,
    light: float = 0.0,
    background_correlation: float = 0.0,
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Draw `per_class` images of each species, the species taking turns.

    Every image has its own random stream, made of the seed, the species and its number within the species: drawing more
    images, or fewer species, changes none of those that stay. A knob changes what it is named after and nothing else.

    Args:
        per_class: Images of each species, 1 or more.
        seed: 0 or more; the same seed gives the same bytes.
        size: Side of the square images in pixels, 16 or more.
        num_species: 2 to 10; species are taken in the order of `SPECIES`.
        noise: Strength of the sensor noise, 0 (none) to 5; 1 is a cheap camera.
        light: Shift of the exposure in stops, -3 to 3: 1 doubles the light, -1 halves it, before clipping.
        background_correlation: Share of images, 0 to 1, that stand before the background colour of their own species. The
            others draw theirs at random: at 0 the background says nothing, at 1 it gives the species away.

    Returns:
        `images` `(per_class * num_species, size, size, 3)` uint8, `labels` `(per_class * num_species,)` int64, and the names of
        the species.

    Raises:
        ValueError: If an argument is out of range.
    """
    require_whole("per_class", per_class, 1)
    require_whole("seed", seed, 0)
    require_whole("size", size, 16, 1024)
    require_whole("num_species", num_species, 2, len(SPECIES))
    require_number("noise", noise, 0.0, 5.0)
    require_number("light", light, -3.0, 3.0)
    require_number("background_correlation", background_correlation, 0.0, 1.0)
    labels = np.tile(np.arange(num_species, dtype=np.int64), per_class)
    images = np.empty((len(labels), size, size, 3), np.uint8)
    for i, label in enumerate(labels):
        image, grain = _draw(
            int(label), np.random.default_rng([seed, int(label), i // num_species]), size, background_correlation
        )
        exposed = np.clip(image * 2.0**light, 0.0, 1.0) * 255.0
        images[i] = np.clip(exposed + noise * grain, 0.0, 255.0).round()
    return images, labels, tuple(species.name for species in SPECIES[:num_species])


@cache
def _grid(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Pixel centres of a twice finer grid, -1 to 1, as two `(4 * size * size,)` arrays."""
    steps = (np.arange(2 * size, dtype=np.float32) + 0.5) / size - 1.0
    x, y = np.meshgrid(steps, steps)
    return x.ravel(), y.ravel()


def _draw(label: int, rng: np.random.Generator, size: int, background_correlation: float) -> tuple[np.ndarray, np.ndarray]:
    """One image, `(size, size, 3)` 0-1, and its sensor noise in grey levels; as many random numbers whatever the knobs."""
    own, other = _BACKGROUND_HUES[label], rng.choice(_BACKGROUND_HUES)
    hue = (own if rng.random() < background_correlation else other) + rng.normal(0.0, 0.012)
    return paint_flower(soft_background(rng, size, hue).repeat(2, axis=0).repeat(2, axis=1), rng, SPECIES[label])


def paint_flower(background: np.ndarray, rng: np.random.Generator, species: Species) -> tuple[np.ndarray, np.ndarray]:
    """Paint one flower with its leaves, in the light of one sun, over a background, which is changed.

    Args:
        background: `(2 * size, 2 * size, 3)` float32, 0-1: twice as fine as the image.
        rng: Source of randomness; the number of values drawn does not depend on the background.
        species: Shape of the blossom.

    Returns:
        The image `(size, size, 3)`, 0-1, and its sensor noise in grey levels, of the same shape.
    """
    size = len(background) // 2
    x, y = _grid(size)
    canvas = background.reshape(-1, 3)
    radius = rng.uniform(0.50, 0.86)
    across, down = (rng.uniform(-0.5, 0.5, 2) * (1.1 - radius)).tolist()
    sun = rng.uniform(0.0, 2.0 * math.pi)
    _draw_leaves(canvas, rng, x - across, y - down, radius)
    _draw_blossom(canvas, rng, species, x - across, y - down, radius, sun)
    slope, exposure = rng.uniform(0.0, 0.28), rng.uniform(0.80, 1.20)
    canvas *= (exposure + exposure * slope * math.cos(sun) * x + exposure * slope * math.sin(sun) * y)[:, None]
    fine = canvas.reshape(2 * size, 2 * size, 3)
    image = (fine[::2, ::2] + fine[1::2, ::2] + fine[::2, 1::2] + fine[1::2, 1::2]) / 4.0  # -> (size, size, 3)
    return image, rng.uniform(2.0, 11.0) * rng.standard_normal((size, size, 3), np.float32)


def _draw_leaves(canvas: np.ndarray, rng: np.random.Generator, x: np.ndarray, y: np.ndarray, radius: float) -> None:
    """Paint a stem and up to four leaves around the origin of `x` and `y`."""
    hue = rng.uniform(0.22, 0.40)
    bend, lean = rng.uniform(-0.35, 0.35), rng.uniform(-0.4, 0.4)
    below = np.flatnonzero(y > 0.0)
    down = y[below]
    stem = np.clip(1.5 - np.abs(x[below] - (lean + bend * down) * down) * 34.0, 0.0, 1.0)
    _blend(canvas, below[stem > 0.0], stem[stem > 0.0], hsv_to_rgb(hue, 0.5, rng.uniform(0.25, 0.5)))
    for _ in range(rng.integers(1, 5)):
        direction, length, slim, reach = rng.uniform((0.0, 0.5, 0.16, 0.2), (2.0 * np.pi, 0.95, 0.34, 0.8)).tolist()
        turn = direction + rng.normal(0.0, 0.5)
        colour = hsv_to_rgb(hue + rng.normal(0.0, 0.02), rng.uniform(0.35, 0.7), rng.uniform(0.22, 0.58))
        cosine, sine = math.cos(turn) / length, math.sin(turn) / length
        start_x, start_y = radius * reach * math.cos(direction), radius * reach * math.sin(direction)
        along = x * cosine + y * sine - (start_x * cosine + start_y * sine)
        aside = y * cosine - x * sine - (start_y * cosine - start_x * sine)
        inside = np.flatnonzero((along > 0.0) & (along < 1.0) & (np.abs(aside) < slim))
        along, aside = along[inside], aside[inside]
        rim = 2.2 * slim * np.sqrt(along) * (1.0 - along) - np.abs(aside)
        keep = np.flatnonzero(rim > -0.015)
        inside, along, aside, rim = inside[keep], along[keep], aside[keep], rim[keep]
        veins = 1.0 + 0.10 * np.cos(55.0 * (along - 1.2 * np.abs(aside))) - 0.30 * np.exp(-np.abs(aside) * 60.0)
        shade = (0.80 + 0.13 * np.clip(aside * 40.0, -1.0, 1.0) + 0.2 * along) * veins
        _blend(canvas, inside, np.clip(rim * 40.0 + 0.5, 0.0, 1.0), shade[:, None] * colour)


def _superformula(angle: np.ndarray, exponents: tuple[float, float, float]) -> np.ndarray:
    """Radius of the superformula, largest value 1, at `angle` (radians, already multiplied by m / 4)."""
    n1, n2, n3 = exponents
    outline = (np.abs(np.cos(angle)) ** n2 + np.abs(np.sin(angle)) ** n3) ** (-1.0 / n1)
    return outline / outline.max()


def _stack_petals(rng: np.random.Generator, species: Species) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Tabulate, in every direction, the petals from the top one down.

    Returns three arrays of shape `(layers, _BINS)`, one to `_LAYERS` layers: how far the petal reaches, where in the petal the
    direction lies (-1 to 1 from rim to rim), and the petal's own tone.
    """
    angles = np.arange(_BINS) * (2.0 * np.pi / _BINS)
    reaches, positions, shades = [], [], []
    start = rng.uniform(0.0, 2.0 * np.pi)
    for row, (count, length) in enumerate(reversed(species.rows)):  # the innermost row lies on top
        sector = 2.0 * np.pi / count
        middles = start + sector * (np.arange(count) + 0.5 * row + 0.07 * rng.standard_normal(count))
        offset = (angles - middles[:, None] + np.pi) % (2.0 * np.pi) - np.pi  # (count, _BINS)
        position = offset / (0.5 * sector * species.width * (1.0 + 0.06 * rng.standard_normal((count, 1))))
        lengths = length * (1.0 - 0.05 * np.abs(rng.standard_normal((count, 1))))
        outline = lengths * _superformula(np.clip(position, -1.0, 1.0) * np.pi / 4, species.exponents)
        reaches.append(np.where(np.abs(position) <= 1.0, outline, 0.0))
        positions.append(position)
        shades.append(np.broadcast_to(1.0 + 0.05 * rng.standard_normal((count, 1)) + 0.06 * row, position.shape))
    reach, across, tones = np.concatenate(reaches), np.concatenate(positions), np.concatenate(shades)
    covered = (reach > 0.0).sum(axis=0).max()
    order = np.argsort(reach == 0.0, axis=0, kind="stable")[: min(covered, _LAYERS)]
    top = [np.take_along_axis(table, order, axis=0).astype(np.float32) for table in (reach, across, tones)]
    return top[0], top[1], top[2]


def _draw_blossom(
    canvas: np.ndarray, rng: np.random.Generator, species: Species, x: np.ndarray, y: np.ndarray, radius: float, sun: float
) -> None:
    """Paint shadow, petals and disc of one blossom."""
    tilt, axis, twist = rng.uniform(0.58, 1.0), rng.uniform(0.0, math.pi), rng.normal(0.0, 0.12)
    hue = (0.46 + rng.uniform(0.0, 0.76)) % 1.0  # every hue but leaf green
    saturation, value = rng.uniform(0.05, 0.9), rng.uniform(0.62, 1.05)
    rim_colour = hsv_to_rgb(hue, saturation, value)
    base_colour = hsv_to_rgb(
        hue + rng.normal(0.0, 0.07), min(1.0, saturation * rng.uniform(0.5, 1.5)), value * rng.uniform(0.5, 1.1)
    )
    disc_radius = rng.uniform(0.15, 0.24)
    disc_colour = hsv_to_rgb(rng.uniform(0.05, 0.16), rng.uniform(0.55, 0.95), rng.uniform(0.35, 1.0))
    veins, streaks = int(rng.integers(3, 7)), rng.uniform(0.02, 0.10)
    reach, across, tones = _stack_petals(rng, species)

    cosine, sine = math.cos(axis) / radius, math.sin(axis) / radius
    along, aside = x * cosine + y * sine, (y * cosine - x * sine) / tilt
    distance = np.sqrt(along * along + aside * aside)
    canvas *= (1.0 - 0.38 * np.clip(1.3 - distance, 0.0, 1.0))[:, None]  # soft shadow under the blossom
    inside = np.flatnonzero(distance < 1.03)
    distance, direction = distance[inside], np.arctan2(aside[inside], along[inside])
    bins = ((direction + twist * distance) * (_BINS / (2.0 * math.pi)) + _BINS).astype(np.int32) % _BINS
    lit = 1.0 + 0.16 * distance * np.cos(direction + (axis - sun))
    gradient = np.clip((distance - disc_radius) / (1.0 - disc_radius), 0.0, 1.0)[:, None]
    colour = base_colour + (rim_colour - base_colour) * gradient
    for layer in range(len(reach) - 1, -1, -1):
        depth = reach[layer][bins] - distance
        shown = np.flatnonzero(depth > -0.014)
        depth, petal = depth[shown], bins[shown]
        place = across[layer][petal]
        shade = tones[layer][petal] * lit[shown] * (1.0 + streaks * np.cos(place * (math.pi * veins)))
        shade *= (
            (1.0 - 0.22 * np.square(place * place))
            * (1.0 - 0.30 * np.exp(np.minimum(depth, 0.2) * -28.0))
            * (1.02 - 0.12 * place)
        )
        _blend(canvas, inside[shown], np.clip(depth * 44.0 + 0.6, 0.0, 1.0), shade[:, None] * colour[shown])
    shown = np.flatnonzero(distance < disc_radius * 1.07)
    near, turn = distance[shown] / disc_radius, direction[shown]
    florets = np.sin(8.0 * turn + 9.0 * near) * np.sin(13.0 * turn - 9.0 * near)  # the two families of spirals of a seed head
    shade = (1.05 - 0.45 * near * near + 0.20 * florets) * lit[shown]
    _blend(canvas, inside[shown], np.clip((1.0 - near) * 8.0 + 0.5, 0.0, 1.0), shade[:, None] * disc_colour)


def _blend(canvas: np.ndarray, pixels: np.ndarray, opacity: np.ndarray, colour: np.ndarray) -> None:
    """Lay `colour` over `canvas[pixels]` with `opacity` 0-1."""
    below = canvas[pixels]
    canvas[pixels] = below + opacity[:, None] * (colour - below)
