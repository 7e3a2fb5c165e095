"""Restore everything that an audit may change: weights, statistics, optimizer state, seeds."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np


@contextmanager
def preserved(model: Any) -> Iterator[None]:
    """Restore all values of `model`, its optimizer and its metrics, and the random states of Python, NumPy, Keras and TensorFlow.

    This takes as much memory as the weights and the state of the optimizer.
    """
    put_seeds_back = _seeds()
    try:
        with values_kept(_variables(model)):
            yield
    finally:
        put_seeds_back()


@contextmanager
def values_kept(variables: Sequence[Any]) -> Iterator[None]:
    """Restore the values of `variables` at the end, bit by bit."""
    values = [np.array(variable.numpy()) for variable in variables]
    try:
        yield
    finally:
        for variable, value in zip(variables, values, strict=True):
            if variable.numpy().tobytes() != value.tobytes():
                variable.assign(value)


def _variables(model: Any) -> list[Any]:
    """List all variables that training could change, each once: weights, statistics, seeds, optimizer state, metrics."""
    found: dict[int, Any] = {}
    optimizer = getattr(model, "optimizer", None)
    for variable in [*model.variables, *(getattr(optimizer, "variables", None) or ()), *_metric_variables(model)]:
        found.setdefault(id(variable), variable)
    return list(found.values())


def _metric_variables(model: Any) -> list[Any]:
    try:
        return [variable for metric in model.metrics for variable in metric.variables]
    except (AttributeError, ValueError):
        return []


def _seeds() -> Callable[[], None]:
    """Save the random states and the counters for automatic layer names, and return the function that restores them."""
    from keras.src.backend.common import global_state  # Keras' own generator and counters have no public name

    python, numpy = random.getstate(), np.random.get_state()
    generator = global_state.get_global_attribute("global_seed_generator")
    state = None if generator is None else np.array(generator.state.numpy())
    uids = dict(global_state.get_global_attribute("object_name_uids") or {})
    eager = _eager_generator()
    eager_state = None if eager is None else eager.getstate()

    def put_back() -> None:
        random.setstate(python)
        np.random.set_state(numpy)
        if generator is not None:
            generator.state.assign(state)
        elif global_state.get_global_attribute("global_seed_generator") is not None:
            global_state.set_global_attribute("global_seed_generator", None)
        if (counters := global_state.get_global_attribute("object_name_uids")) is not None:
            counters.clear()
            counters.update(uids)
        if eager is not None and eager_state is not None:
            eager.setstate(eager_state)

    return put_back


def _eager_generator() -> random.Random | None:
    """Return the generator that `tf.random.set_seed` seeds for operations outside graphs."""
    try:
        from tensorflow.python.eager import context
    except ImportError:
        return None
    return getattr(context.context(), "_rng", None)
