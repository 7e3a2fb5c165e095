"""`learning-rate`: the learning rate is too high for the pretrained weights that are not frozen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.detector import Detector
from tlcourse.audit.model.anatomy import Part, backbone_part
from tlcourse.audit.model.loaded_vectors import loaded_vectors
from tlcourse.audit.model.optimizers import ADAPTIVE, inner_optimizer, rate_for
from tlcourse.audit.model.pretrained import is_pretrained
from tlcourse.audit.report import Finding

# Measured on a fine-tuned network: Adam at 1e-2 ended at chance, at 1e-3 below the frozen network, at 1e-4 and 1e-5 above it.
_ADAPTIVE_HIGH, _ADAPTIVE_RUINOUS = 1e-3, 1e-2
_PLAIN_HIGH, _PLAIN_RUINOUS = 0.2, 1.0  # stochastic gradient descent, divided by 1 - momentum


def _check(context: Context) -> Iterator[Finding]:
    part = backbone_part(context)
    optimizer = inner_optimizer(context.model)
    vectors = loaded_vectors(context.model) if part is None else None
    part = part or vectors
    if part is None:
        raise CannotCheckError("No backbone was found in the model; name it with backbone=.")
    if optimizer is None:
        raise CannotCheckError("The model is not compiled, so its learning rate is not known.")
    open_kernels = [v for v in part.kernels if v.trainable and _trains(context.model, v)]
    if not open_kernels or not (vectors is not None or is_pretrained(context, part)):
        return
    rates = [(rate, kind, v) for v in open_kernels if (found := rate_for(optimizer, v)) for rate, kind in [found]]
    if not rates:
        raise CannotCheckError(f"The learning rate of {type(optimizer).__name__} could not be read.")
    rate, kind, _ = max(rates, key=lambda row: row[0])
    adaptive = kind in ADAPTIVE
    momentum = float(getattr(optimizer, "momentum", 0.0) or 0.0) if not adaptive else 0.0
    step = rate if adaptive else rate / max(1e-3, 1 - momentum)
    high, ruinous = (_ADAPTIVE_HIGH, _ADAPTIVE_RUINOUS) if adaptive else (_PLAIN_HIGH, _PLAIN_RUINOUS)
    if step < high * 0.999:
        return
    yield _finding(part, open_kernels, kind, rate, momentum, "serious" if step >= ruinous * 0.999 else "warning", adaptive)


def _finding(part: Part, kernels: list[Any], kind: str, rate: float, momentum: float, severity: Any, adaptive: bool) -> Finding:
    sizes = [float(np.sqrt(np.mean(np.square(v.numpy())))) for v in kernels if len(v.shape) > 1] or [1.0]
    typical = float(np.median(sizes))
    sentence = f"{kind} with learning rate {rate:g} trains {len(kernels)} pretrained tensors of {part.name!r}."
    if adaptive:
        sentence += f" Their values have a typical size of {typical:.3g}, and one step moves each by about {rate:g}: {rate / typical:.1%}."
    return Finding(
        "learning-rate",
        severity,
        f"A learning rate of {rate:g} is too high for pretrained weights",
        {
            "sentence": sentence,
            "learning_rate": rate,
            "momentum": momentum,
            "unfrozen_tensors": len(kernels),
            "median_size_of_weights": typical,
        },
        f"About {max(1, typical / rate):.0f} steps in one direction move a weight by its own size, and what it had learned is gone."
        if adaptive
        else "Steps of this size can overwrite what the backbone learned within a few batches.",
        f"Freeze them if they should stay as they were loaded, and compile again:\nmodel.get_layer({part.name!r}).trainable = False"
        if all(type(unit).__name__ == "Embedding" for unit in part.units)
        else "Compile again before fine-tuning, with a rate 10 to 100 times smaller:\n"
        "model.compile(keras.optimizers.Adam(1e-5), loss=..., metrics=[...])",
    )


def _trains(model: Any, variable: Any) -> bool:
    return bool(getattr(model, "trainable", True) and variable.trainable)


DETECTOR = Detector(("learning-rate",), _check)
