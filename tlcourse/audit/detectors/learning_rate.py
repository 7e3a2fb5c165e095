"""Finding 4: a learning rate that destroys unfrozen pretrained weights, and an optimizer that does not know them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.detector import Detector
from tlcourse.audit.detectors.random_weights import is_pretrained
from tlcourse.audit.model.anatomy import Part, backbone_part
from tlcourse.audit.model.loaded_vectors import loaded_vectors
from tlcourse.audit.model.optimizers import ADAPTIVE, inner_optimizer, known_variables, rate_for
from tlcourse.audit.report import Finding, NotChecked

# Adam at 1e-2 brought a fine-tuned network to chance, 1e-3 was below the frozen one, 1e-4 and 1e-5 were not.
_ADAPTIVE_HIGH, _ADAPTIVE_RUINOUS = 1e-3, 1e-2
_PLAIN_HIGH, _PLAIN_RUINOUS = 0.2, 1.0  # stochastic gradient descent, over 1 - momentum


def _check_rate(context: Context) -> Iterator[Finding]:
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
        sentence += f" Their values are {typical:.3g} in size (median), and one step moves each by about {rate:g}: "
        sentence += f"{rate / typical:.1%} a step."
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
        "Steps of this size overwrite what the backbone learned before the head has anything to say about it.",
        f"Keep them as they were loaded, if that is meant, and compile again:\nmodel.get_layer({part.name!r}).trainable = False"
        if all(type(unit).__name__ == "Embedding" for unit in part.units)
        else "Compile again before fine-tuning, with a rate 10 to 100 times smaller:\n"
        "model.compile(keras.optimizers.Adam(1e-5), loss=..., metrics=[...])",
    )


def _check_coverage(context: Context) -> Iterator[Finding | NotChecked]:
    model = context.model
    if inner_optimizer(model) is None:
        raise CannotCheckError("The model is not compiled, so it has no optimizer.")
    known = known_variables(model)
    if known is None:
        return  # not built: it learns of the variables at the first fit
    inside = {id(variable) for variable in known} | {variable.path for variable in known}
    unknown = [v for v in model.trainable_variables if id(v) not in inside and v.path not in inside]
    if not unknown:
        return
    evidence = {
        "sentence": f"The optimizer keeps state for {len(known)} variables; {len(unknown)} of the model's "
        f"{len(model.trainable_variables)} trainable ones are not among them, first {unknown[0].path!r}.",
        "known": len(known),
        "trainable": len(model.trainable_variables),
        "unknown": len(unknown),
    }
    fix = "Compile again after every change of `trainable`, with a new optimizer:\n"
    fix += "model.compile(keras.optimizers.Adam(1e-5), loss=..., metrics=[...])"
    if getattr(model, "train_function", None) is not None:
        yield Finding(
            "not-recompiled",
            "serious",
            "Layers were unfrozen after compile(), so fit() goes on without them",
            evidence,
            "Keras reads the flags when it builds its training step. The model's trainable_weights look right, yet the step that "
            "fit() runs still leaves these layers as they are, without a warning.",
            fix,
        )
        return
    yield Finding(
        "optimizer-coverage",
        "serious",
        "The optimizer was built for other variables than those that train now",
        evidence,
        'The next fit() stops with "Unknown variable", because an optimizer takes in no variables after its first step.',
        fix,
    )


def _trains(model: Any, variable: Any) -> bool:
    return bool(getattr(model, "trainable", True) and variable.trainable)


DETECTORS = (
    Detector(("learning-rate",), _check_rate),
    Detector(("not-recompiled", "optimizer-coverage"), _check_coverage),
)
