"""What a module takes: the structure and the types of its inputs, and values brought into that form."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class InputForm:
    """The inputs that a module was saved with: one tensor, or several in a dictionary or a list.

    Args:
        variants: Structures of `tf.TensorSpec`, one for each function that the module was saved with. A module may take several types.
    """

    def __init__(self, variants: Iterable[Any]) -> None:
        self.variants = list(variants)

    @property
    def names(self) -> list[str]:
        """Names of the inputs; none where they are not in a dictionary."""
        return sorted(self.variants[0]) if isinstance(self.variants[0], dict) else []

    @property
    def takes_whole_numbers(self) -> bool:
        """Whether the module takes one tensor of whole numbers, such as raw pixels from 0 to 255."""
        return all(hasattr(form, "dtype") and form.dtype.is_integer for form in self.variants)

    def fit(self, values: Any) -> Any:
        """Bring values into the module's structure, and cast each to the type that the module was saved with.

        Floats are rounded where the module takes whole numbers, and cut to the range of their type.

        Args:
            values: A tensor, or tensors in a dictionary or list. A tensor is enough where the module has one named input.

        Raises:
            ValueError: If there are other inputs than the module has, by name or by number.
            TypeError: If the module takes text and there are numbers, or the reverse.
        """
        first = self.variants[0]
        if isinstance(first, dict):
            values = self._by_name(values, first)
        elif isinstance(values, dict):
            if len(values) != 1 or isinstance(first, list | tuple):
                raise ValueError(f"The module takes {self}, without names. Received: inputs={sorted(values)}.")
            values = next(iter(values.values()))
        if isinstance(first, list | tuple):
            if not isinstance(values, list | tuple) or len(values) != len(first):
                received = f"{len(values)} inputs" if isinstance(values, list | tuple) else type(values).__name__
                raise ValueError(f"The module takes {self}, as a list. Received: inputs={received}.")
        elif isinstance(values, list | tuple) and not isinstance(first, dict):
            raise ValueError(f"The module takes {self}. Received: inputs={len(values)} tensors.")
        form = next((form for form in self.variants if _same_types(values, form)), first)
        return _cast_all(values, form)

    def __str__(self) -> str:
        form = self.variants[0]
        if isinstance(form, dict):
            return f"a dictionary of {', '.join(f'{name} ({form[name].dtype.name})' for name in sorted(form))}"
        if isinstance(form, list | tuple):
            return f"{len(form)} inputs"
        return f"one input ({form.dtype.name})"

    def _by_name(self, values: Any, form: dict[str, Any]) -> dict[str, Any]:
        if not isinstance(values, dict):
            if len(form) == 1 and not isinstance(values, list | tuple):
                return {next(iter(form)): values}
            raise ValueError(f"The module takes {self}. Received: inputs={type(values).__name__}.")
        if len(form) == len(values) == 1:
            return {next(iter(form)): next(iter(values.values()))}
        if set(values) != set(form):
            raise ValueError(f"The module takes {self}. Received: inputs={sorted(values)}.")
        return values


def _same_types(values: Any, form: Any) -> bool:
    import keras

    pairs = zip(_leaves(values, form), _leaves(form, form), strict=True)
    return all(keras.backend.standardize_dtype(value.dtype) == spec.dtype.name for value, spec in pairs)


def _leaves(values: Any, form: Any) -> list[Any]:
    if isinstance(form, dict):
        return [values[name] for name in sorted(form)]
    return list(values) if isinstance(form, list | tuple) else [values]


def _cast_all(values: Any, form: Any) -> Any:
    if isinstance(form, dict):
        return {name: _cast(values[name], form[name], name) for name in form}
    if isinstance(form, list | tuple):
        return type(form)(_cast(value, spec, f"inputs[{i}]") for i, (value, spec) in enumerate(zip(values, form, strict=True)))
    return _cast(values, form, "inputs")


def _cast(value: Any, spec: Any, name: str) -> Any:
    import tensorflow as tf

    if not hasattr(value, "dtype"):
        value = tf.convert_to_tensor(value)
    given, wanted = tf.as_dtype(value.dtype), spec.dtype
    if given == wanted:
        return value
    if tf.string in (given, wanted):
        raise TypeError(f"The module takes {wanted.name} for `{name}`. Received: {name}.dtype={given.name}.")
    if given.is_floating and wanted.is_integer and isinstance(value, tf.Tensor):
        return tf.saturate_cast(tf.round(tf.cast(value, tf.float64)), wanted)  # float16 cannot hold the limits of int32
    return tf.cast(value, wanted)
