"""A map of embedded examples, and bars of what moved in each layer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from tlcourse.arguments import require_length
from tlcourse.plots.style import MARKERS, PALETTE, as_array, axes_or_new, colour_of, describe, tidy


def embedding_map(
    points: ArrayLike,
    labels: ArrayLike,
    class_names: Sequence[str] | None = None,
    *,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw examples as points in the plane; each class has its colour and marker.

    Args:
        points: `(n, 2)`, features reduced to two dimensions, such as by PCA or t-SNE.
        labels: `(n,)` class numbers.
        class_names: Names of the classes; by default their numbers.
        title: What the figure shows, as a finding.
        ax: Where to draw; by default a new figure.

    Returns:
        The axes.

    Raises:
        ValueError: If there are not two columns, lengths differ, or a class has no name.
    """
    points, labels = as_array("points", points, (2,)), as_array("labels", labels, (1,))
    if points.shape[1] != 2:
        raise ValueError(
            "`points` must have two columns. Reduce features first, for example with "
            f"`sklearn.decomposition.PCA(2).fit_transform(features)`. Received: points.shape={points.shape}."
        )
    require_length("labels", labels, len(points), "point")
    classes = np.unique(labels)
    if class_names is not None and int(classes.max()) >= len(class_names):
        raise ValueError(
            f"`class_names` must name every class. Received: len(class_names)={len(class_names)}, labels.max()={classes.max()}."
        )
    ax = axes_or_new(ax, 5.6, 4.6)
    spread = points.std(axis=0).max() or 1.0
    centres = {}
    for place, label in enumerate(classes):
        own = points[labels == label]
        name = str(label if class_names is None else class_names[int(label)])
        centres[name] = own.mean(axis=0)
        marker = MARKERS[(place + place // len(PALETTE)) % len(MARKERS)]  # the second round pairs colours with other markers
        ax.scatter(
            own[:, 0],
            own[:, 1],
            s=22,
            color=colour_of(place),
            marker=marker,
            alpha=0.8,
            edgecolors="0.25",
            linewidths=0.3,
            label=name,
        )
    tidy(ax, "first dimension (no unit)", "second dimension (no unit)")
    ax.set_xticks([])
    ax.set_yticks([])
    ax.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    text = f"Map of {len(points)} points in {len(classes)} classes."
    if len(centres) > 1:
        names, places = list(centres), np.array(list(centres.values()))
        gaps = np.linalg.norm(places[:, None] - places[None], axis=2) + np.diag(np.full(len(names), np.inf))
        a, b = np.unravel_index(int(gaps.argmin()), gaps.shape)
        text += f" The centres of {names[a]} and {names[b]} are closest, {gaps.min() / spread:.2f} standard deviations apart."
    return describe(ax, text, title)


def moved_per_layer(
    rows: Iterable[Mapping[str, Any]],
    *,
    weights: str = "weight_change",
    statistics: str = "statistic_change",
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw how far the weights, and the BatchNorm statistics, of each layer moved, as bars from early to late.

    Args:
        rows: The result of `tlcourse.finetune.what_moved`, or one mapping (or object with such attributes) per layer: `"name"`;
            under `weights` the relative change of its weights, 0 or more; under `statistics` that of its BatchNorm statistics.
            None means that it has no such values; infinite, that they were all zero before.
        weights: Key of the weight change.
        statistics: Key of the change of the BatchNorm statistics.
        title: What the figure shows, as a finding.
        ax: Where to draw; by default a new figure.

    Returns:
        The axes. What did not move at all says "0", what grew from zero has a bar to the edge that says so.

    Raises:
        ValueError: If there are no rows, a row has no name or no change, or a change is negative or NaN.
    """
    names: list[str] = []
    moved: list[float] = []
    shifted: list[float] = []
    for row in getattr(rows, "rows", rows):
        name, change = _entry(row, "name"), _entry(row, weights)
        if name is None or (change is None and _entry(row, statistics) is None):
            raise ValueError(f"Every row must have 'name' and {weights!r} or {statistics!r}. Received: row={row!r}.")
        names.append(str(name))
        for column, value in ((moved, change), (shifted, _entry(row, statistics))):
            if value is not None and not value >= 0:
                raise ValueError(f"Changes must be 0 or more. Received: change of layer {name!r}={value!r}.")
            column.append(np.nan if value is None else float(value))
    if not names:
        raise ValueError(f"`rows` must hold at least one layer. Received: rows={rows!r}.")
    table = np.array([moved, shifted])
    has_statistics = not np.isnan(table[1]).all()
    edge = 1.1 * max(table[np.isfinite(table)], default=0.0) or 1.0
    ax = axes_or_new(ax, 6.5, max(2.5, 0.28 * len(names) + 1.2))
    places, thick = np.arange(len(names)), 0.4 if has_statistics else 0.7
    series = [(table[0], -thick / 2 if has_statistics else 0.0, PALETTE[0], "", "weights")]
    if has_statistics:
        series.append((table[1], thick / 2, PALETTE[1], "///", "BatchNorm statistics"))
    for values, shift, colour, hatch, label in series:
        lengths = np.nan_to_num(values, posinf=edge)
        ax.barh(places + shift, lengths, thick, color=colour, hatch=hatch, edgecolor="white", label=label)
        for place in np.flatnonzero(values == 0):
            ax.text(0, place + shift, " 0", va="center", size=7, color="0.3")
        for place in np.flatnonzero(np.isinf(values)):
            ax.text(edge, place + shift, "from zero ", va="center", ha="right", size=7, color="white")
    ax.set_yticks(places, names, fontsize=8)
    ax.set_ylim(len(names) - 0.4, -0.6)  # the first layer on top
    tidy(ax, "change relative to the size before (no unit)", "layer, from early to late")
    if has_statistics:
        ax.legend(frameon=False)
    return describe(ax, _moved_text(names, table), title)


def _moved_text(names: list[str], table: np.ndarray) -> str:
    texts = []
    for values, what in zip(table, ("weights", "BatchNorm statistics"), strict=True):
        if np.isnan(values).all():
            continue
        total, still = int((~np.isnan(values)).sum()), int((values == 0).sum())
        text = f"{what}: {still} of {total} layers did not move"
        if still < total:
            most = int(np.nanargmax(values))
            size = "it was zero before" if np.isinf(values[most]) else f"{values[most]:.3g}"
            text += f", most did {names[most]} ({size})"
        texts.append(text)
    return f"Bars of the relative change of {len(names)} layers. " + "; ".join(texts) + "."


def _entry(row: Mapping[str, Any] | Any, key: str) -> Any:
    return row.get(key) if isinstance(row, Mapping) else getattr(row, key, None)
