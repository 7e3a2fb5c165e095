"""A loaded SavedModel as one function: which of its functions is called, how, and with which variables."""

from __future__ import annotations

from pathlib import Path
from typing import Any


class LoadedModule:
    """Call a SavedModel whatever its style: TF2 objects that are callable, or signatures as TF1 exported them.

    Which variables train is what the module lists as `trainable_variables`, or each variable's own flag where it lists none.

    Args:
        folder: with `saved_model.pb`.
        signature: name of a signature; None calls the object itself where it is callable, else its only or default signature.
        output_key: which output, where there are several; None where there is one.

    Raises:
        ValueError: no such signature, or a choice has to be made.
    """

    def __init__(self, folder: Path, signature: str | None, output_key: str | None) -> None:
        import tensorflow as tf

        _revive_optimizers()
        self.loaded = tf.saved_model.load(str(folder))  # keeps the variables alive
        self.output_key = output_key
        signatures = self.loaded.signatures
        self.is_signature = signature is not None or not callable(self.loaded)
        if self.is_signature:
            self.function = signatures[_choose_signature(signature, signatures)]
            names = list(self.function.structured_input_signature[1])
            if len(names) != 1:
                raise ValueError(
                    f"The signature takes {len(names)} inputs ({', '.join(names)}); HubLayer serves modules with one."
                )
            self.input_name, self.takes_training = names[0], False
            functions = [self.function]
        else:
            self.function = self.loaded.__call__
            arguments = self.function.function_spec.fullargspec
            self.input_name = ""
            self.takes_training = "training" in [*arguments.args, *arguments.kwonlyargs]
            functions = self.function.concrete_functions
        unique = {id(variable): variable for function in functions for variable in function.variables}
        self.variables = list(unique.values())
        named = {id(variable) for variable in getattr(self.loaded, "trainable_variables", None) or ()}
        self.trains = [id(v) in named if named else bool(v.trainable) for v in self.variables]
        self.regularizers = list(getattr(self.loaded, "regularization_losses", None) or [])

    def __call__(self, inputs: Any, training: bool) -> Any:
        if self.is_signature:
            outputs = self.function(**{self.input_name: inputs})
        elif self.takes_training:
            outputs = self.function(inputs, training=training)
        else:
            outputs = self.function(inputs)
        return self._pick(outputs)

    def _pick(self, outputs: Any) -> Any:
        if not isinstance(outputs, dict):
            if self.output_key is not None:
                raise ValueError(f"The module has one output without a name. Remove output_key={self.output_key!r}.")
            return outputs
        if self.output_key is None and len(outputs) > 1 and "default" not in outputs:
            raise ValueError(f"The module has several outputs. Choose one: output_key= one of {sorted(outputs)}.")
        key = self.output_key if self.output_key is not None else ("default" if "default" in outputs else next(iter(outputs)))
        if key not in outputs:
            raise ValueError(f"The module has no output {key!r}. It has: {sorted(outputs)}. Received: output_key={key!r}.")
        return outputs[key]


def _choose_signature(wanted: str | None, signatures: Any) -> str:
    names = list(signatures)
    if wanted is not None and wanted not in names:
        raise ValueError(f"The module has no signature {wanted!r}. It has: {names}. Received: signature={wanted!r}.")
    chosen = wanted or next((name for name in ("serving_default", "default") if name in names), None)
    if chosen is None and len(names) == 1:
        chosen = names[0]
    if chosen is None:
        raise ValueError(f"The module is not callable; choose one of its signatures: signature= one of {names}.")
    return chosen


def _revive_optimizers() -> None:
    """Let SavedModels load that hold the state of a Keras 2 optimizer; only the package tf_keras knows that kind of object."""
    import tensorflow as tf

    load = tf.__internal__.saved_model.load
    if "optimizer" in load.registered_identifiers():
        return

    class StoredOptimizer(tf.__internal__.tracking.AutoTrackable):
        """Holds the slots that the file names, and does nothing with them."""

        def add_slot(self, var: Any, slot_name: str, **options: Any) -> Any:
            return tf.Variable(tf.zeros_like(var), trainable=False, name=slot_name)

    version = load.VersionedTypeRegistration(
        object_factory=lambda proto: StoredOptimizer(), version=1, min_producer_version=1, min_consumer_version=1
    )
    load.register_revived_type("optimizer", lambda thing: isinstance(thing, StoredOptimizer), versions=[version])
