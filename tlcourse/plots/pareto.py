"""Quality against price: which choices no other beats on both sides."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from numpy.typing import ArrayLike

from tlcourse.arguments import require_length
from tlcourse.evaluate import pareto_front
from tlcourse.plots.style import as_array, axes_or_new, colour_of, describe, tidy


def pareto(
    costs: ArrayLike,
    scores: ArrayLike,
    names: Sequence[str],
    *,
    labels: tuple[str, str] = ("milliseconds an image", "accuracy"),
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw choices as points, price along and quality up, and join those that no other beats on both sides.

    Args:
        costs: `(n,)` less is better; above 0, since the axis is logarithmic.
        scores: `(n,)` more is better.
        names: What each point is.
        labels: Of the two axes, with units.
        title: What the figure shows, as a finding.
        ax: Where to draw; by default a new figure.

    Returns:
        The axes.

    Raises:
        ValueError: If lengths differ, values are missing, a cost is 0 or less, or there is no point.
    """
    costs, scores = as_array("costs", costs, (1,)).astype(float), as_array("scores", scores, (1,)).astype(float)
    require_length("scores", scores, len(costs), "cost")
    require_length("names", list(names), len(costs), "cost")
    if (costs <= 0).any():
        raise ValueError(f"`costs` must be above 0 on a logarithmic axis. Received: costs.min()={costs.min():g}.")
    front = pareto_front(costs, scores)
    ax = axes_or_new(ax, 7.0, 4.0)
    order = np.flatnonzero(front)[np.argsort(costs[front], kind="stable")]
    ax.step(costs[order], scores[order], where="post", color=colour_of(0), linewidth=1, zorder=1)
    ax.scatter(
        costs[front], scores[front], s=60, color=colour_of(0), marker="o", zorder=2, label="no other is better and faster"
    )
    ax.scatter(
        costs[~front], scores[~front], s=55, color=colour_of(1), marker="s", zorder=2, label="another is at least as good"
    )
    ax.set_xscale("log")
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5, 7) if costs.max() < 10 * costs.min() else (1, 2, 5)))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.margins(x=0.12, y=0.12)
    across, up = np.log(costs / costs.min()) / (np.log(costs.max() / costs.min()) or 1.0), scores / (np.ptp(scores) or 1.0)
    for i, name in enumerate(names):
        crowded = any(abs(across[i] - across[j]) < 0.25 and 0 <= up[j] - up[i] < 0.06 for j in range(len(names)) if j != i)
        left = across[i] <= 0.5
        ax.annotate(
            f" {name} ",
            (costs[i], scores[i]),
            (6 if left else -6, -12 if crowded else 5),  # below the point where another's name stands above
            textcoords="offset points",
            ha="left" if left else "right",
            fontsize=8,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 0},
        )
    tidy(ax, *labels)
    ax.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
    points = "; ".join(f"{names[i]} {scores[i]:.3g} at {costs[i]:.3g}" for i in order.tolist())
    others = "; ".join(f"{names[i]} {scores[i]:.3g} at {costs[i]:.3g}" for i in np.flatnonzero(~front).tolist()) or "none"
    return describe(ax, f"{labels[1]} over {labels[0]}. Not beaten on both sides: {points}. Beaten: {others}.", title)
