"""Tables of numbers as coloured cells: confusion, and a value over two settings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from tlcourse.arguments import require_length
from tlcourse.plots.style import as_array, axes_or_new, describe

_MAX_NUMBERED = 20  # more rows or columns than this leave no room for numbers in the cells


def confusion(
    counts: ArrayLike, class_names: Sequence[str] | None = None, *, title: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw a confusion matrix: true classes are rows, predicted ones columns, colour is the share of the row.

    Args:
        counts: `(classes, classes)` whole numbers, such as `tlcourse.evaluate.confusion_matrix(...)`.
        class_names: Names of the classes; by default their numbers.
        title: What the figure shows, as a finding.
        ax: Where to draw; by default a new figure.

    Returns:
        The axes.

    Raises:
        ValueError: If the matrix is not square, has negative entries, or names do not fit.
    """
    counts = as_array("counts", counts, (2,))
    if counts.shape[0] != counts.shape[1] or (counts < 0).any():
        raise ValueError(
            "`counts` must be a square table of numbers, 0 or more. "
            f"Received: counts.shape={counts.shape}, counts.min()={counts.min()}."
        )
    names = [str(index) for index in range(len(counts))] if class_names is None else [str(name) for name in class_names]
    require_length("class_names", names, len(counts), "class")
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros(counts.shape), where=totals > 0)
    size = max(3.5, 0.55 * len(counts) + 1.5)
    ax = _cells(
        shares, [[f"{count:g}" for count in row] for row in counts], names, names, axes_or_new(ax, size, size), 0.0, 1.0
    )
    ax.set_xlabel("predicted class")
    ax.set_ylabel("true class")
    right, total = int(np.trace(counts)), int(counts.sum())
    text = f"Confusion matrix of {len(counts)} classes: {right} of {total} right"
    wrong = counts - np.diag(np.diag(counts))
    if wrong.max() > 0:
        row, column = np.unravel_index(int(wrong.argmax()), wrong.shape)
        text += f"; the most frequent mistake takes {names[row]} for {names[column]} ({wrong[row, column]:g} times)"
    return describe(ax, text + ".", title)


def heat_map(
    values: ArrayLike,
    row_names: Sequence[str],
    column_names: Sequence[str],
    *,
    row_label: str = "learning rate",
    column_label: str = "unfrozen blocks",
    value_label: str = "accuracy",
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a value over two settings as coloured cells with the number in each.

    Args:
        values: `(rows, columns)`; cells that are NaN stay empty.
        row_names: One per row, drawn from top to bottom.
        column_names: One per column.
        row_label: What the rows are, with unit.
        column_label: What the columns are, with unit.
        value_label: What the numbers are, with unit.
        title: What the figure shows, as a finding; by default `value_label` stands there.
        ax: Where to draw; by default a new figure.

    Returns:
        The axes.

    Raises:
        ValueError: If names do not fit the shape, or no cell has a number.
    """
    values = as_array("values", values, (2,)).astype(float)
    rows, columns = [str(name) for name in row_names], [str(name) for name in column_names]
    require_length("row_names", rows, values.shape[0], "row")
    require_length("column_names", columns, values.shape[1], "column")
    if not np.isfinite(values).any():
        raise ValueError(
            f"`values` must hold at least one finite number. Received: values.shape={values.shape}, all NaN or infinite."
        )
    ax = axes_or_new(ax, max(4.0, 0.9 * len(columns) + 1.5), max(3.0, 0.55 * len(rows) + 1.4))
    texts = [["" if np.isnan(value) else f"{value:.3g}" for value in row] for row in values]
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    ax = _cells(values, texts, rows, columns, ax, low, high if high > low else low + 1.0)
    ax.set_xlabel(column_label)
    ax.set_ylabel(row_label)
    if title is None:
        ax.set_title(value_label)
    ends = []
    for word, flat in (("highest", int(np.nanargmax(values))), ("lowest", int(np.nanargmin(values)))):
        row, column = np.unravel_index(flat, values.shape)
        ends.append(f"{word} {values[row, column]:.3g} at {row_label} {rows[row]}, {column_label} {columns[column]}")
    return describe(ax, f"Heat map of {value_label} over {row_label} and {column_label}: {'; '.join(ends)}.", title)


def _cells(
    values: np.ndarray, texts: list[list[str]], rows: list[str], columns: list[str], ax: Axes, low: float, high: float
) -> Axes:
    """Colour the cells (light to dark, readable without colour vision) and write in them."""
    ax.imshow(values, cmap="cividis", vmin=low, vmax=high, aspect="auto" if len(rows) != len(columns) else "equal")
    turned = max(map(len, columns)) > 3
    ax.set_xticks(range(len(columns)), columns, rotation=40 if turned else 0, ha="right" if turned else "center")
    ax.set_yticks(range(len(rows)), rows)
    if max(values.shape) <= _MAX_NUMBERED:
        for (row, column), value in np.ndenumerate(values):
            colour = "black" if (value - low) / (high - low) > 0.5 else "white"
            ax.text(column, row, texts[row][column], ha="center", va="center", color=colour, size=8)
    return ax
