"""What any Keras optimizer tells: learning rates, steps taken, the variables that it trains."""

from __future__ import annotations

from typing import Any

import numpy as np

ADAPTIVE = ("Adam", "AdamW", "Nadam", "RMSprop", "Adamax", "Adagrad", "Adadelta", "Lion", "Lamb", "Adafactor", "Ftrl", "Muon")
_STEPS = (0, 1, 10, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)


def inner_optimizer(model: Any) -> Any:
    """Return the optimizer of a compiled model without the wrapper that scales the loss; None if the model is not compiled."""
    if not getattr(model, "compiled", False):
        return None
    optimizer = getattr(model, "optimizer", None)
    return getattr(optimizer, "inner_optimizer", optimizer)


def parts_of(optimizer: Any) -> list[Any]:
    """List the optimizers inside an optimizer that holds several; otherwise the optimizer itself."""
    for name in ("optimizers", "_optimizers"):
        inner = getattr(optimizer, name, None)
        if isinstance(inner, (list, tuple)) and inner:
            return [part for optimizer_ in inner for part in parts_of(optimizer_)]
    return [optimizer]


def rate_of(optimizer: Any) -> float | None:
    """Return the highest learning rate that the optimizer or its schedule reaches in 10,000 steps."""
    rate = getattr(optimizer, "_learning_rate", getattr(optimizer, "learning_rate", None))
    if rate is None:
        return None
    if callable(rate) and not hasattr(rate, "numpy"):
        values = [rate(step) for step in _STEPS]
        return max(float(np.asarray(value)) for value in values)
    return float(np.asarray(rate.numpy() if hasattr(rate, "numpy") else rate))


def highest_learning_rate(model: Any) -> float | None:
    """Return the highest learning rate of a compiled model; None if there is none."""
    optimizer = inner_optimizer(model)
    if optimizer is None:
        return None
    rates = [rate for part in parts_of(optimizer) if (rate := rate_of(part)) is not None]
    return max(rates, default=None)


def rate_for(optimizer: Any, variable: Any) -> tuple[float, str] | None:
    """Return the learning rate for one variable, and the name of the optimizer that trains it."""
    chosen = optimizer
    if callable(choose := getattr(optimizer, "_optimizer_map", None)):
        chosen = choose(variable)
    rate = rate_of(chosen)
    return None if rate is None else (rate, type(chosen).__name__)


def steps_taken(model: Any) -> int:
    """Return how many steps the optimizer has taken; 0 if the model is not compiled."""
    optimizer = inner_optimizer(model)
    iterations = getattr(optimizer, "iterations", None)
    return 0 if iterations is None else int(np.asarray(iterations.numpy() if hasattr(iterations, "numpy") else iterations))


def known_variables(model: Any) -> list[Any] | None:
    """List the variables that a built optimizer keeps state for; None before its first step."""
    optimizer = inner_optimizer(model)
    if optimizer is None or not getattr(optimizer, "built", False):
        return None
    known = [v for part in parts_of(optimizer) for v in (getattr(part, "_trainable_variables", None) or ())]
    return known or None


def unknown_variables(model: Any) -> list[Any]:
    """List the trainable variables of the model that its optimizer keeps no state for; empty before its first step."""
    known = known_variables(model)
    if known is None:
        return []
    inside = {id(variable) for variable in known} | {variable.path for variable in known}
    return [v for v in model.trainable_variables if id(v) not in inside and v.path not in inside]


def evidence_of_unknown(model: Any, unknown: list[Any]) -> dict[str, Any]:
    """Return the evidence of a finding on variables that the optimizer does not know."""
    known, trainable = known_variables(model) or [], model.trainable_variables
    return {
        "sentence": f"The optimizer keeps state for {len(known)} variables. {len(unknown)} of the {len(trainable)} trainable ones are "
        f"not among them, such as {unknown[0].path!r}.",
        "known": len(known),
        "trainable": len(trainable),
        "unknown": len(unknown),
    }
