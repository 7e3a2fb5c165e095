"""One image file as 8-bit RGB: upright, opaque, black and white where its format has them. Not about folders or labels.

Pillow's own `convert("RGB")` clips values beyond 8 bits to white and strips transparency; both lose the image without a word.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tlcourse.datasets.depths import white_of
from tlcourse.datasets.image_files import formats
from tlcourse.transparency import opaque


def decode(file: Path, size: int, value_range: tuple[float, float] | None = None) -> np.ndarray:
    """Read one image: turned upright, laid on white where it is transparent, its middle square shrunk with antialiasing.

    A light shape on a transparent ground would vanish on white and is laid on black.

    Args:
        file: An image that Pillow reads.
        size: Side of the square in pixels.
        value_range: Black and white of grey images beyond 8 bits; None for those of the format.

    Returns:
        `(size, size, 3)` uint8.

    Raises:
        OSError: If the file is damaged.
        ValueError: If it is no image, too large, or has values that are not finite.
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(file, formats=formats()) as image:
            white = white_of(image)
            if white is None or image.mode in ("RGB", "RGBA", "LA"):
                image.draft("RGB", (2 * size, 2 * size))  # JPEG decodes straight to about that size
                ready = opaque(ImageOps.exif_transpose(image))
                return np.asarray(ImageOps.fit(ready, (size, size), Image.Resampling.BICUBIC))
            black, white = value_range or (0.0, white)
            upright = ImageOps.exif_transpose(image)
    except Image.DecompressionBombError as error:
        raise ValueError(str(error)) from error
    grey = (np.asarray(upright).astype(np.float32) - black) / (white - black) * 255
    if not np.isfinite(grey).all():
        raise ValueError("values that are NaN or infinite")
    shrunk = ImageOps.fit(Image.fromarray(np.clip(grey, 0, 255)), (size, size), Image.Resampling.BICUBIC)
    return np.repeat(np.clip(np.asarray(shrunk), 0, 255).round().astype(np.uint8)[..., None], 3, axis=2)
