"""A loaded SavedModel as one function: which of its functions is called, how, and with which variables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tlcourse.hub.inputs import InputForm


class LoadedModule:
    """Call a SavedModel whatever its style: TF2 objects that are callable, or signatures as TF1 exported them.

    Which variables train is what the module lists as `trainable_variables`, or each variable's own flag where it lists none.

    Args:
        folder: A folder with `saved_model.pb`.
        signature: Name of a signature; None calls the object itself where it is callable, else its only or default signature.
        output_key: Which output, where there are several: a name, or a number where they have none. None returns the one that is
            called "default", or all of them.

    Raises:
        ValueError: If there is no such signature or output, if a choice has to be made, or if the inputs are no single argument.
    """

    def __init__(self, folder: Path, signature: str | None, output_key: str | int | None) -> None:
        import tensorflow as tf

        _revive_optimizers()
        self.loaded = tf.saved_model.load(str(folder))  # keeps the variables alive
        signatures = self.loaded.signatures
        self.is_signature = signature is not None or not callable(self.loaded)
        if self.is_signature:
            self.function = signatures[_choose_signature(signature, signatures)]
            self.takes_training = False
            functions = [self.function]
            self.inputs = InputForm([dict(self.function.structured_input_signature[1])])
        else:
            self.function = self.loaded.__call__
            arguments = self.function.function_spec.fullargspec
            self.takes_training = "training" in [*arguments.args, *arguments.kwonlyargs]
            functions = self.function.concrete_functions
            self.inputs = InputForm(_first_arguments(functions))
        outputs = functions[0].structured_outputs
        self.key = _checked_key(output_key, outputs)
        unique = {id(variable): variable for function in functions for variable in function.variables}
        self.variables = list(unique.values())
        named = {id(variable) for variable in getattr(self.loaded, "trainable_variables", None) or ()}
        self.trains = [id(v) in named if named else bool(v.trainable) for v in self.variables]
        self.regularizers = list(getattr(self.loaded, "regularization_losses", None) or [])

    def __call__(self, inputs: Any, training: bool) -> Any:
        values = self.inputs.fit(inputs)
        if self.is_signature:
            outputs = self.function(**values)
        elif self.takes_training:
            outputs = self.function(values, training=training)
        else:
            outputs = self.function(values)
        return outputs if self.key is None else outputs[self.key]


def _first_arguments(functions: list[Any]) -> list[Any]:
    """Return what each saved function takes as its first argument, of those functions that take no further tensors.

    Raises:
        ValueError: If there is none.
    """
    import tensorflow as tf

    found = []
    for function in functions:
        (first, *others), named = function.structured_input_signature
        if first is not None and not any(isinstance(leaf, tf.TypeSpec) for leaf in tf.nest.flatten([others, named])):
            found.append(first)
    if not found:
        counts = sorted({len(function.inputs) for function in functions}) if functions else []
        raise ValueError(
            "HubLayer passes one argument: a tensor, or a dictionary or list of tensors. This module takes several arguments, or "
            f"was saved without a function. Choose a signature, signature=..., where it has one. Received: tensors={counts}."
        )
    return found


def _checked_key(key: str | int | None, outputs: Any) -> str | int | None:
    """Return the key of the output to use; None for all of them."""
    if isinstance(outputs, dict):
        if key is None:
            return "default" if "default" in outputs else (next(iter(outputs)) if len(outputs) == 1 else None)
        if key not in outputs:
            raise ValueError(f"The module has no output {key!r}. It has: {sorted(outputs)}. Received: output_key={key!r}.")
        return key
    if key is None:
        return None
    if not isinstance(outputs, list | tuple):
        raise ValueError(f"The module has one output without a name. Remove output_key. Received: output_key={key!r}.")
    if isinstance(key, bool) or not isinstance(key, int) or not 0 <= key < len(outputs):
        raise ValueError(
            f"The module has {len(outputs)} outputs without names. Choose one by its number, from 0 to {len(outputs) - 1}. "
            f"Received: output_key={key!r}."
        )
    return key


def _choose_signature(wanted: str | None, signatures: Any) -> str:
    names = list(signatures)
    if wanted is not None and wanted not in names:
        raise ValueError(f"The module has no signature {wanted!r}. It has: {names}. Received: signature={wanted!r}.")
    chosen = wanted or next((name for name in ("serving_default", "default") if name in names), None)
    if chosen is None and len(names) == 1:
        chosen = names[0]
    if chosen is None:
        raise ValueError(f"The module is not callable; choose one of its signatures: {names}. Received: signature=None.")
    return chosen


def _revive_optimizers() -> None:
    """Let SavedModels load that hold the state of a Keras 2 optimizer; only the package tf_keras knows that kind of object."""
    import tensorflow as tf

    load = tf.__internal__.saved_model.load
    if "optimizer" in load.registered_identifiers():
        return

    class StoredOptimizer(tf.__internal__.tracking.AutoTrackable):
        """Hold the slots that the file names, and do nothing with them."""

        def add_slot(self, var: Any, slot_name: str, **options: Any) -> Any:
            return tf.Variable(tf.zeros_like(var), trainable=False, name=slot_name)

    version = load.VersionedTypeRegistration(
        object_factory=lambda proto: StoredOptimizer(), version=1, min_producer_version=1, min_consumer_version=1
    )
    load.register_revived_type("optimizer", lambda thing: isinstance(thing, StoredOptimizer), versions=[version])
