"""Palette, markers, alt text, and the one place where a missing `ax` becomes a new figure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Okabe and Ito 2008, "Color universal design", in an order in which neighbours differ in lightness too.
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000", "#F0E442")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
_ATTRIBUTE = "_tlcourse_alt_text"


def colour_of(index: int) -> str:
    """Return the palette's colour number `index`, starting over after the last.

    Args:
        index: 0 or more.
    """
    return PALETTE[index % len(PALETTE)]


def alt_text(target: Axes | Figure) -> str:
    """Return what a plot shows in words, for readers who do not see it.

    Args:
        target: The `Axes` that a plot function of this package returned, or a figure that holds some; or what `set_alt_text`
            described.

    Returns:
        The description; for a figure its own and those of all its plots, one paragraph each.

    Raises:
        ValueError: If `target` has no description.
    """
    several = [target, *target.axes] if isinstance(target, Figure) else [target]
    texts = [text for one in several if (text := getattr(one, _ATTRIBUTE, ""))]
    if not texts:
        raise ValueError(
            "There is no alt text: pass the Axes that a function of tlcourse.plots returned, or its figure. For a plot of your "
            "own, say first what it shows: tlcourse.plots.set_alt_text(ax, text)."
        )
    return "\n\n".join(texts)


def set_alt_text(target: Axes | Figure, text: str) -> None:
    """Attach to a plot of your own what it shows in words, for `alt_text`; its title, if there is one by now, comes before.

    Args:
        target: The `Axes` or the figure, drawn by any means.
        text: What kind of plot it is, what is along the axes, and the numbers that matter.

    Raises:
        ValueError: If there is no text.
    """
    if not text.strip():
        raise ValueError(f"`text` must say what the plot shows. Received: text={text!r}.")
    title = target.get_suptitle() if isinstance(target, Figure) else target.get_title()
    setattr(target, _ATTRIBUTE, f"{title}. {text}" if title else text)


def describe(ax: Axes, text: str, title: str | None) -> Axes:
    """Set the title, attach `text` as alt text, and return `ax`."""
    if title:
        ax.set_title(title)
        text = f"{title}. {text}"
    setattr(ax, _ATTRIBUTE, text)
    return ax


def axes_or_new(ax: Axes | None, width: float = 6.0, height: float = 4.0) -> Axes:
    """Return `ax`, or the axes of a new figure of so many inches."""
    if ax is None:
        import matplotlib.pyplot as plt

        _, ax = plt.subplots(figsize=(width, height), layout="constrained")
    if not isinstance(ax, Axes):
        raise TypeError(
            "`ax` must be matplotlib Axes, such as the second result of plt.subplots(). "
            f"Received: type(ax)={type(ax).__name__}."
        )
    return ax


def as_array(name: str, values: Any, dimensions: Iterable[int]) -> np.ndarray:
    """Return `values` as an array that holds numbers and has one of the given numbers of dimensions."""
    array, allowed = np.asarray(values), tuple(dimensions)
    if array.ndim not in allowed or not array.size or not (np.issubdtype(array.dtype, np.number) or array.dtype == bool):
        wanted = " or ".join(map(str, allowed))
        raise ValueError(
            f"`{name}` must be a non-empty array of numbers with {wanted} dimension{'' if allowed == (1,) else 's'}. "
            f"Received: {name}.shape={array.shape}, {name}.dtype={array.dtype}."
        )
    return array


def tidy(ax: Axes, x_label: str, y_label: str) -> None:
    """Label the axes, draw a faint grid behind the data and drop the upper and right frame."""
    ax.set_xlabel(x_label)
    ax.set_ylabel(y_label)
    ax.grid(alpha=0.25, linewidth=0.6)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
