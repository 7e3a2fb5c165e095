"""Style of the target on images of the source: their colours or their coarse light change, what they show stays.

Both take unlabelled images of the target, and no label. Masks stay true, because no pixel moves.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tlcourse.arguments import require_number

_SMALLEST = 1e-3  # standard deviation in grey levels, for channels that are plain


def match_colours(images: ArrayLike, target_images: ArrayLike, *, seed: int = 0) -> np.ndarray:
    """Give each image the mean and standard deviation of each colour channel of a random target image.

    `out = (in - mean_in) / std_in * std_target + mean_target`, per channel in RGB (after Reinhard et al. 2001, "Color transfer
    between images", which works in another colour space).

    Args:
        images: `(n, height, width, 3)`, 0-255.
        target_images: `(m, ..., ..., 3)`, 0-255, of any size.
        seed: Which target image each image gets its colours from.

    Returns:
        `(n, height, width, 3)` uint8.

    Raises:
        ValueError: If an array has another shape, or there is no target image.
    """
    source, target = _batch("images", images), _batch("target_images", target_images)
    chosen = np.random.default_rng(seed).integers(len(target), size=len(source))
    mean, std = target.mean(axis=(1, 2), keepdims=True)[chosen], target.std(axis=(1, 2), keepdims=True)[chosen]
    own_mean, own_std = source.mean(axis=(1, 2), keepdims=True), source.std(axis=(1, 2), keepdims=True)
    return _pixels((source - own_mean) / np.maximum(own_std, _SMALLEST) * std + mean)


def swap_amplitudes(images: ArrayLike, target_images: ArrayLike, *, share: float = 0.02, seed: int = 0) -> np.ndarray:
    """Give each image the amplitudes of the lowest frequencies of a random target image, and keep its phases.

    Amplitudes of low frequencies hold the light and its colour, phases hold where things are (Yang and Soatto 2020, "FDA: Fourier
    domain adaptation for semantic segmentation", arXiv 2004.05498).

    Args:
        images: `(n, height, width, 3)`, 0-255.
        target_images: `(m, height, width, 3)`, 0-255, of the same size.
        share: Frequencies up to this one, in cycles per pixel, are swapped in both directions, 0 to 0.5. 0 swaps only the mean
            of each channel. The paper swaps 0.01 to 0.09 of the image's side.
        seed: Which target image each image gets its amplitudes from.

    Returns:
        `(n, height, width, 3)` uint8.

    Raises:
        ValueError: If an array has another shape, sizes differ, or `share` is out of range.
    """
    source, target = _batch("images", images), _batch("target_images", target_images)
    require_number("share", share, 0.0, 0.5)
    if source.shape[1:] != target.shape[1:]:
        raise ValueError(
            "Both arrays must hold images of the same size; resize one of them. "
            f"Received: images.shape={source.shape}, target_images.shape={target.shape}."
        )
    chosen = np.random.default_rng(seed).integers(len(target), size=len(source))
    height, width = source.shape[1:3]
    low = (np.abs(np.fft.fftfreq(height)) <= share)[:, None] & (np.abs(np.fft.rfftfreq(width)) <= share)
    waves = np.fft.rfft2(source, axes=(1, 2))
    amplitudes = np.abs(np.fft.rfft2(target, axes=(1, 2)))[chosen]
    swapped = np.where(low[None, :, :, None], amplitudes * np.exp(1j * np.angle(waves)), waves)
    return _pixels(np.fft.irfft2(swapped, s=(height, width), axes=(1, 2)))


def _batch(name: str, images: ArrayLike) -> np.ndarray:
    array = np.asarray(images)
    if array.ndim != 4 or array.shape[-1] != 3 or not len(array):
        raise ValueError(
            f"`{name}` must have shape (n, height, width, 3), with n at least 1. Received: {name}.shape={array.shape}."
        )
    return array.astype(np.float32)


def _pixels(values: np.ndarray) -> np.ndarray:
    return np.clip(values, 0, 255).round().astype(np.uint8)
