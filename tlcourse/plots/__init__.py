"""Data and `ax=None` in, `Axes` out: the figures of the course, with colours that everybody can tell apart and alt text.

Nothing here shows or saves a figure, reads a model, or changes matplotlib's settings.
"""

from tlcourse.plots.curves import accuracy_over_labels, history, layer_curve
from tlcourse.plots.groups import group_scores, reliability
from tlcourse.plots.images import activations, filters, image_grid
from tlcourse.plots.lines import lines
from tlcourse.plots.matrices import confusion, heat_map
from tlcourse.plots.overlays import heat_overlay
from tlcourse.plots.pareto import pareto
from tlcourse.plots.points import embedding_map, moved_per_layer
from tlcourse.plots.style import MARKERS, PALETTE, alt_text, colour_of, set_alt_text
from tlcourse.plots.text_marks import mark_spans

__all__ = [
    "MARKERS",
    "PALETTE",
    "accuracy_over_labels",
    "activations",
    "alt_text",
    "colour_of",
    "confusion",
    "embedding_map",
    "filters",
    "group_scores",
    "heat_map",
    "heat_overlay",
    "history",
    "image_grid",
    "layer_curve",
    "lines",
    "mark_spans",
    "moved_per_layer",
    "pareto",
    "reliability",
    "set_alt_text",
]
