"""Scores group by group, and promised probabilities against what came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from tlcourse.evaluate import ReliabilityCurve
from tlcourse.plots.style import MARKERS, as_array, axes_or_new, colour_of, describe, tidy


def group_scores(
    scores: Mapping[str, ArrayLike],
    group_names: Sequence[str],
    *,
    score: str = "accuracy",
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the score of each group, methods side by side, each with its colour and marker.

    Args:
        scores: Method -> `(groups,)` or `(draws, groups)`, 0-1; several draws are small marks, their mean is a large one.
        group_names: One for each group.
        score: Name of the score, along the axis.
        title: What the figure shows, as a finding.
        ax: Where to draw; by default a new figure.

    Returns:
        The axes; the alt text names the worst group of each method.

    Raises:
        ValueError: If there is no method or a method has another number of groups.
    """
    if not scores:
        raise ValueError(f"`scores` must hold at least one method. Received: scores={scores!r}.")
    ax = axes_or_new(ax, 7.0, 3.4)
    step, texts = 0.6 / len(scores), []
    for place, (name, values) in enumerate(scores.items()):
        table = np.atleast_2d(as_array(f"scores[{name!r}]", values, (1, 2)))
        if table.shape[1] != len(group_names):
            raise ValueError(
                f"Method {name!r} must have one score for each of {len(group_names)} groups. "
                f"Received: scores[{name!r}].shape={table.shape}."
            )
        at = np.arange(len(group_names)) + (place - (len(scores) - 1) / 2) * step
        colour, marker, means = colour_of(place), MARKERS[place % len(MARKERS)], table.mean(axis=0)
        if len(table) > 1:
            ax.scatter(np.tile(at, len(table)), table.ravel(), s=10, color=colour, marker=marker, alpha=0.45, linewidths=0)
        ax.scatter(at, means, s=52, color=colour, marker=marker, edgecolors="0.2", linewidths=0.5, label=name, zorder=3)
        worst = int(means.argmin())
        texts.append(f"{name}: worst {group_names[worst]} ({means[worst]:.2f}), best {means.max():.2f}")
    tidy(ax, "", score)
    ax.set_xticks(range(len(group_names)), group_names)
    ax.set_xlim(-0.5, len(group_names) - 0.5)
    ax.set_ylim(-0.03, 1.03)
    ax.grid(visible=False, axis="x")
    ax.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return describe(ax, f"Marks: {score} of {len(group_names)} groups. " + "; ".join(texts) + ".", title)


def reliability(
    curves: Mapping[str, ReliabilityCurve],
    *,
    x_label: str = "promised probability",
    y_label: str = "share for which it came true",
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw reliability curves: promises that hold lie on the dashed diagonal. The larger a mark, the more examples.

    Args:
        curves: Name -> result of `tlcourse.evaluate.reliability_curve`.
        x_label: What was promised.
        y_label: What came.
        title: What the figure shows, as a finding.
        ax: Where to draw; by default a new figure.

    Returns:
        The axes; the alt text says how far each curve lies from the diagonal.

    Raises:
        ValueError: If there is no curve.
    """
    if not curves:
        raise ValueError(f"`curves` must hold at least one curve. Received: curves={curves!r}.")
    ax = axes_or_new(ax, 4.4, 4.0)
    ax.plot([0, 1], [0, 1], color="0.4", linestyle="--", linewidth=1)
    texts = []
    for place, (name, curve) in enumerate(curves.items()):
        held = curve.counts > 0
        x, y, share = curve.confidence[held], curve.accuracy[held], curve.counts[held] / curve.counts.sum()
        ax.plot(x, y, color=colour_of(place), linewidth=1.2)
        ax.scatter(
            x,
            y,
            s=14 + 250 * share,
            color=colour_of(place),
            marker=MARKERS[place % len(MARKERS)],
            edgecolors="white",
            linewidths=0.5,
        )
        ax.plot([], [], color=colour_of(place), marker=MARKERS[place % len(MARKERS)], label=name)
        texts.append(
            f"{name}: mean distance {np.sum(share * np.abs(y - x)):.3f}, of which above the diagonal {_above(share, y - x):.3f}"
        )
    tidy(ax, x_label, y_label)
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
    ax.legend(frameon=False, fontsize=8, loc="upper left")
    return describe(ax, f"Curves of what came over what was promised ({y_label}). " + "; ".join(texts) + ".", title)


def _above(share: np.ndarray, gaps: np.ndarray) -> float:
    return float(np.sum(share * np.maximum(gaps, 0.0)))
