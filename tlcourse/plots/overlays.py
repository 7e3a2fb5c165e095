"""Images under a map that says where a network looked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from tlcourse.plots.images import image_grid
from tlcourse.plots.style import as_array, describe
from tlcourse.transparency import without_alpha

_OPACITY = 0.6  # of the map over its image


def heat_overlay(
    images: ArrayLike,
    heat: ArrayLike,
    labels: Sequence[str] | None = None,
    *,
    columns: int = 8,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Lay a map over each image: yellow where the network looked, dark blue where it did not.

    Args:
        images: `(n, height, width, 3)`; uint8, or floats 0-1.
        heat: `(n, height, width)`, 0-1, such as `tlcourse.explain.grad_cam(...)`.
        labels: `n` texts, or none.
        columns: Images in a row.
        title: What the figure shows, as a finding.
        ax: Where to draw; by default a new figure.

    Returns:
        The axes.

    Raises:
        ValueError: If shapes do not fit, or values lie outside their range.
    """
    images, heat = as_array("images", images, (4,)), as_array("heat", heat, (3,)).astype(float)
    if heat.shape != images.shape[:3]:
        raise ValueError(
            f"`heat` must have a value for each place of each image: expected shape {images.shape[:3]}. "
            f"Received: heat.shape={heat.shape}."
        )
    if heat.min() < 0 or heat.max() > 1:
        raise ValueError(f"`heat` must lie between 0 and 1. Received: heat={heat.min():g} to {heat.max():g}.")
    from matplotlib import colormaps

    images = without_alpha(images) if images.shape[3] == 4 else images
    pictures = images / 255 if images.dtype == np.uint8 else images
    coloured = colormaps["cividis"](heat)[..., :3]  # (n, height, width) -> (n, height, width, 3)
    ax = image_grid((1 - _OPACITY) * pictures + _OPACITY * coloured, labels, columns=columns, ax=ax)
    text = f"{len(images)} images, each under a map of where the network looked. The brightest place is "
    names = [""] * len(images) if labels is None else [f"{label}: " for label in labels]
    places = [f"{name}{_place(one)}" for name, one in zip(names, heat, strict=True)]
    return describe(ax, text + "; ".join(places) + ".", title)


def _place(heat: np.ndarray) -> str:
    """Say in words where a map is brightest."""
    if heat.max() == 0:
        return "nowhere"
    row, column = np.unravel_index(int(heat.argmax()), heat.shape)
    down = ("top", "middle", "bottom")[3 * int(row) // heat.shape[0]]
    across = ("left", "middle", "right")[3 * int(column) // heat.shape[1]]
    return "middle" if down == across == "middle" else f"{down} {across}"
