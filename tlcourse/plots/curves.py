"""Lines over epochs, over numbers of labels and over layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, NullLocator
from numpy.typing import ArrayLike

from tlcourse.arguments import require_length, require_one_of
from tlcourse.plots.style import MARKERS, as_array, axes_or_new, colour_of, describe, tidy


def history(
    values: Mapping[str, ArrayLike],
    *,
    metric: str = "accuracy",
    phases: Mapping[str, int] | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a metric over epochs, for training and validation, with the phases of training marked.

    Args:
        values: Metric name -> one value per epoch, such as `model.fit(...).history`; drawn are `metric` and, where it is there,
            `"val_" + metric`.
        metric: Name of the metric.
        phases: Phase name -> number of epochs, in order, such as `{"head alone": 5, "fine-tuning": 3}`.
        title: What the figure shows, as a finding.
        ax: Where to draw; by default a new figure.

    Returns:
        The axes.

    Raises:
        ValueError: If the metric is missing, or the phases do not add up to the epochs.
    """
    values = getattr(values, "history", values)  # a keras History is taken as well
    if metric not in values:
        raise ValueError(f"There is no such metric. Expected one of {sorted(values)}. Received: metric={metric!r}.")
    ax = axes_or_new(ax)
    texts = []
    for index, (key, label, style) in enumerate(((metric, "training", "--"), (f"val_{metric}", "validation", "-"))):
        if key not in values:
            continue
        line = as_array(key, values[key], (1,))
        epochs = np.arange(1, len(line) + 1)
        ax.plot(epochs, line, style, color=colour_of(index), marker=MARKERS[index], markersize=4, label=label)
        best = line.min() if "loss" in metric or "error" in metric else line.max()
        texts.append(f"{label}: from {line[0]:.3f} to {line[-1]:.3f}, best {best:.3f}")
    num_epochs = len(np.asarray(values[metric]))
    if phases:
        if sum(phases.values()) != num_epochs:
            raise ValueError(f"`phases` must add up to the {num_epochs} epochs. Received: phases={dict(phases)}.")
        start = 0
        for name, length in phases.items():
            if start:
                ax.axvline(start + 0.5, color="0.5", linestyle=":", linewidth=1)
            ax.text(start + 0.5 + length / 2, 0.02, name, transform=ax.get_xaxis_transform(), ha="center", color="0.35", size=9)
            start += length
        texts.append("phases: " + ", ".join(f"{name} ({length} epochs)" for name, length in phases.items()))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    tidy(ax, "epoch", metric.replace("_", " "))
    ax.legend(frameon=False)
    return describe(ax, f"Line plot of {metric} over {num_epochs} epochs. " + "; ".join(texts) + ".", title)


def accuracy_over_labels(
    labels_per_class: ArrayLike,
    accuracies: Mapping[str, ArrayLike],
    *,
    band: str = "standard deviation",
    chance: float | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw accuracy over the number of labels, one line per method: the mean over seeds with a band around it.

    Args:
        labels_per_class: `(n,)` numbers of labels, above 0; the axis is logarithmic.
        accuracies: Method -> `(n,)` or `(seeds, n)` accuracies, 0-1.
        band: `"standard deviation"` over seeds, or `"range"` from the lowest to the highest.
        chance: Accuracy of guessing, drawn as a dotted line.
        title: What the figure shows, as a finding.
        ax: Where to draw; by default a new figure.

    Returns:
        The axes.

    Raises:
        ValueError: If shapes do not fit, a number of labels is not above 0, or `band` is unknown.
    """
    places = as_array("labels_per_class", labels_per_class, (1,))
    if (places <= 0).any():
        raise ValueError(
            f"`labels_per_class` must be above 0, the axis is logarithmic. Received: labels_per_class.min()={places.min()}."
        )
    require_one_of("band", band, ("standard deviation", "range"))
    ax = axes_or_new(ax)
    texts, seeds = [], 1
    for index, (method, raw) in enumerate(accuracies.items()):
        table = np.atleast_2d(as_array(f"accuracies[{method!r}]", raw, (1, 2)))  # (n,) -> (1, n)
        require_length(f"accuracies[{method!r}]", table[0], len(places), "number of labels")
        seeds = max(seeds, len(table))
        mean = table.mean(axis=0)
        ax.plot(places, mean, color=colour_of(index), marker=MARKERS[index % len(MARKERS)], label=method)
        if len(table) > 1:
            deviation = table.std(axis=0, ddof=1)
            low, high = (mean - deviation, mean + deviation) if band != "range" else (table.min(axis=0), table.max(axis=0))
            ax.fill_between(places, low, high, color=colour_of(index), alpha=0.18, linewidth=0)
        texts.append(f"{method}: " + ", ".join(f"{y:.3f} at {x:g}" for x, y in zip(places, mean, strict=True)))
    if chance is not None:
        ax.axhline(chance, color="0.4", linestyle=":", linewidth=1, label="guessing")
        texts.append(f"guessing: {chance:.3f}")
    ax.set_xscale("log")
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xticks(places, [f"{place:g}" for place in places])
    tidy(ax, "labels per class (logarithmic)", "accuracy on the test set")
    ax.legend(frameon=False)
    spread = f" Mean and {band} over {seeds} seeds." if seeds > 1 else ""
    return describe(ax, f"Line plot of accuracy over labels per class.{spread} " + "; ".join(texts) + ".", title)


def layer_curve(
    layers: Sequence[str],
    values: Mapping[str, ArrayLike],
    *,
    x_label: str = "layer, from early to late",
    y_label: str = "accuracy",
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a value per layer, one line per series: the mean over seeds with bars of one standard deviation.

    Args:
        layers: `n` names, from early to late.
        values: Series -> `(n,)` or `(seeds, n)` values.
        x_label: Name of the horizontal axis.
        y_label: Name of the value, with its unit.
        title: What the figure shows, as a finding.
        ax: Where to draw; by default a new figure.

    Returns:
        The axes.

    Raises:
        ValueError: If a series does not have one value per layer.
    """
    ax = axes_or_new(ax)
    places, texts = np.arange(len(layers)), []
    for index, (series, raw) in enumerate(values.items()):
        table = np.atleast_2d(as_array(f"values[{series!r}]", raw, (1, 2)))  # (n,) -> (1, n)
        require_length(f"values[{series!r}]", table[0], len(layers), "layer")
        mean, spread = table.mean(axis=0), table.std(axis=0, ddof=1) if len(table) > 1 else None
        marker = MARKERS[index % len(MARKERS)]
        ax.errorbar(places, mean, spread, color=colour_of(index), marker=marker, capsize=3, label=series)
        texts.append(f"{series}: " + ", ".join(f"{y:.3f} at {x}" for x, y in zip(layers, mean, strict=True)))
    turned = sum(map(len, map(str, layers))) > 60
    ax.set_xticks(places, [str(layer) for layer in layers], rotation=40 if turned else 0, ha="right" if turned else "center")
    tidy(ax, x_label, y_label)
    ax.legend(frameon=False)
    return describe(ax, f"Line plot of {y_label} over {x_label}. " + "; ".join(texts) + ".", title)
