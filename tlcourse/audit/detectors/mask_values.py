"""`mask-values`: masks hold values that no class stands for, or values between two classes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.data.masks import MASKS, Masks, blurred_share, thin_classes
from tlcourse.audit.data.structures import leaves
from tlcourse.audit.detector import Detector
from tlcourse.audit.model.losses import loss_kind
from tlcourse.audit.model.task import metric_names
from tlcourse.audit.model.trace import first_run
from tlcourse.audit.report import Finding, NotChecked


def _check(context: Context) -> Iterator[Finding | NotChecked]:
    for split in context.readable_splits():
        try:
            masks: Masks = context.collector(split, MASKS)
        except CannotCheckError:
            continue
        if not len(masks.kept) or masks.same_as_input:
            continue
        said = _of_split(context, split, masks)
        if said is not None:
            yield said
            return


def _of_split(context: Context, split: str, masks: Masks) -> Finding | NotChecked | None:
    units = _units(context, masks)
    kind = loss_kind(_loss(context, masks.name))
    numbers = masks.kept.ndim == 3 and (units or 0) >= 2
    if not numbers and not _are_masks(context, masks):
        return None
    if (share := blurred_share(masks.kept)) and (not numbers or kind is None or kind.kind == "sparse"):
        return _blurred(split, masks, share)
    whole = bool((masks.kept == np.round(masks.kept)).all())
    if context.shared.get("loss_explained") or units is None:
        return None
    highest = units - 1 if numbers else 1
    if whole and (masks.high > highest or masks.low < 0) and not (kind and kind.ignored in (masks.low, masks.high)):
        return _beyond(context, split, masks, highest, kind is not None)
    if whole and numbers and (thin := thin_classes(masks.kept)):
        return NotChecked(
            "mask-values",
            f"Class {thin[0]} occurs only in thin lines between lower and higher classes. It is a class of borders, or masks were "
            "blurred and rounded.",
        )
    return None


def _blurred(split: str, masks: Masks, share: float) -> Finding:
    between = masks.kept[np.abs(masks.kept - np.round(masks.kept)) > 1e-3]
    return Finding(
        "mask-values",
        "serious",
        f"The {split} masks have values between the classes",
        {
            "sentence": f"{share:.1%} of the pixels of {len(masks.kept)} masks, all along borders, have values such as "
            f"{float(between[0]):.3g}. All others are whole numbers.",
            "share": share,
        },
        "Resizing or turning with bilinear interpolation averages class numbers. Halfway between class 0 and class 2 it writes "
        "class 1, and what it writes at the border of any two classes is neither of them.",
        "Resize and turn masks with the nearest neighbour:\n"
        'mask = tf.image.resize(mask, size, method="nearest")\n'
        'or keras.layers.Resizing(height, width, interpolation="nearest")',
    )


def _beyond(context: Context, split: str, masks: Masks, highest: int, builtin: bool) -> Finding | NotChecked:
    value = masks.high if masks.high > highest else masks.low
    trail = context.trail
    takes = None if builtin or highest != 1 else _takes_as_they_are(context, masks)
    known = builtin or (takes if takes is not None else trail is not None and not trail.says(rf"ignore|void|\b{value:g}\b"))
    if not known:
        return NotChecked("mask-values", f"Masks hold the value {value:g}, which the loss of this model may leave out.")
    return Finding(
        "mask-values",
        "serious",
        f"The {split} masks hold the value {value:g}, and the model has the classes 0 to {highest}",
        {
            "sentence": f"Masks have values from {masks.low:g} to {masks.high:g}.",
            "lowest": masks.low,
            "highest": masks.high,
        },
        "No output stands for these pixels. The loss fails on them, or counts them with a wrong weight.",
        'mask = (mask > 0).astype("float32")  # masks of 0 and 255'
        if highest == 1
        else f"Leave these pixels out:\nloss=keras.losses.SparseCategoricalCrossentropy(ignore_class={value:g})",
    )


def _takes_as_they_are(context: Context, masks: Masks) -> bool | None:
    """Tell whether a loss of the program's own takes large values as they are, and does not scale them first; None if it fails."""
    loss = _loss(context, masks.name)
    truth = masks.kept[:4, ..., None]
    scaled = (truth > 0).astype("float32")
    try:
        as_is, on_one = (float(np.mean(np.asarray(loss(part, scaled)))) for part in (truth, scaled))
    except Exception:  # a loss of the caller that takes something else
        return None
    return abs(as_is - on_one) > 1e-3 * max(1.0, abs(on_one))


def _units(context: Context, masks: Masks) -> int | None:
    """Return the size of the last axis of the output that belongs to the masks."""
    try:
        outputs = leaves(first_run(context).output)
    except CannotCheckError:
        return None
    fitting = [(name, np.shape(leaf)) for name, leaf in outputs if np.shape(leaf)[1:3] == masks.kept.shape[1:3]]
    named = [shape for name, shape in fitting if name == masks.name]
    shapes = named or [shape for _, shape in fitting]
    return int(shapes[0][-1]) if len(shapes) == 1 and len(shapes[0]) == 4 else None


def _loss(context: Context, name: str) -> Any:
    loss = getattr(context.model, "loss", None)
    return loss.get(name) if isinstance(loss, dict) else loss


def _are_masks(context: Context, masks: Masks) -> bool:
    """Tell labels that are masks from labels that are images, by their names and by the channels of the images."""
    model, trail = context.model, context.trail
    names = [
        masks.name,
        model.name,
        type(model).__name__,
        *(metric_names(model) or ()),
        str(getattr(model.loss, "__name__", "")),
    ]
    names += [*(layer.name for layer in model.layers), type(getattr(model, "loss", None)).__name__]
    if any(re.search(r"mask|segm|iou|dice|jaccard|tversky", name, re.IGNORECASE) for name in names):
        return True
    return (masks.channels >= 3 and masks.kept.ndim == 3) or bool(trail and trail.says(r"masks?\b|segment"))


DETECTOR = Detector(("mask-values",), _check)
