"""Lay transparent images on a ground. Dropping the fourth channel would show colours that nobody was meant to see."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

LAY_ON_WHITE = "A fourth channel is transparency; lay the images on white: tlcourse.transparency.without_alpha(images)."
_FAINT = 1 / 8  # share of the contrast of an alpha channel below which white has swallowed the image


def opaque(image: Any) -> Any:
    """Lay an image of Pillow on white; on black where white would swallow it.

    Args:
        image: An image in any mode of 8 bits; premultiplied alpha is undone.

    Returns:
        An image in mode RGB. An alpha channel that is 0 throughout was never filled in, and the colours are taken as they are.
    """
    from PIL import Image

    if not image.has_transparency_data:
        return image.convert("RGB")
    image = image.convert("LA").convert("RGBA") if image.mode == "La" else image.convert("RGBA")
    low, high = image.getchannel("A").getextrema()
    if high == 0:
        return image.convert("RGB")
    on_white, on_black = (
        Image.alpha_composite(Image.new("RGBA", image.size, ground), image).convert("RGB") for ground in ("white", "black")
    )
    vanishes = _contrast(on_white) < _FAINT * (high - low) and _contrast(on_black) > _contrast(on_white)
    return on_black if vanishes else on_white


def without_alpha(images: ArrayLike) -> np.ndarray:
    """Lay each image of an array on white, as the loaders do; on black where white would swallow it.

    Args:
        images: `(n, height, width, 4)`: red, green, blue and opacity; uint8, 255 opaque, or floats 0-1.

    Returns:
        `(n, height, width, 3)` uint8.

    Raises:
        ValueError: If the array has another shape or other numbers.
    """
    from PIL import Image

    array = np.asarray(images)
    if np.issubdtype(array.dtype, np.floating) and array.size and array.min() >= 0 and array.max() <= 1:
        array = (255 * array).round().astype(np.uint8)
    if array.ndim != 4 or array.shape[3] != 4 or array.dtype != np.uint8:
        raise ValueError(
            "`images` must have shape (n, height, width, 4) and hold uint8, 0 to 255, or floats, 0 to 1. "
            f"Received: images.shape={array.shape}, images.dtype={array.dtype}."
        )
    laid = [np.asarray(opaque(Image.fromarray(np.ascontiguousarray(image), "RGBA"))) for image in array]
    return np.stack(laid) if laid else np.empty((*array.shape[:3], 3), np.uint8)


def _contrast(image: Any) -> int:
    return max(high - low for low, high in image.getextrema())
