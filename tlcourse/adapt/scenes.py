"""Domain randomisation of images with masks: what moves in the image moves in its mask, and light changes in the image only."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tlcourse.arguments import require_number


def randomise_scenes(
    images: ArrayLike, masks: ArrayLike, *, move: float = 0.1, light: float = 1.0, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Mirror, crop and relight images at random; each mask is mirrored and cropped as its image is, by nearest neighbour.

    Every second image is mirrored. Each is cropped to `1 - move` to 1 of its sides and enlarged again. Then the light of each
    image changes: exposure from a quarter to four thirds, a tint, a gamma, in half of the images haze, and grain. The idea: make
    the source so varied that the target looks like one more variant (Tobin et al. 2017, arXiv 1703.06907). No image of the target
    is needed.

    Args:
        images: `(n, height, width, 3)`, 0-255.
        masks: `(n, height, width)` whole numbers, one class a pixel.
        move: Largest share of the sides that is cropped, 0 to 0.5; with 0 nothing moves, nor is it mirrored.
        light: How far light changes, 0 (not at all) to 1.
        seed: The same seed gives the same result.

    Returns:
        Images `(n, height, width, 3)` uint8, and masks of the type they had.

    Raises:
        ValueError: If shapes do not fit each other or a number is out of range.
    """
    scenes, classes = np.asarray(images), np.asarray(masks)
    if scenes.ndim != 4 or scenes.shape[-1] != 3 or classes.shape != scenes.shape[:3]:
        raise ValueError(
            "Expected images (n, height, width, 3) and one mask for each, (n, height, width). "
            f"Received: images.shape={scenes.shape}, masks.shape={classes.shape}."
        )
    require_number("move", move, 0.0, 0.5)
    require_number("light", light, 0.0, 1.0)
    rng = np.random.default_rng(seed)
    if move > 0:
        height, width = scenes.shape[1:3]
        rows, columns = _places(rng, len(scenes), height, width, move)
        which = np.arange(len(scenes))[:, None, None]
        scenes, classes = scenes[which, rows[:, :, None], columns[:, None]], classes[which, rows[:, :, None], columns[:, None]]
    return _relight(scenes.astype(np.float32), rng, light), classes.copy()


def _places(rng: np.random.Generator, count: int, height: int, width: int, move: float) -> tuple[np.ndarray, np.ndarray]:
    """Which row and column of the old image each new one shows: `(n, height)` and `(n, width)`."""
    kept = 1.0 - move * rng.random((count, 1))
    top, left = (1.0 - kept) * rng.random((2, count, 1))
    rows = ((top + kept * (np.arange(height) + 0.5) / height) * height).astype(np.int64)
    columns = ((left + kept * (np.arange(width) + 0.5) / width) * width).astype(np.int64)
    mirrored = rng.random((count, 1)) < 0.5
    return rows, np.where(mirrored, columns[:, ::-1], columns)


def _relight(scenes: np.ndarray, rng: np.random.Generator, light: float) -> np.ndarray:
    shape = (len(scenes), 1, 1, 1)
    exposure = np.exp(light * rng.uniform(-1.4, 0.3, shape))
    tint = np.exp(light * rng.normal(0.0, 0.15, (len(scenes), 1, 1, 3)))
    gamma = np.exp(light * rng.normal(0.0, 0.3, shape))
    haze = light * rng.uniform(0.0, 0.6, shape) * (rng.random(shape) < 0.5)
    out = 255.0 * (scenes / 255.0) ** gamma
    out = (out * (1.0 - haze) + haze * rng.uniform(80.0, 220.0, shape)) * exposure * tint
    out = out + light * rng.uniform(0.0, 8.0, shape) * rng.standard_normal(scenes.shape, dtype=np.float32)
    return np.clip(out, 0, 255).round().astype(np.uint8)
