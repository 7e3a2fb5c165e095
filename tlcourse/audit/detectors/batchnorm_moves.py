"""`batchnorm-moves`: BatchNorm layers run in training mode inside a backbone that should keep its statistics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.data.structures import take
from tlcourse.audit.detector import Detector
from tlcourse.audit.model.anatomy import Part, backbone_part, is_batchnorm
from tlcourse.audit.model.preserve import values_kept
from tlcourse.audit.model.pretrained import drawn_of
from tlcourse.audit.report import Finding

_BATCH = 16


def _check(context: Context) -> Iterator[Finding]:
    import keras

    model = context.model
    part = backbone_part(context)
    if part is None:
        raise CannotCheckError("No backbone was found in the model; name it with backbone=.")
    if not part.batchnorms:
        return
    if not getattr(model, "compiled", False):
        raise CannotCheckError(
            "The model is not compiled. In a training loop of your own, the loop decides in which mode the layers run."
        )
    if type(model).train_step is not keras.Model.train_step:
        raise CannotCheckError(
            "The model has its own train_step. Pass before=tlcourse.snapshot(model), and audit it after a fit."
        )

    frozen = [v for v in part.kernels if not v.trainable]
    asked = _asked_for_inference(model, part)
    if not (frozen or asked):
        return  # the whole network trains, with its statistics, as in its pre-training
    if asked and not frozen and drawn_of(context, part).is_fresh:
        return
    batch = context.first_batch("train")
    moved = _moving(context, part, take(batch.inputs, slice(0, _BATCH)))
    if not moved:
        return
    largest = max(change for _, change in moved)
    partly = len(frozen) < len(part.kernels)
    yield Finding(
        "batchnorm-moves",
        "warning" if partly else "serious",
        f"{len(moved)} of {len(part.batchnorms)} BatchNorm layers of {part.name!r} run in training mode",
        {
            "sentence": f"One training step on {min(_BATCH, batch.size)} examples moved the statistics of {len(moved)} BatchNorm "
            f"layers, such as {moved[0][0]!r}, while {len(frozen)} of {len(part.kernels)} kernels of the backbone are frozen.",
            "moved": len(moved),
            "batchnorm_layers": len(part.batchnorms),
            "frozen_kernels": len(frozen),
            "kernels": len(part.kernels),
            "largest_change": largest,
        },
        _why(context, part, moved[0][0], asked),
        "Freeze the BatchNorm layers just before compile():\n"
        "for layer in model._flatten_layers():\n"
        "    if isinstance(layer, keras.layers.BatchNormalization):\n"
        "        layer.trainable = False\n"
        "or use tlcourse.unfreeze(model, from_block=...), which does this.",
    )


def _why(context: Context, part: Part, first_moved: str, asked: bool) -> str:
    """Say what the moving statistics do to this backbone: to its pretrained averages, to frozen layers, to `training=False`."""
    learned = drawn_of(context, part).is_learned
    why = "fit() replaces the statistics " + ("of the pre-training " if learned else "") + "by those of your batches"
    if _frozen_after(part, first_moved):
        why += (
            ", and frozen layers after them get inputs that they were not trained for"
            if learned
            else ", and frozen layers follow"
        )
    why += "."
    if asked:
        why += (
            f" `{part.name}(x, training=False)` does not prevent it: in a functional model, fit() overrides that argument if the "
            "BatchNorm layers are trainable."
        )
    return why


def _frozen_after(part: Part, name: str) -> bool:
    """Tell whether layers with frozen weights follow the BatchNorm layer of this name."""
    from tlcourse.finetune.blocks import batchnorms_in
    from tlcourse.finetune.summary import weights_of

    at = next((i for i, unit in enumerate(part.units) if any(layer.name == name for layer in batchnorms_in(unit))), 0)
    return any(not v.trainable for unit in part.units[at + 1 :] if not is_batchnorm(unit) for v in weights_of(unit))


def _moving(context: Context, part: Part, inputs: Any) -> list[tuple[str, float]]:
    """Run one batch in training mode, list the BatchNorm layers whose statistics moved, and restore all values."""
    layers = part.batchnorms
    before = [(layer.moving_mean.numpy(), layer.moving_variance.numpy()) for layer in layers]
    with values_kept([*context.model.non_trainable_variables, *_seeds(context.model)]):
        context.forward(inputs, training=True)
        after = [(layer.moving_mean.numpy(), layer.moving_variance.numpy()) for layer in layers]
    changes = [
        (layer.name, max(_change(a, b) for a, b in zip(old, new, strict=True)))
        for layer, old, new in zip(layers, before, after, strict=True)
    ]
    return [(name, change) for name, change in changes if change > 0]


def _seeds(model: Any) -> list[Any]:
    return [variable for variable in model.variables if "seed" in variable.path]


def _change(before: np.ndarray, after: np.ndarray) -> float:
    size = float(np.linalg.norm(before))
    change = float(np.linalg.norm(after - before))
    return change / size if size else change


def _asked_for_inference(model: Any, part: Part) -> bool:
    """Tell whether the nested backbone is called with training=False somewhere, to keep its statistics."""
    return any(
        node.arguments.kwargs.get("training") is False
        for node in getattr(part.layer, "_inbound_nodes", ())
        if hasattr(node, "arguments")
    )


DETECTOR = Detector(("batchnorm-moves",), _check)
