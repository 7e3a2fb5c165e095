"""Images in a grid: data, the kernels of a first layer, and the outputs of a layer for one image."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from tlcourse.arguments import require_length, require_whole
from tlcourse.plots.style import PALETTE, as_array, axes_or_new, describe
from tlcourse.transparency import without_alpha

_GAP = 0.08  # between two images, in sides of an image


def image_grid(
    images: ArrayLike,
    labels: Sequence[str] | ArrayLike | None = None,
    *,
    columns: int = 8,
    right: ArrayLike | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw images in rows, each with its label above it.

    Args:
        images: `(n, height, width, 3)` or `(n, height, width)`; uint8, or floats 0-1. Transparent ones, `(n, height, width, 4)`, are
            laid on white, as the loaders do.
        labels: `n` texts or numbers, or none.
        columns: Images in a row.
        right: `n` flags; wrong ones get a cross before their label and an orange one, right ones a tick.
        title: What the figure shows, as a finding.
        ax: Where to draw; by default a new figure.

    Returns:
        The axes.

    Raises:
        ValueError: If shapes do not fit, or floats lie outside 0-1.
    """
    images = as_array("images", images, (3, 4))
    if images.ndim == 4 and images.shape[3] not in (1, 3, 4):
        raise ValueError(f"`images` must have 1, 3 or 4 channels, in the last place. Received: images.shape={images.shape}.")
    if np.issubdtype(images.dtype, np.floating) and (images.min() < 0 or images.max() > 1):
        raise ValueError(
            "`images` of floats must lie between 0 and 1. For values 0-255: `images.astype('uint8')`. "
            f"Received: images={images.min():g} to {images.max():g}."
        )
    drawn = images if images.dtype == np.uint8 else images.astype(float)
    if images.ndim == 4 and images.shape[3] == 4:
        drawn = without_alpha(drawn)
    captions = [""] * len(images)
    if labels is not None:
        require_length("labels", labels, len(images), "image")
        captions = [str(label) for label in np.asarray(labels)]
    colours = ["0.15"] * len(images)
    if right is not None:
        require_length("right", right, len(images), "image")
        captions = [
            f"{'✓' if flag else '✗'} {caption}".strip() for caption, flag in zip(captions, np.asarray(right), strict=True)
        ]
        colours = ["0.15" if flag else PALETTE[5] for flag in np.asarray(right)]
    ax = _grid(drawn, captions, colours, columns, ax)
    text = f"Grid of {len(images)} images of {images.shape[1]} by {images.shape[2]} pixels"
    if labels is not None:
        names, counts = np.unique(np.array([str(label) for label in np.asarray(labels)]), return_counts=True)
        text += ": " + ", ".join(f"{count} {name}" for name, count in zip(names, counts, strict=True))
    if right is not None:
        text += f"; {int(np.count_nonzero(right))} of {len(images)} are right"
    return describe(ax, text + ".", title)


def filters(kernels: ArrayLike, *, columns: int = 8, title: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw the kernels of a first convolution as small images, each stretched to the full range of colours.

    Args:
        kernels: `(height, width, 3 or 1, filters)`, such as `layer.get_weights()[0]`.
        columns: Kernels in a row.
        title: What the figure shows, as a finding.
        ax: Where to draw; by default a new figure.

    Returns:
        The axes.

    Raises:
        ValueError: If the kernels do not see 1 or 3 channels (only those of a first layer can be seen as colours).
    """
    kernels = as_array("kernels", kernels, (4,))
    if kernels.shape[2] not in (1, 3):
        raise ValueError(
            "Only kernels that see an image can be drawn as images: expected shape (height, width, 3 or 1, filters). "
            f"Take the first convolution of the model. Received: kernels.shape={kernels.shape}."
        )
    drawn = np.moveaxis(kernels, 3, 0).astype(float)  # (height, width, channels, filters) -> (filters, height, width, ...)
    largest = np.abs(drawn).max(axis=(1, 2, 3), keepdims=True)
    drawn = 0.5 + 0.5 * np.divide(drawn, largest, out=np.zeros_like(drawn), where=largest > 0)
    ax = _grid(drawn, [""] * len(drawn), ["0.15"] * len(drawn), columns, ax)
    height, width, channels, count = kernels.shape
    text = f"{count} kernels of {height} by {width} pixels and {channels} channel{'s' if channels > 1 else ''}; grey is 0."
    return describe(ax, text, title)


def activations(maps: ArrayLike, *, columns: int = 8, title: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw the output of each channel of a layer for one image; bright is much, black the least of each channel.

    Args:
        maps: `(height, width, channels)`: the output of a layer for one image, without the batch.
        columns: Channels in a row.
        title: What the figure shows, as a finding.
        ax: Where to draw; by default a new figure.

    Returns:
        The axes.

    Raises:
        ValueError: If `maps` has another shape.
    """
    if np.ndim(maps) == 4:
        raise ValueError(f"`maps` must be those of one image: `maps[0]`. Received: maps.shape={np.shape(maps)}.")
    maps = as_array("maps", maps, (3,))
    drawn = np.moveaxis(maps, 2, 0).astype(float)  # (height, width, channels) -> (channels, height, width)
    low, high = drawn.min(axis=(1, 2), keepdims=True), drawn.max(axis=(1, 2), keepdims=True)
    stretched = np.divide(drawn - low, high - low, out=np.zeros_like(drawn), where=high > low)
    ax = _grid(stretched, [""] * len(drawn), ["0.15"] * len(drawn), columns, ax)
    silent = int(np.count_nonzero(high == low))
    text = f"Feature maps of {maps.shape[2]} channels, {maps.shape[0]} by {maps.shape[1]}; {silent} of them are constant."
    return describe(ax, text, title)


def _grid(drawn: np.ndarray, captions: Sequence[str], colours: Sequence[str], columns: int, ax: Axes | None) -> Axes:
    """Place images side by side in one pair of axes, from the upper left."""
    require_whole("columns", columns, 1)
    columns = min(columns, len(drawn))
    rows = math.ceil(len(drawn) / columns)
    tall = drawn.shape[1] / drawn.shape[2]
    brightest = 255 if drawn.dtype == np.uint8 else 1
    step_x, step_y = 1.0 + _GAP, tall + (0.28 if any(captions) else _GAP)
    ax = axes_or_new(ax, width=columns * 1.05, height=rows * 1.05 * step_y / step_x + 0.3)
    for index, (one, caption, colour) in enumerate(zip(drawn, captions, colours, strict=True)):
        x, y = index % columns * step_x, -(index // columns) * step_y
        if one.ndim == 3 and one.shape[2] == 1:
            one = one[..., 0]  # (height, width, 1) -> (height, width): drawn in grey
        extent = (x, x + 1.0, y - tall, y)
        ax.imshow(one, cmap="gray", vmin=0, vmax=brightest, extent=extent, interpolation="nearest")
        ax.text(x + 0.5, y + 0.03, caption, ha="center", va="bottom", size=8, color=colour)
    ax.set_xlim(-_GAP, columns * step_x)
    ax.set_ylim(-rows * step_y, 0.28 if any(captions) else _GAP)
    ax.set_aspect("equal")
    ax.axis("off")
    return ax
