"""Images of more than 8 bits: what their format calls white, and whether their values agree with it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tlcourse.datasets.image_files import formats

_BITS, _SAMPLE_FORMAT, _SIGNED = 258, 339, 2  # tags of TIFF
_FAINT = 1 / 8  # where most images stay below this share of white, they were stored with another white
_JPEG = b"\xff\xd8\xff"
_SHOWN = 20


@dataclass(frozen=True)
class Depth:
    """How the values of an image beyond 8 bits are stored, and which ones occur.

    Args:
        format: Pillow's name of the file's format and of the pixels' mode, such as "TIFF I;16".
        white: Value that the format calls white.
        low: Smallest value of the image.
        high: Largest value of the image.
    """

    format: str
    white: float
    low: float
    high: float


def require_known_white(files: Sequence[Path], value_range: tuple[float, float] | None) -> None:
    """Look at the images beyond 8 bits, and refuse those that the white of their format would make plain black or white.

    Args:
        files: Images; those of 8 bits are not decoded.
        value_range: What the caller says black and white are; nothing is refused then.

    Raises:
        ValueError: If values go beyond white or below 0, or if most images of one format stay far below white.
    """
    if value_range is not None:
        return
    by_format: dict[tuple[str, float], list[tuple[Path, Depth]]] = {}
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for file, depth in zip(files, pool.map(_depth_or_none, files), strict=True):
            if depth is not None:
                by_format.setdefault((depth.format, depth.white), []).append((file, depth))
    for (name, white), found in by_format.items():
        low, high = min(depth.low for _, depth in found), max(depth.high for _, depth in found)
        usual = np.median([depth.high for _, depth in found if depth.high != 0] or [white])
        if 0 <= low and high <= white and usual >= _FAINT * white:
            continue
        shown = ", ".join(str(file) for file, _ in found[:_SHOWN])
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        raise ValueError(
            f"{len(found)} images ({name}) hold values from {low:g} to {high:g}, where {white:g} would be white: {shown}{more}. "
            f"{_advice(white, low, min(high, usual))} Received: value_range=None."
        )


def depth_of(file: Path) -> Depth | None:
    """Look at the values of an image that has more than 8 bits; None for all others, of which only the first bytes are read.

    Raises:
        OSError: If the file is damaged.
    """
    from PIL import Image

    with file.open("rb") as opened:
        if opened.read(len(_JPEG)) == _JPEG:  # always 8 bits in Pillow
            return None
    with Image.open(file, formats=formats()) as image:
        white = white_of(image)
        if white is None:
            return None
        name = f"{image.format} {image.mode}"
        values = np.asarray(image)
        return Depth(name, white, float(values.min()), float(values.max()))


def white_of(image: Any) -> float | None:
    """Return the value of white where an opened image has more than 8 bits; None where it has 8 or fewer.

    Colour images of 16 bits count as well: Pillow reads the upper 8 bits of each value, so their white is 255.
    """
    mode = image.mode
    if mode == "F":
        return 1.0
    if mode.startswith("I;16"):
        return float(2 ** _bits_of(image) - 1)
    if mode == "I":
        if image.format in ("PNG", "PPM"):
            return 65535.0
        signed = _tag(image, _SAMPLE_FORMAT, _SIGNED) == _SIGNED
        return float(2 ** (_bits_of(image) - signed) - 1)
    if any(";16" in str(tile[3]) for tile in image.tile):
        return 255.0
    return None


def _bits_of(image: Any) -> int:
    return int(_tag(image, _BITS, 32 if image.mode in ("I", "F") else 16))


def _tag(image: Any, number: int, default: int) -> Any:
    """Return a tag of a TIFF, or its first value where it has one for each channel."""
    value = getattr(image, "tag_v2", {}).get(number, default)
    return value[0] if isinstance(value, tuple) else value


def _depth_or_none(file: Path) -> Depth | None:
    try:
        return depth_of(file)
    except (OSError, ValueError, SyntaxError):  # a damaged file is listed when it is read
        return None


def _advice(white: float, low: float, high: float) -> str:
    if white == 255:
        return "Pillow reads the upper 8 of 16 bits of colour images, so save these with 8 bits."
    if white == 1:
        top = 255 if low >= 0 and 1 < high <= 255 else high
    else:
        top = next((2**bits - 1 for bits in (8, 10, 12, 14, 16, 24, 32) if high < 2**bits), high) if low >= 0 else high
    return f"Say which values are black and white, such as load_image_folder(..., value_range=({min(low, 0):g}, {top:.10g}))."
