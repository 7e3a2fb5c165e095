"""Flowers in a meadow or on water: the place says nothing about the species, but a knob ties the two together.

The construction is that of Waterbirds (Sagawa et al. 2020, "Distributionally robust neural networks for group shifts"): the object
that is labelled, and a background that nearly always goes with it. Flowers are drawn as in `draw_flowers`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from tlcourse.arguments import require_number, require_whole
from tlcourse.worlds.flowers import SPECIES, paint_flower
from tlcourse.worlds.textures import hsv_to_rgb, power_law_field

PLACES = ("meadow", "water")


def draw_placed_flowers(
    per_class: int,
    seed: int = 0,
    size: int = 64,
    *,
    species: Sequence[str] = ("lily", "starflower"),
    tie: float = 0.95,
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...], np.ndarray]:
    """Draw `per_class` images of two species, of which a share `tie` stands in the species' own place.

    The first species' own place is the meadow, the second's the water. Every image has its own random stream, made of the seed,
    the species and its number within the species: neither more images nor another `tie` change the flower of one that stays.

    Args:
        per_class: Images of each species, 1 or more.
        seed: 0 or more; the same seed gives the same bytes.
        size: Side of the square images in pixels, 16 or more.
        species: Names of two species of `draw_flowers`.
        tie: Share of images in their species' own place, 0 to 1. 0.5 means that the place says nothing; then all four groups
            are equally large (if `per_class` is even). What remains of `per_class` after rounding is in the own place.

    Returns:
        `images` `(2 * per_class, size, size, 3)` uint8, the species taking turns; `labels` `(2 * per_class,)` int64; the names
        of the species; and `groups` `(2 * per_class,)` int64, `2 * label + place`, place 0 being the meadow and 1 the water. So
        groups 0 and 3 are the large ones, 1 and 2 the small ones.

    Raises:
        ValueError: If an argument is out of range or a species is unknown.
    """
    require_whole("per_class", per_class, 1)
    require_whole("seed", seed, 0)
    require_whole("size", size, 16, 1024)
    known = {one.name: one for one in SPECIES}
    if len(species) != 2 or species[0] == species[1] or not set(species) <= set(known):
        raise ValueError(f"`species` must be two names out of {', '.join(known)}. Received: species={species!r}.")
    labels = np.tile(np.arange(2, dtype=np.int64), per_class)
    places = places_of(labels, tie)
    images = np.empty((len(labels), size, size, 3), np.uint8)
    for i, (label, place) in enumerate(zip(labels.tolist(), places.tolist(), strict=True)):
        ground = draw_place(place, np.random.default_rng([seed, label, i // 2, place]), 2 * size)
        image, grain = paint_flower(ground, np.random.default_rng([seed, label, i // 2]), known[species[label]])
        images[i] = np.clip(np.clip(image, 0.0, 1.0) * 255.0 + grain, 0.0, 255.0).round()
    return images, labels, tuple(species), 2 * labels + places


def places_of(labels: np.ndarray, tie: float) -> np.ndarray:
    """Return the place of each example, `(n,)` int64: its label in a share `tie` of each label's examples, else the other one.

    The others come at even distances, so the first examples of a longer array have the same places.

    Args:
        labels: `(n,)`, 0 or 1.
        tie: 0 to 1.

    Raises:
        ValueError: If `tie` is out of range.
    """
    require_number("tie", tie, 0.0, 1.0)
    strangers = np.zeros(len(labels), np.int64)
    for label in (0, 1):
        own = np.flatnonzero(labels == label)
        counted = np.floor(
            np.arange(len(own) + 1) * (1.0 - tie) + 1e-9
        )  # how many of the first are strangers; 1e-9: 0.05 * 20 is 1
        strangers[own] = np.diff(counted)
    return labels ^ strangers


def draw_place(place: int, rng: np.random.Generator, size: int) -> np.ndarray:
    """Draw a meadow or a stretch of water.

    Args:
        place: 0 for a meadow, 1 for water.
        rng: Source of randomness.
        size: Side in pixels.

    Returns:
        `(size, size, 3)` float32, about 0-1.
    """
    return (_draw_meadow, _draw_water)[place](rng, size)


def _draw_meadow(rng: np.random.Generator, size: int) -> np.ndarray:
    """Blades of grass, near ones larger, over blurred ones, with a few small blossoms out of focus."""
    hue, saturation, value = rng.uniform((0.19, 0.35, 0.40), (0.33, 0.65, 0.70))
    rough = power_law_field(rng, size, 1.3, stretch=4.0, angle=rng.normal(np.pi / 2, 0.15))
    mix = (1.0 / (1.0 + np.exp(-1.5 * rough)))[..., None]
    dark, light = hsv_to_rgb(hue + 0.03, saturation, 0.45 * value), hsv_to_rgb(hue - 0.02, saturation * 0.85, value)
    ground = Image.fromarray((255 * np.clip(dark + (light - dark) * mix, 0, 1)).astype(np.uint8))
    draw = ImageDraw.Draw(ground)
    feet = np.sort(rng.uniform(0.1, 1.25, 90))  # far ones first
    for foot, (x, lean, tone, shade) in zip(
        feet, rng.uniform((0, -0.10, -0.03, 0.45), (1, 0.10, 0.03, 1.15), (90, 4)), strict=True
    ):
        length, width = size * (0.12 + 0.28 * foot), max(1.0, size * 0.016 * foot)
        top = (size * (x + lean), size * foot - length)
        bend = (size * (x + 0.35 * lean), size * foot - 0.6 * length)
        left, right = (size * x - width, size * foot), (size * x + width, size * foot)
        colour = tuple(int(255 * c) for c in np.clip(hsv_to_rgb(hue + tone, saturation, value * shade), 0, 1))
        draw.polygon([left, (bend[0] - 0.7 * width, bend[1]), top, (bend[0] + 0.7 * width, bend[1]), right], fill=colour)
    for x, y, tint in rng.uniform(0, 1, (rng.integers(0, 7), 3)):
        radius = size * 0.012 * (1 + y)
        colour = tuple(int(255 * c) for c in hsv_to_rgb(0.9 + 0.3 * tint, 0.25 + 0.4 * tint, 0.9))
        draw.ellipse([size * x - radius, size * y - radius, size * x + radius, size * y + radius], fill=colour)
    return np.asarray(ground, np.float32) / 255.0


def _draw_water(rng: np.random.Generator, size: int) -> np.ndarray:
    """Ripples that lie flat and grow towards the viewer, over the colours of a sky, with glints on their crests."""
    hue, saturation, value = rng.uniform((0.49, 0.22, 0.42), (0.62, 0.60, 0.72))
    waves = power_law_field(rng, 2 * size, 1.25, stretch=5.0, angle=rng.normal(0.0, 0.08))
    near = np.linspace(0.25, 1.0, size)
    rows = np.cumsum(1.0 / near)  # far ripples are pressed together
    rows = (rows / rows[-1] * (2 * size - 1)).astype(np.int64)
    columns = (np.outer(1.0 / near, np.linspace(-0.5, 0.5, size)) * size * 0.5 + size).astype(np.int64)
    ripple = waves[rows[:, None], columns % (2 * size)] * np.linspace(0.7, 1.1, size)[:, None]
    sky = np.linspace(1.12, 0.78, size)[:, None, None]
    dark, light = (
        hsv_to_rgb(hue + 0.02, min(1.0, saturation * 1.3), 0.5 * value),
        hsv_to_rgb(hue - 0.03, saturation * 0.7, 1.15 * value),
    )
    mix = (1.0 / (1.0 + np.exp(-1.7 * ripple)))[..., None]
    glints = np.clip(ripple - rng.uniform(1.4, 2.0), 0.0, 0.6)[..., None] * rng.uniform(0.3, 1.0)
    return ((dark + (light - dark) * mix) * sky + glints).astype(np.float32)
