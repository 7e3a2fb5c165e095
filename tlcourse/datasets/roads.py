"""Drawn road scenes with masks, and drawn traffic signs: the same in both profiles."""

from __future__ import annotations

from tlcourse.config import profile
from tlcourse.datasets.dataset import Dataset
from tlcourse.datasets.masked import MaskedImages

_ORIGIN = "drawn by this package"


def load_roads(
    count: int = 100,
    seed: int = 0,
    *,
    size: tuple[int, int] = (64, 96),
    scene: str = "city",
    light: str = "day",
    weather: str = "clear",
) -> MaskedImages:
    """Draw road scenes with the class of every pixel, in both profiles. Real ones: `load_camvid`.

    Args:
        count: Images, 1 or more.
        seed: 0 or more; other seeds draw other scenes. The same seed in other light or weather has the same masks.
        size: `(height, width)` in pixels, each 32 or more.
        scene: "city" or "highway".
        light: "day", "dusk" or "night".
        weather: "clear", "fog" or "rain".

    Raises:
        ValueError: If an argument is out of range or unknown.

    Example:
        >>> tlcourse.load_roads(20, light="dusk")
        <roads, city, dusk, clear: 20 images of 64 x 96 with masks, 8 classes, embedded>
    """
    from tlcourse.worlds import draw_roads

    images, masks, names = draw_roads(count, seed, size=size, scene=scene, light=light, weather=weather)
    title = f"roads, {scene}, {light}, {weather}"
    return MaskedImages(title, images, masks, names, licence="CC0", origin=_ORIGIN, profile=profile())


def load_signs(per_class: int = 50, seed: int = 0, *, size: int = 32, clutter: float = 1.0) -> Dataset:
    """Draw ten traffic signs, from clean ones on a plain ground to what a camera sees, in both profiles.

    Args:
        per_class: Images of each sign, 1 or more.
        seed: 0 or more; other seeds draw other images.
        size: Side in pixels, 16 or more.
        clutter: 0 (clean) to 1 (photographs behind the sign, faded paint, poor light, leaves, blur).

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> tlcourse.load_signs(5)
        <drawn signs: 50 images of 32 x 32, 10 classes, embedded>
    """
    from tlcourse.worlds import draw_signs

    images, labels, names = draw_signs(per_class, seed, size=size, clutter=clutter)
    origin = f"{_ORIGIN}; two photographs of scikit-learn in the background"
    return Dataset("drawn signs", images, labels, names, licence="CC0", origin=origin, profile=profile())
