"""Prints of images: a few numbers that recognise the same image after re-encoding, resizing or mirroring.

Each batch is reduced to a 64-bit hash and a small thumbnail per image, so memory grows by some hundred bytes per image.
Cropped, rotated or recoloured copies are not recognised.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

SIDE = 32  # side in pixels to which images are averaged first
THUMBNAIL = 16
STEPS = 25  # unit of thumbnails and colours: 1/25 of the contrast
_CELLS = 4
_CHUNK = 256  # images that are computed at once


@dataclass(frozen=True)
class Prints:
    """What is kept of `n` images.

    Args:
        digests: Digests of the exact values, `(n,)` uint64.
        hashes: Perceptual hashes, `(n,)` uint64: equal or almost equal for copies.
        mirrored: Perceptual hashes of the left-right mirrored images, `(n,)` uint64.
        thumbnails: Brightness with mean 0, `(n, 16, 16)` int8, in units of 1/25 of the contrast, clipped at five contrasts.
        colours: Red and blue minus green in 4 x 4 cells, `(n, 32)` int8, in the same units; 0 for grey images.
        contrast: Standard deviation of the brightness, `(n,)` float32, in the units of the images.
    """

    digests: np.ndarray
    hashes: np.ndarray
    mirrored: np.ndarray
    thumbnails: np.ndarray
    colours: np.ndarray
    contrast: np.ndarray

    def __len__(self) -> int:
        return len(self.digests)

    @classmethod
    def join(cls, parts: list[Prints]) -> Prints:
        """Join the prints of several batches."""
        if not parts:
            parts = [prints_of(np.zeros((0, SIDE, SIDE, 1), np.uint8))]
        names = cls.__dataclass_fields__
        return cls(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def prints_of(images: np.ndarray) -> Prints:
    """Compute the prints of a batch.

    The perceptual hash is the sign of the 64 lowest frequencies of the brightness (a discrete cosine transform of 32 x 32
    averages) against their median (Zauner 2010, "Implementation and benchmarking of perceptual image hash functions").
    Overall brightness and contrast do not count, so pixels in 0..1 and in 0..255 give the same hash.

    Args:
        images: Images `(n, height, width, channels)` or `(n, height, width)`, any numeric dtype and range.

    Returns:
        Prints of the `n` images.
    """
    images = np.asarray(images)
    if images.ndim == 3:
        images = images[..., None]
    parts = [_perceptual(images[start : start + _CHUNK]) for start in range(0, max(len(images), 1), _CHUNK)]
    return Prints(digests_of(images), *(np.concatenate(column) for column in zip(*parts, strict=True)))


def digests_of(examples: np.ndarray) -> np.ndarray:
    """Return one uint64 per example, equal for examples that are equal to the bit.

    Args:
        examples: Numbers `(n, ...)`, or strings of any length (dtype object, bytes or str).

    Returns:
        `(n,)` uint64.
    """
    examples = np.asarray(examples)
    rows: Iterable[Any]
    if examples.dtype.kind in "OSU":
        rows = [repr(row.tolist()).encode() for row in examples.reshape(len(examples), -1)]
    else:
        rows = np.ascontiguousarray(examples.reshape(len(examples), -1) + examples.dtype.type(0))  # -0.0 becomes 0.0
    digests = [hashlib.blake2b(row, digest_size=8).digest() for row in rows]
    return np.frombuffer(b"".join(digests), dtype=np.uint64)


def mirror(prints: Prints) -> Prints:
    """Return the prints of the left-right mirrored images; their exact digests stay as they are."""
    cells = prints.colours.reshape(len(prints), _CELLS, _CELLS, 2)[:, :, ::-1]
    return replace(
        prints,
        hashes=prints.mirrored,
        mirrored=prints.hashes,
        thumbnails=prints.thumbnails[:, :, ::-1],
        colours=cells.reshape(prints.colours.shape),
    )


def _perceptual(images: np.ndarray) -> tuple[np.ndarray, ...]:
    """Compute all fields of `Prints` except the digests, for `(n, height, width, channels)`."""
    grey, colours = _averages(images)  # (n, 32, 32), (n, 4, 4, 2)
    grey = grey - grey.mean(axis=(1, 2), keepdims=True)
    contrast = grey.std(axis=(1, 2))
    low = np.matmul(np.matmul(_cosines(), grey), _cosines().T)  # (n, 8, 8), [vertical, horizontal] frequency
    # Mirroring changes the sign of every second horizontal frequency.
    mirrored = low * np.where(np.arange(8) % 2, -1.0, 1.0).astype(np.float32)
    thumbnails = grey.reshape(len(grey), THUMBNAIL, SIDE // THUMBNAIL, THUMBNAIL, SIDE // THUMBNAIL).mean(axis=(2, 4))
    scale = (STEPS / np.maximum(contrast, 1e-30))[:, None, None]
    return (
        *(_bits(low), _bits(mirrored)),
        *(_in_steps(thumbnails * scale), _in_steps(colours.reshape(len(grey), -1) * scale[:, 0]), contrast),
    )


def _averages(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Average brightness over the boxes of a 32 x 32 grid, and colour over 4 x 4 cells, in one pass over the images."""
    height, width, channels = images.shape[1:]
    if images.dtype != np.float32:
        images = images.astype(np.float32)
    # Rows first, as one product over width and channels together.
    rows = np.nan_to_num(np.matmul(_boxes(height, SIDE), images.reshape(len(images), height, width * channels)))
    rows = rows.reshape(len(images), SIDE, width, channels)
    grey = np.matmul(rows.mean(axis=3), _boxes(width, SIDE).T)
    if channels < 3:
        return grey, np.zeros((len(images), _CELLS, _CELLS, 2), np.float32)
    cells = rows.reshape(len(images), _CELLS, SIDE // _CELLS, width, channels).mean(axis=2)  # (n, 4, width, channels)
    cells = np.matmul(_boxes(width, _CELLS), cells)  # (n, 4, 4, channels)
    return grey, cells[..., [0, 2]] - cells[..., 1:2]


def _in_steps(values: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(values), -127, 127).astype(np.int8)


@lru_cache(maxsize=32)
def _boxes(size: int, parts: int) -> np.ndarray:
    """Return a matrix `(parts, size)`: row k averages the k-th part of a line, each pixel weighted by its share in that part."""
    edges = np.linspace(0, size, parts + 1)
    overlap = np.minimum(edges[1:, None], np.arange(1, size + 1)) - np.maximum(edges[:-1, None], np.arange(size))
    return (np.clip(overlap, 0, None) * parts / size).astype(np.float32)


@lru_cache(maxsize=1)
def _cosines() -> np.ndarray:
    """Return the eight lowest cosines over a line of 32 values, `(8, 32)`."""
    frequency, place = np.arange(8)[:, None], np.arange(SIDE)
    return np.cos(np.pi * frequency * (2 * place + 1) / (2 * SIDE)).astype(np.float32)


def _bits(low: np.ndarray) -> np.ndarray:
    values = low.reshape(len(low), 64)
    bits = values[:, 1:] > np.median(values[:, 1:], axis=1, keepdims=True)  # the first is the mean, always 0
    return np.packbits(bits, axis=1, bitorder="little").view(np.uint64)[:, 0]  # 63 bits and a 0
