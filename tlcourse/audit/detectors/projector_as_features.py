"""`projector-as-features`: after contrastive training, a classifier learns on the projector's output and not on the encoder's."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tlcourse.audit.context import Context
from tlcourse.audit.data.structures import leaves
from tlcourse.audit.data.trail import Projector
from tlcourse.audit.detector import Detector
from tlcourse.audit.model.contrast import is_contrastive
from tlcourse.audit.report import Finding, NotChecked


def _check(context: Context) -> Iterator[Finding | NotChecked]:
    if context.trail is None:
        if is_contrastive(context.model):
            yield NotChecked("projector-as-features", "Only a whole program shows what is done with the features afterwards.")
        return
    if is_contrastive(context.model):
        return
    found = _inside(context)
    how = "is a part of the classifier"
    if found is None:
        found, how = _made_the_inputs(context), "computed the features that fit() gets"
    if found is None:
        return
    width = int(found.last.weights[0].shape[-1])
    owner = context.trail.name_of(found.model) or "model"
    encoder = next((name for name in ("encoder", "backbone", "base") if hasattr(found.model, name)), None)
    features = f"{owner}.{encoder}" if encoder else context.trail.name_of(_encoder(found)) or "encoder"
    yield Finding(
        "projector-as-features",
        "warning",
        f"The features come from the projector {found.name!r} of the contrastive training",
        {
            "sentence": f"{found.name!r}, which was trained with a contrastive loss at an earlier fit(), {how}. Its output has "
            f"{width} values.",
            "width": width,
        },
        "The contrastive loss makes the projector forget what the two views do not share, such as colour and position. Chen et al. "
        "(2020, SimCLR) measured more than 10 points less accuracy on the projector's output than on the encoder's.",
        f"Throw the projector away, and use the output of the encoder before it:\nfeatures = {features}.predict(x)\n"
        f"or, as a part of the classifier, {features}(inputs)",
    )


def _inside(context: Context) -> Projector | None:
    """Return the projector whose last layer, or a copy of it, is a part of the model."""
    assert context.trail is not None
    layers = [layer for layer in context.model._flatten_layers(include_self=False) if layer.weights]
    for projector in context.trail.projectors:
        last = projector.last
        for layer in layers:
            if layer is last or (type(layer) is type(last) and _same_values(layer, last)):
                return projector
    return None


def _same_values(one: object, other: object) -> bool:
    a, b = one.weights[0], other.weights[0]  # type: ignore[attr-defined]
    return tuple(a.shape) == tuple(b.shape) and bool(np.array_equal(a.numpy(), b.numpy()))


def _made_the_inputs(context: Context) -> Projector | None:
    assert context.trail is not None
    for _, leaf in leaves(context.sample("train").inputs):
        if isinstance(leaf, np.ndarray) and (found := context.trail.projector_of(leaf)) is not None:
            return found
    return None


def _encoder(projector: Projector) -> object:
    """Return the part of the model before the projector."""
    before = [part for part in projector.model.layers if part.weights and part not in projector.layers]
    return before[-1] if before else None


DETECTOR = Detector(("projector-as-features",), _check)
