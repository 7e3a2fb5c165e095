"""Natural-looking textures: random fields with the power-law spectrum of photographs, and soft backgrounds made of them."""

from __future__ import annotations

from functools import cache

import numpy as np


@cache
def _frequencies(size: int) -> tuple[np.ndarray, np.ndarray]:
    return np.meshgrid(np.fft.rfftfreq(size) * size, np.fft.fftfreq(size) * size)


def power_law_field(
    rng: np.random.Generator, size: int, exponent: float = 1.2, *, stretch: float = 1.0, angle: float = 0.0
) -> np.ndarray:
    """Draw a random field whose amplitude falls as `frequency ** -exponent`.

    Photographs of nature have exponents near 1 (Field 1987, "Relations between the statistics of natural images and the
    response properties of cortical cells").

    Args:
        rng: Source of randomness.
        size: Side in pixels.
        exponent: 0 is white noise, 2 is smooth clouds.
        stretch: How much longer than wide the structures are, 1 or more (grass is about 5).
        angle: Direction of the structures in radians.

    Returns:
        `(size, size)` float array with mean 0 and standard deviation 1. It wraps around at its edges.
    """
    across, down = _frequencies(size)
    cosine, sine = np.cos(angle), np.sin(angle)
    along = across * cosine + down * sine
    aside = (down * cosine - across * sine) / stretch
    distance = along * along + aside * aside
    distance[0, 0] = 1.0
    amplitude = distance ** (-exponent / 2)
    amplitude[0, 0] = 0.0  # no constant part: the mean is 0
    field = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((size, size))) * amplitude, s=(size, size))
    return field / field.std()


def hsv_to_rgb(hue: float, saturation: float, value: float) -> np.ndarray:
    """Turn one colour from hue, saturation and value (each 0-1; the hue wraps) into `(3,)` RGB, 0-1."""
    sector = (hue * 6.0 + np.array([0.0, 4.0, 2.0])) % 6.0
    return (value * (1.0 - saturation * (1.0 - np.clip(np.abs(sector - 3.0) - 1.0, 0.0, 1.0)))).astype(np.float32)


def soft_background(rng: np.random.Generator, size: int, hue: float) -> np.ndarray:
    """Draw an out-of-focus stretch of meadow, earth or foliage around one hue.

    Args:
        rng: Source of randomness.
        size: Side in pixels.
        hue: 0-1, the colour that the two tones of the background lie around.

    Returns:
        `(size, size, 3)` float32 array, about 0-1.
    """
    spread, saturation, value, exponent, grain = rng.uniform((0.02, 0.16, 0.36, 1.1, 0.06), (0.08, 0.50, 0.72, 1.9, 0.22))
    stretch, angle = rng.choice((1.0, 1.0, 1.0, 2.5)), rng.uniform(0.0, np.pi)
    dark = hsv_to_rgb(hue - spread, min(1.0, saturation * 1.25), value * 0.45)
    light = hsv_to_rgb(hue + spread, saturation * 0.9, value * 1.15)
    mix = 1.0 / (1.0 + np.exp(-1.6 * power_law_field(rng, size, exponent + 0.3, stretch=stretch, angle=angle)))
    brightness = 1.0 + grain * power_law_field(rng, size, exponent, stretch=stretch, angle=angle)
    return ((dark + (light - dark) * mix[..., None]) * brightness[..., None]).astype(np.float32)
