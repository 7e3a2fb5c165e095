"""Far worlds: scans, fields from above and spectrograms, with a knob from "as a photograph" to "as the instrument shows it".

An image is a structure, which shows its class, and a look. The knob `similarity` changes only the look: at 1 the structure lies in
daylight on natural ground, like the images that networks are trained on; at 0 it is what a scanner, a radar or a spectrogram shows.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from tlcourse.arguments import require_number, require_whole
from tlcourse.worlds.far_fields import LAYOUTS, draw_land
from tlcourse.worlds.far_slices import FINDINGS, draw_slice
from tlcourse.worlds.far_sounds import SOUNDS, draw_sound
from tlcourse.worlds.textures import hsv_to_rgb, power_law_field, soft_background

_FINER = 2  # structures are drawn so many times finer and averaged
_STRUCTURES: dict[str, dict[str, Callable[[np.random.Generator, int], np.ndarray]]] = {
    "scans": {name: partial(draw_slice, finding=finding) for name, finding in FINDINGS.items()},
    "fields": {name: partial(draw_land, layout=layout) for name, layout in LAYOUTS.items()},
    "spectrograms": {name: partial(draw_sound, sound=sound) for name, sound in SOUNDS.items()},
}
FAR_KINDS = tuple(_STRUCTURES)
# From silence to the loudest: black, violet, red, orange, pale yellow (RGB, 0-1).
_LOUDNESS = np.array([(0.0, 0.0, 0.02), (0.25, 0.05, 0.45), (0.70, 0.15, 0.40), (0.98, 0.50, 0.15), (1.0, 0.97, 0.70)])


def draw_far_world(
    kind: str, per_class: int, seed: int = 0, size: int = 64, *, similarity: float = 0.0, noise: float = 1.0
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Draw `per_class` images of each class of a far world, the classes taking turns.

    Every image has its own random streams, made of the seed, the kind, the class and its number within the class: drawing more
    changes none of those that stay. A knob changes what it is named after and nothing else; the structures stay.

    Args:
        kind: `"scans"`: slices through a body, six findings; `"fields"`: land from above, six layouts; `"spectrograms"`: loudness
            over time and pitch, six kinds of sounds.
        per_class: Images of each class, 1 or more.
        seed: 0 or more; the same seed gives the same bytes.
        size: Side of the square images in pixels, 16 or more.
        similarity: Of the look to photographs. 1: coloured, lit from a side, on natural ground. 0: grey scan, radar with speckle, or
            loudness in false colours. Between them the two are mixed pixel by pixel.
        noise: Strength of the instrument's noise and of the camera's, 0 (none) to 3.

    Returns:
        `images` `(n, size, size, 3)` uint8, `labels` `(n,)` int64, and the names of the classes.

    Raises:
        ValueError: If an argument is out of range or the kind is unknown.
    """
    if kind not in _STRUCTURES:
        raise ValueError(f"Unknown kind. Expected one of {', '.join(map(repr, FAR_KINDS))}. Received: kind={kind!r}.")
    require_whole("per_class", per_class, 1)
    require_whole("seed", seed, 0)
    require_whole("size", size, 16, 1024)
    require_number("similarity", similarity, 0.0, 1.0)
    require_number("noise", noise, 0.0, 3.0)
    structures = _STRUCTURES[kind]
    labels = np.tile(np.arange(len(structures), dtype=np.int64), per_class)
    images = np.empty((len(labels), size, size, 3), np.uint8)
    draws = list(structures.values())
    for i, label in enumerate(labels):
        stream = [seed, FAR_KINDS.index(kind), int(label), i // len(draws)]
        structure = draw_structure(draws[label], np.random.default_rng([*stream, 0]), size)
        image = np.zeros((size, size, 3))
        if similarity > 0:
            image += similarity * _photograph(np.random.default_rng([*stream, 1]), structure, noise)
        if similarity < 1:
            image += (1 - similarity) * _LOOKS[kind](np.random.default_rng([*stream, 2]), structure, noise)
        images[i] = np.clip(255 * image, 0, 255).round()
    return images, labels, tuple(structures)


def draw_structure(draw: Callable[[np.random.Generator, int], np.ndarray], rng: np.random.Generator, size: int) -> np.ndarray:
    """Draw a structure finer than needed and average it down to `(size, size)`, 0-1."""
    fine = draw(rng, _FINER * size)
    return fine.reshape(size, _FINER, size, _FINER).mean(axis=(1, 3))


def _photograph(rng: np.random.Generator, structure: np.ndarray, noise: float) -> np.ndarray:
    """The structure as a coloured thing in daylight on natural ground, with a shadow; `(size, size, 3)`, about 0-1."""
    size = len(structure)
    ground = np.clip(soft_background(rng, size, rng.random()), 0, 1)
    colour = hsv_to_rgb(rng.random(), rng.uniform(0.35, 0.9), rng.uniform(0.7, 1.0))
    sun, reach = rng.uniform(0, 2 * np.pi), max(1, round(size / 24))
    along, down = np.gradient(structure, axis=1), np.gradient(structure, axis=0)
    relief = np.clip(-(np.cos(sun) * along + np.sin(sun) * down) * size / 16, -0.7, 0.7)
    thing = colour * (0.85 + 0.35 * relief + 0.08 * power_law_field(rng, size, 1.2))[..., None]
    shadow = np.roll(structure, (round(-reach * np.sin(sun)), round(-reach * np.cos(sun))), axis=(0, 1))
    opacity = np.clip(structure * 1.4, 0, 1)[..., None]
    lit = ground * (1 - 0.45 * np.clip(shadow, 0, 1))[..., None] * (1 - opacity) + thing * opacity
    return lit + 0.02 * noise * rng.standard_normal((size, size, 3))


def _scan(rng: np.random.Generator, structure: np.ndarray, noise: float) -> np.ndarray:
    """Densities as grey levels over uneven tissue, with the blotchy noise of a reconstruction."""
    size = len(structure)
    tissue, grain = power_law_field(rng, size, 1.5), power_law_field(rng, size, 0.5)
    grey = 0.05 + rng.uniform(0.6, 0.9) * structure + 0.10 * tissue * (structure > 0.1) + 0.05 * noise * grain
    return np.repeat(grey[..., None], 3, axis=2)


def _radar(rng: np.random.Generator, structure: np.ndarray, noise: float) -> np.ndarray:
    """What comes back to a radar from uneven ground: grey, multiplied by speckle (two looks, Goodman 1976)."""
    ground = np.exp(0.45 * power_law_field(rng, len(structure), 1.3))
    speckle = np.clip(1 + noise * (rng.gamma(2.0, 0.5, structure.shape) - 1), 0, None)
    power = (0.10 + rng.uniform(0.35, 0.7) * structure) * ground * speckle
    return np.repeat(0.85 * np.sqrt(power)[..., None], 3, axis=2)


def _spectrogram(rng: np.random.Generator, structure: np.ndarray, noise: float) -> np.ndarray:
    """Loudness in decibels over other sounds and a floor of noise, which is exponential in power, in false colours."""
    others = np.exp(1.3 * power_law_field(rng, len(structure), 1.2))
    floor = 0.014 * rng.uniform(0.5, 2.0) * others * (1 + noise * (rng.exponential(1.0, structure.shape) - 1)).clip(0)
    level = np.clip(1 + np.log10(rng.uniform(0.1, 0.5) * structure**2 + floor + 1e-4) / 3.2, 0, 1)
    places = np.linspace(0, 1, len(_LOUDNESS))
    return np.stack([np.interp(level, places, _LOUDNESS[:, channel]) for channel in range(3)], axis=-1)


_LOOKS = {"scans": _scan, "fields": _radar, "spectrograms": _spectrogram}
