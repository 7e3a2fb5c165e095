"""In which form a model, its loss or its program take boxes, and whether the data have another one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.data.boxes import BOXES, Boxes, corners, form_in, outside, turned_over

_FEWEST = 8
_TURNED = 0.05  # share of boxes that end before they begin: corners never do
_OFFSETS = 0.25  # share of boxes with a number below 0: these are distances from anchors


@dataclass(frozen=True)
class Forms:
    """What is known about the boxes of a split.

    Args:
        boxes: `(n, 4)`.
        sizes: Width and height of their images, `(n, 2)`.
        declared: Form that the program or the model names, or None.
        said_by: Where it is named.
        actual: Another form that the data have, or None.
        sentence: How this was measured.
    """

    boxes: np.ndarray
    sizes: np.ndarray
    declared: str | None
    said_by: str
    actual: str | None
    sentence: str = ""


def forms_of(context: Context, split: str = "train") -> Forms | None:
    """Return what is known about the boxes of a split; None if its labels hold none.

    Raises:
        CannotCheckError: If the numbers look like boxes, but are something else.
    """
    return context.once(f"boxes/{split}", lambda: _forms(context, split))


def _forms(context: Context, split: str) -> Forms | None:
    found: Boxes = context.collector(split, BOXES)
    boxes, sizes = found.boxes()
    if len(boxes) < _FEWEST or not _are_boxes(context, found.name):
        return None
    if (boxes < 0).any(axis=1).mean() > _OFFSETS:
        raise CannotCheckError("So many numbers are negative that they look like distances from anchors, not boxes.")
    declared, said_by = _declared(context, found.name)
    turned = float(turned_over(boxes).mean())
    if turned >= _TURNED and (measured := _measured_by_loss(context, found.shape, boxes)):
        return Forms(boxes, sizes, "xyxy", measured[0], "xywh", measured[1])
    if declared in ("xyxy", "yxyx") and turned >= _TURNED and outside(boxes, sizes, "xywh").mean() < 0.05:
        return Forms(
            boxes,
            sizes,
            declared,
            said_by,
            "xywh",
            f"Read as corners, {turned:.0%} of {len(boxes)} boxes end before they begin.",
        )
    if declared == "xywh" and turned == 0 and not outside(boxes, sizes, "xyxy").any():
        beyond = float(outside(boxes, sizes, "xywh").mean())
        if beyond >= 0.2:
            text = (
                f"Read as corner and size, {beyond:.0%} of {len(boxes)} boxes leave the image; read as two corners, none does."
            )
            return Forms(boxes, sizes, declared, said_by, "xyxy", text)
    return Forms(boxes, sizes, declared, said_by, None)


def _are_boxes(context: Context, name: str) -> bool:
    model, trail = context.model, context.trail
    outputs = [str(part) for part in getattr(model, "output_names", None) or ()]
    names = [name, *outputs, model.name, type(model).__name__, *(layer.name for layer in model.layers), str(_name(model.loss))]
    return any(re.search(r"box|iou", part, re.IGNORECASE) for part in names) or bool(trail and trail.says(r"b?box(es)?\b"))


def _declared(context: Context, name: str) -> tuple[str | None, str]:
    owners = [context.model, *context.model._flatten_layers(include_self=False)]
    given = {str(form): owner.name for owner in owners if isinstance(form := getattr(owner, "bounding_box_format", None), str)}
    if len(given) == 1:
        form, owner = next(iter(given.items()))
        return form_in(form), f"{owner!r} has bounding_box_format={form!r}"
    if (form := form_in(name)) is not None:
        return form, f"the labels are called {name!r}"
    if context.trail is not None:
        stated = set(
            re.findall(r"(?:bounding_box_format|box_format|bbox_format|\btarget)\s*=\s*[\"']([\w]+)[\"']", context.trail.code)
        )
        if len(stated) == 1 and (form := form_in(stated.pop())) is not None:
            return form, f"the program states the form {form!r}"
    return None, ""


def _measured_by_loss(context: Context, shape: tuple[int, ...], boxes: np.ndarray) -> tuple[str, str] | None:
    """Give every function of the model that compares boxes the truth as the prediction, as it is and turned into corners."""
    for function in _functions(context.model):
        rows = boxes[: max(1, min(64, len(boxes)))].astype("float32")
        turned = corners(rows, "xywh").astype("float32")
        if len(shape) == 3:
            rows, turned = rows[None], turned[None]
        try:
            as_is, as_corners = (float(np.mean(np.asarray(function(part, part)))) for part in (rows, turned))
        except Exception:  # a function of the caller that takes something else
            continue
        is_loss = as_corners < 0.05 < as_is - as_corners
        is_score = as_corners > 0.95 > as_is + 0.05
        if is_loss or is_score:
            return (
                f"{_name(function)} takes corners",
                f"Given the true boxes as the prediction, {_name(function)} returns {as_is:.3g}. With the same boxes turned from corner "
                f"and size into corners it returns {as_corners:.3g}.",
            )
    return None


def _functions(model: Any) -> list[Any]:
    """List the loss and metric functions of a compiled model that are not Keras' own."""
    config = getattr(model, "_compile_config", None)
    given: list[Any] = [model.loss if getattr(model, "compiled", False) else None]
    if config is not None:
        given.append(getattr(model, "_compile_metrics", None) and getattr(model._compile_metrics, "_user_metrics", None))
    found: list[Any] = []
    while given:
        part = given.pop(0)
        if isinstance(part, dict):
            given += list(part.values())
        elif isinstance(part, (list, tuple)):
            given += list(part)
        elif callable(part) and not _is_kerass(part):
            found.append(part)
    return found


def _is_kerass(function: Any) -> bool:
    return (getattr(function, "__module__", None) or "").startswith("keras") or type(function).__module__.startswith("keras")


def _name(thing: Any) -> str:
    return str(getattr(thing, "__name__", None) or getattr(thing, "name", None) or thing)
