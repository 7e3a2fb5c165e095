"""Photographs of roses and tulips, laid as prints into a drawn meadow or on drawn water: groups that are constructed."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tlcourse.arguments import require_one_of
from tlcourse.datasets.folders import read_images
from tlcourse.datasets.image_files import SUFFIXES

KINDS = ("roses", "tulips")
# From where to where in the photographs of a kind, in shares.
SPLITS = {"train": (0.0, 0.5), "validation": (0.5, 0.7), "test": (0.7, 1.0)}
_PRINT = 0.66  # side of the print, as a share of the image's


def read_placed(
    folder: Path, per_class: int, seed: int, size: int, *, tie: float, split: str
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...], np.ndarray]:
    """Read photographs of two kinds and lay each into a place, a share `tie` of a kind into the kind's own one.

    Args:
        folder: Holds the folders `roses` and `tulips`.
        per_class: Photographs of each kind; a split holds half, a fifth or three tenths of those that there are.
        seed: Which photographs of the split are taken, where the prints lie, and what the places look like.
        size: Side of the images in pixels.
        tie: Share of a kind in its own place, 0 to 1: roses in the meadow, tulips on water.
        split: "train", "validation" or "test"; whatever the seed, no photograph is in two splits.

    Returns:
        As `tlcourse.worlds.draw_placed_flowers`.

    Raises:
        FileNotFoundError: If a folder is missing.
        ValueError: If the split holds fewer photographs.
    """
    from tlcourse.worlds import draw_place, places_of

    files = [_choose(folder / kind, per_class, seed, split) for kind in KINDS]
    inner = round(_PRINT * size)
    labels = np.tile(np.arange(2, dtype=np.int64), per_class)
    photographs = read_images([files[label][i // 2] for i, label in enumerate(labels)], inner)
    places = places_of(labels, tie)
    images = np.empty((len(labels), size, size, 3), np.uint8)
    for i, (label, place) in enumerate(zip(labels.tolist(), places.tolist(), strict=True)):
        ground = draw_place(place, np.random.default_rng([seed, label, i // 2, place]), size)
        images[i] = np.clip(255 * ground, 0, 255)
        top, left = np.random.default_rng([seed, label, i // 2]).integers(2, size - inner - 1, 2)
        images[i, top - 2 : top + inner + 2, left - 2 : left + inner + 2] = 240  # the white rim of a print
        images[i, top : top + inner, left : left + inner] = photographs[i]
    return images, labels, KINDS, 2 * labels + places


def _choose(folder: Path, count: int, seed: int, split: str) -> list[Path]:
    require_one_of("split", split, SPLITS)
    if not folder.is_dir():
        raise FileNotFoundError(f"There is no folder {folder}. Remove {folder.parent}, and it is fetched again.")
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES)
    mixed = np.random.default_rng(0).permutation(len(files))  # the same for every seed, so splits share no photograph
    low, high = (int(share * len(files)) for share in SPLITS[split])
    if not 1 <= count <= high - low:
        raise ValueError(
            f"`per_class` must lie between 1 and {high - low}, the {folder.name} of split {split!r}. Received: per_class={count}."
        )
    return [files[i] for i in np.random.default_rng([seed, low]).permutation(mixed[low:high])[:count]]
