"""Models that a program saves and loads again: the doctor does not write them, and returns the model in memory instead."""

from __future__ import annotations

import contextlib
import importlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

# `tf.keras` and `from tensorflow.keras import ...` are two sets of modules over the same functions.
_PACKAGES = ("keras", "keras._tf_keras.keras", "tensorflow.keras")


class Unsaved:
    """Models, by the path where the program would have saved them."""

    def __init__(self) -> None:
        self._models: list[tuple[re.Pattern[str], Any]] = []

    def keep(self, path: Any, model: Any) -> None:
        """Remember that `model` would be saved at `path`. The path of a checkpoint may hold fields, as in `w.{epoch:02d}.keras`."""
        parts = re.split(r"\{[^}]*\}", _name(path))
        self._models.append((re.compile(".+".join(map(re.escape, parts))), model))

    def keep_checkpoints(self, callbacks: Any, model: Any) -> None:
        """Remember what the ModelCheckpoint callbacks of a fit would save."""
        for callback in callbacks if isinstance(callbacks, (list, tuple)) else [callbacks]:
            path = getattr(callback, "filepath", None)
            if path is not None:
                self.keep(path, model)

    def find(self, path: Any) -> Any:
        """Return the model that was last saved at `path`; None if the program saved none there."""
        name = _name(path)
        return next((model for pattern, model in reversed(self._models) if pattern.fullmatch(name)), None)


@contextlib.contextmanager
def loading_from(unsaved: Unsaved, say: Callable[[str], None]) -> Iterator[None]:
    """Let `load_model` and `Model.load_weights` return models in memory; other files are read as usual.

    Args:
        unsaved: The models in memory.
        say: Called with the name of a function that did not read a file.
    """
    import keras

    load_model, load_weights = keras.models.load_model, keras.Model.load_weights

    def from_memory(filepath: Any, *arguments: Any, **options: Any) -> Any:
        found = unsaved.find(filepath)
        if found is None:
            return load_model(filepath, *arguments, **options)
        say("load_model")
        return found

    def weights_from_memory(model: Any, filepath: Any, *arguments: Any, **options: Any) -> Any:
        found = unsaved.find(filepath)
        if found is None:
            return load_weights(model, filepath, *arguments, **options)
        if found is not model:
            model.set_weights(found.get_weights())
        say("load_weights")
        return None

    modules = [module for package in _PACKAGES for name in ("models", "saving") if (module := _module(f"{package}.{name}"))]
    try:
        for module in modules:
            module.load_model = from_memory
        keras.Model.load_weights = weights_from_memory
        yield
    finally:
        for module in modules:
            module.load_model = load_model
        keras.Model.load_weights = load_weights


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:  # Keras on another backend
        return None


def _name(path: Any) -> str:
    return str(Path(str(path)).absolute())
