"""Fields from above: tiles of 13 bands like Sentinel-2's, of five kinds of land, in the climate of home or in a drier, hazier one."""

from __future__ import annotations

import numpy as np

# In the order of EuroSAT's files, which put B8A last. Central wavelengths in nanometres.
BANDS = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B09", "B10", "B11", "B12", "B8A")
WAVELENGTHS = (443, 492, 560, 665, 704, 741, 783, 833, 945, 1375, 1614, 2202, 865)
TILE_CLASSES = ("wheat", "maize", "meadow", "forest", "bare soil")
_LEAF = np.array([0.03, 0.03, 0.08, 0.04, 0.12, 0.32, 0.40, 0.43, 0.44, 0.02, 0.22, 0.11, 0.45])
_SOIL = np.array([0.09, 0.11, 0.14, 0.18, 0.20, 0.22, 0.24, 0.26, 0.28, 0.02, 0.36, 0.32, 0.28])
# cover by leaves; gain in the near infrared; of the red edge; of the short-wave infrared (less where leaves hold water);
# contrast and period in pixels of the rows; contrast and size of blobs
_KINDS = {
    "wheat": (0.72, 0.94, 1.10, 1.10, 0.16, 5, 0.05, 8),
    "maize": (0.62, 1.08, 1.00, 0.95, 0.24, 9, 0.05, 8),
    "meadow": (0.76, 1.02, 1.16, 1.02, 0.00, 5, 0.14, 10),
    "forest": (0.90, 0.88, 0.86, 0.72, 0.00, 5, 0.20, 3),
    "bare soil": (0.14, 1.00, 1.00, 1.00, 0.06, 6, 0.10, 12),
}
_INFRARED, _EDGE, _SHORT_WAVE = (7, 8, 12), (4, 5, 6), (10, 11)


def draw_tiles(
    per_class: int, seed: int = 0, *, climate: float = 0.0, size: int = 64, offset: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Draw tiles, classes taking turns.

    Args:
        per_class: Tiles of each of `TILE_CLASSES`.
        seed: 0 or more.
        climate: 0: home. 1: drier and hazier, at another time of the season: leaves cover less and reflect less near infrared, soil
            and leaves reflect more short-wave infrared, haze brightens blue most.
        size: Side in pixels, 16 or more.
        offset: Added to the digital numbers; 1,000 as in Sentinel-2 products since January 2022.

    Returns:
        Digital numbers `(n, size, size, 13)` uint16, 10,000 for a reflectance of 1; labels `(n,)` int64.

    Raises:
        ValueError: If an argument is out of range.
    """
    if per_class < 1 or not 0.0 <= climate <= 1.0 or size < 16 or offset < 0:
        raise ValueError(
            "`per_class` must be 1 or more, `climate` from 0 to 1, `size` 16 or more, `offset` 0 or more. "
            f"Received: per_class={per_class}, climate={climate}, size={size}, offset={offset}."
        )
    rng = np.random.default_rng([seed, 13])
    labels = np.tile(np.arange(len(TILE_CLASSES)), per_class)
    tiles = np.stack([_draw(TILE_CLASSES[label], climate, size, rng) for label in labels])
    return (np.clip(tiles, 0.0001, 1.2) * 10_000 + offset).round().astype(np.uint16), labels.astype(np.int64)


def _draw(kind: str, climate: float, size: int, rng: np.random.Generator) -> np.ndarray:
    """Draw one tile: reflectance `(size, size, 13)`."""
    cover, infrared, edge, short_wave, rows, period, blobs, grain = _KINDS[kind]
    dryness = climate * rng.uniform(0.6, 1.4)
    cover = np.clip(cover * (1.0 - 0.35 * dryness) + 0.07 * rng.normal(), 0.02, 0.98)
    angle, phase = rng.uniform(0.0, np.pi), rng.uniform(0.0, 2 * np.pi)
    y, x = np.mgrid[:size, :size]
    waves = np.sin(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / (period * rng.uniform(0.85, 1.15)) + phase)
    covered = np.clip(cover + rows * waves + blobs * _clouds(size, grain, rng) + 0.03 * rng.normal(size=(size, size)), 0.0, 1.0)
    leaf, soil = _LEAF.copy(), _SOIL * rng.uniform(0.75, 1.25)
    leaf[list(_INFRARED)] *= infrared * (1.0 - 0.25 * dryness) * rng.uniform(0.93, 1.07)
    leaf[list(_EDGE)] *= edge * (1.0 - 0.10 * dryness) * rng.uniform(0.93, 1.07)
    leaf[list(_SHORT_WAVE)] *= short_wave * (1.0 + 0.35 * dryness) * rng.uniform(0.93, 1.07)
    tile = covered[..., None] * leaf + (1.0 - covered[..., None]) * soil
    haze = (0.01 + 0.06 * dryness) * rng.uniform(0.5, 1.5) * (443.0 / np.array(WAVELENGTHS)) ** 2
    return tile * rng.uniform(0.92, 1.08) + haze + 0.006 * rng.normal(size=tile.shape)


def _clouds(size: int, grain: int, rng: np.random.Generator) -> np.ndarray:
    """Return smooth noise of standard deviation about 1, with spots of about `grain` pixels."""
    cells = size // grain + 3
    coarse = rng.normal(size=(cells, cells))
    place = np.arange(size) / grain
    left, part = place.astype(int), place % 1.0
    lines = coarse[left] * (1 - part)[:, None] + coarse[left + 1] * part[:, None]
    return 1.5 * (lines[:, left] * (1 - part) + lines[:, left + 1] * part)
