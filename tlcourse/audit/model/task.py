"""What a model is trained for: classes or numbers, with which metrics and weights, and how to name its classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tlcourse.audit.context import Context

MOST_CLASSES = 200  # more distinct labels are numbers (ids, words, years), not classes


def is_classifier(context: Context) -> bool:
    """Tell whether labels are classes: by the loss, or by the labels if the model has no loss."""
    loss = getattr(context.model, "loss", None)
    name = str(getattr(loss, "name", None) or getattr(loss, "__name__", None) or loss or "").lower()
    if not name:
        return True
    return not any(word in name for word in ("squared", "absolute", "mse", "mae", "huber", "log_cosh", "poisson", "cosine"))


def has_weights(context: Context) -> bool:
    """Tell whether examples come with weights, or the loss weights classes."""
    split = context.split("train")
    original = split.original
    if split.kind == "arrays":
        weighted = isinstance(original, (tuple, list)) and len(original) == 3
    else:
        spec = getattr(original, "element_spec", None)
        weighted = isinstance(spec, tuple) and len(spec) == 3
    loss = getattr(context.model, "loss", None)
    return weighted or "focal" in str(getattr(loss, "name", loss)).lower()


def metric_names(model: Any) -> list[str] | None:
    """Return the names of the compiled metrics; None if the model is not compiled."""
    config = getattr(model, "_compile_config", None)
    if config is None or not getattr(model, "compiled", False):
        return None
    given = [*_flat(config.config.get("metrics")), *_flat(config.config.get("weighted_metrics"))]
    return [_name(metric) for metric in given]


def called(context: Context, labels: Sequence[int] | np.ndarray) -> str:
    """Name classes in a sentence: `class 0`, `classes 0, 1`, `class 'cat'`."""
    names = context.class_names or context.split("train").class_names
    shown = [repr(str(names[label])) if names and label < len(names) else str(label) for label in map(int, labels[:6])]
    more = f" and {len(labels) - 6} more" if len(labels) > 6 else ""
    return f"{'class' if len(labels) == 1 else 'classes'} {', '.join(shown)}{more}"


def _flat(metrics: Any) -> list[Any]:
    if metrics is None:
        return []
    if isinstance(metrics, dict) and "class_name" not in metrics:
        return [inner for value in metrics.values() for inner in _flat(value)]
    if isinstance(metrics, (list, tuple)):
        return [inner for value in metrics for inner in _flat(value)]
    return [metrics]


def _name(metric: Any) -> str:
    if isinstance(metric, dict):
        return str(metric.get("config", {}).get("name") or metric.get("class_name")).lower()
    return str(getattr(metric, "name", None) or getattr(metric, "__name__", None) or metric).lower()
