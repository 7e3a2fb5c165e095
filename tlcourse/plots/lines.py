"""Lines over one common axis, each with its own points: losses over seconds, accuracies over epochs of several runs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from tlcourse.arguments import require_length
from tlcourse.plots.style import MARKERS, as_array, axes_or_new, colour_of, describe, tidy


def lines(
    series: Mapping[str, tuple[ArrayLike, ArrayLike]],
    *,
    x_label: str,
    y_label: str,
    log_y: bool = False,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw one line per run over a common axis.

    Args:
        series: Name -> `(x, y)`, each `(points,)`; the runs may have different points.
        x_label: What is along the axis, with its unit.
        y_label: What is measured, with its unit.
        log_y: Whether the vertical axis is logarithmic; all `y` must then be above 0.
        title: What the figure shows, as a finding.
        ax: Where to draw; by default a new figure.

    Returns:
        The axes.

    Raises:
        ValueError: If there is no run, `x` and `y` of a run differ in length, or a value cannot be drawn on a logarithmic axis.
    """
    if not series:
        raise ValueError(f"`series` must hold at least one run. Received: series={series!r}.")
    ax = axes_or_new(ax, 7.0, 3.6)
    texts = []
    for index, (name, (raw_x, raw_y)) in enumerate(series.items()):
        x, y = as_array(f"series[{name!r}] x", raw_x, (1,)), as_array(f"series[{name!r}] y", raw_y, (1,))
        require_length(f"series[{name!r}] y", y, len(x), "point of x")
        if log_y and (y <= 0).any():
            raise ValueError(
                f"A logarithmic axis needs values above 0. Received: smallest y of series[{name!r}]={np.min(y):g}."
            )
        ax.plot(x, y, color=colour_of(index), marker=MARKERS[index % len(MARKERS)], markersize=4, label=name)
        texts.append(f"{name}: from {y[0]:.3g} at {x[0]:.3g} to {y[-1]:.3g} at {x[-1]:.3g}")
    if log_y:
        ax.set_yscale("log")
    tidy(ax, x_label, y_label)
    ax.legend(frameon=False)
    return describe(ax, f"Line plot of {y_label} over {x_label}. " + "; ".join(texts) + ".", title)
