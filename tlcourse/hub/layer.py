"""`HubLayer`: a TensorFlow Hub module or SavedModel as a Keras 3 layer that trains, saves and loads.

`hub.KerasLayer` belongs to Keras 2 and cannot be used in a Keras 3 model; `keras.layers.TFSMLayer` infers, but does not save the
module with the model. This layer does both.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import keras
from keras import ops

from tlcourse.hub.handles import resolve
from tlcourse.hub.module import LoadedModule
from tlcourse.hub.storage import find_again, keep_copy, remember

_FOLDER = "module"


@keras.saving.register_keras_serializable(package="tlcourse")
class HubLayer(keras.layers.Layer):
    """Serve a TensorFlow Hub module, or any SavedModel, as a layer.

    Inputs are one tensor, or several in a dictionary or list, as the module was saved with; each is cast to the type that the module
    was saved with. Where a module takes whole numbers, such as raw pixels, floats are rounded: pass pixels from 0 to 255, not 0 to 1.

    The module's variables are weights of the layer: `fit` trains those that the module trains, where `trainable` is True. A model
    with this layer saves the whole module inside its `.keras` file, trained values included, and loads without the original. A
    SavedModel is a program: load files of people you trust.

    Args:
        handle: A folder, a web address of a packed module, or a Kaggle handle. Downloads are cached in the data home.
        trainable: Whether `fit` changes the module's variables, and whether a module with a `training` argument gets True there.
        signature: Name of a signature, for modules that are not callable (TensorFlow 1) or offer several.
        output_key: Which output, where there are several: a name, or a number where they have no names. None takes the one called
            "default"; where there is none, the layer returns all outputs, as a dictionary or list.
        **kwargs: `name`, `dtype` and other arguments of a layer. Outputs of floats are cast to the compute dtype, so mixed precision
            works around the module.

    Raises:
        TypeError: If `handle` is a `hub.KerasLayer`.
        FileNotFoundError, HubError: If there is no module there.
        ValueError: If there is no such signature or output, if the module takes several arguments, or if `dtype` is that of a text.
        RuntimeError: If Keras does not run on TensorFlow.

    Example:
        >>> keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]).export(folder, verbose=False)
        >>> layer = tlcourse.HubLayer(folder)
        >>> tuple(layer(np.zeros((3, 4), "float32")).shape)
        (3, 2)
    """

    def __init__(
        self,
        handle: str | os.PathLike[str],
        trainable: bool = False,
        *,
        signature: str | None = None,
        output_key: str | int | None = None,
        **kwargs: Any,
    ) -> None:
        stored = kwargs.pop("stored", None)
        _require_tensorflow()
        _refuse_keras_layer(handle)
        _refuse_text_dtype(kwargs.get("dtype"))
        super().__init__(autocast=False, **kwargs)
        self.supports_jit = False  # saved programs may look words up in tables, which XLA cannot compile
        self.handle, self.signature, self.output_key = os.fspath(handle), signature, output_key
        self._folder: Path | None = None
        self._module: LoadedModule | None = None
        self._mark = ""
        self._module_weights: list[Any] = []
        self._stored = stored
        if stored is None:
            self._attach(resolve(self.handle))
        else:
            self._attach_stored(stored)
        self.trainable = trainable

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        if self._module is None:
            raise RuntimeError(
                f"The module of layer {self.name!r} is not here: the layer was made from a configuration only, and "
                f"{self.handle!r} does not exist. Load the whole model with keras.saving.load_model, or make HubLayer(handle) again."
            )
        learning = bool(training) and self.trainable
        outputs = self._module(inputs, learning)
        if self.trainable:
            for penalty in self._module.regularizers:
                self.add_loss(penalty())
        return keras.tree.map_structure(self._to_compute_dtype, outputs)

    def compute_output_spec(self, inputs: Any, training: bool | None = None) -> Any:
        if self._module is None and self._stored and self._stored["outputs"]:
            return _from_description(self._stored["outputs"])
        spec = super().compute_output_spec(inputs, training=training)
        self._output = _description(spec)
        return spec

    @property
    def takes_whole_numbers(self) -> bool:
        """Whether the module takes whole numbers, such as raw pixels from 0 to 255."""
        return self._module is not None and self._module.inputs.takes_whole_numbers

    def _to_compute_dtype(self, value: Any) -> Any:
        return ops.cast(value, self.compute_dtype) if _is_float(value) else value

    def _attach(self, folder: Path) -> None:
        """Load the module and make its variables weights of this layer."""
        module = LoadedModule(folder, self.signature, self.output_key)
        fresh = not self._module_weights
        if not fresh and [tuple(v.shape) for v in module.variables] != [tuple(w.shape) for w in self._module_weights]:
            raise ValueError(f"The module in {folder} has other variables than the layer {self.name!r} was saved with.")
        for i, variable in enumerate(module.variables):
            if fresh:
                self._add_weight_of(variable.shape, variable.dtype.name, module.trains[i], variable.name)
            else:
                variable.assign(self._module_weights[i].value)
                variable._unique_id = self._module_weights[i].value._unique_id  # a loaded optimizer knows the weight by this
            self._module_weights[i]._value = variable  # one variable, seen by Keras and by the module
        self._folder, self._module, self._mark = folder, module, remember(folder)

    def _attach_stored(self, stored: dict[str, Any]) -> None:
        """Make the weights from what was saved; their module comes with `load_assets`, or is found again where it lies here."""
        for shape, dtype, trains, name in stored["variables"]:
            self._add_weight_of(shape, dtype, trains, name)
        self._mark = stored["fingerprint"]
        folder = find_again(self._mark, Path(self.handle).expanduser())
        if folder is not None:
            self._folder, self._module = folder, LoadedModule(folder, self.signature, self.output_key)
            for weight, variable in zip(self._module_weights, self._module.variables, strict=True):
                weight._value = variable

    def _add_weight_of(self, shape: Any, dtype: str, trains: bool, name: str) -> None:
        plain = name.split(":")[0].replace("/", "_")
        weight = self.add_weight(
            shape=tuple(shape), dtype=dtype, trainable=trains, initializer="zeros", name=plain, autocast=False
        )
        self._module_weights.append(weight)

    def save_assets(self, dir_path: str) -> None:
        """Put the module's files into the saved model; values travel with the weights."""
        if self._folder is None:
            raise RuntimeError(f"The module of layer {self.name!r} is not here, so the model cannot be saved whole.")
        shutil.copytree(self._folder, Path(dir_path) / _FOLDER)

    def load_assets(self, dir_path: str) -> None:
        """Take the module from the saved model; what was trained is in the weights already."""
        self._attach(keep_copy(Path(dir_path) / _FOLDER))

    def get_config(self) -> dict[str, Any]:
        variables = [
            [list(w.shape), w.dtype, bool(t), w.name] for w, t in zip(self._module_weights, self._flags(), strict=True)
        ]
        outputs = getattr(self, "_output", None) or (self._stored or {}).get("outputs")
        return {
            **super().get_config(),
            "handle": self.handle,
            "signature": self.signature,
            "output_key": self.output_key,
            "stored": {"variables": variables, "outputs": outputs, "fingerprint": self._mark},
        }

    def _flags(self) -> list[bool]:
        """Which weights the module itself trains, whatever this layer's own flag says."""
        if self._module is not None:
            return self._module.trains
        return [row[2] for row in self._stored["variables"]] if self._stored else []


def _is_float(value: Any) -> bool:
    return hasattr(value, "dtype") and keras.backend.standardize_dtype(value.dtype).startswith(("float", "bfloat"))


def _description(outputs: Any) -> Any:
    """Write the shapes and types of outputs as what JSON can hold."""
    if isinstance(outputs, dict):
        return {"names": {name: _description(value) for name, value in outputs.items()}}
    if isinstance(outputs, list | tuple):
        return {"several": [_description(value) for value in outputs]}
    return {"shape": list(outputs.shape), "dtype": outputs.dtype}


def _from_description(stored: dict[str, Any]) -> Any:
    if "names" in stored:
        return {name: _from_description(value) for name, value in stored["names"].items()}
    if "several" in stored:
        return [_from_description(value) for value in stored["several"]]
    return keras.KerasTensor(tuple(stored["shape"]), dtype=stored["dtype"])


def _require_tensorflow() -> None:
    if keras.backend.backend() != "tensorflow":
        raise RuntimeError(
            f"HubLayer runs TensorFlow programs, so Keras has to run on TensorFlow. It runs on {keras.backend.backend()!r}: set "
            "KERAS_BACKEND=tensorflow before Keras is imported, or take a backbone of tlcourse.list_backbones()."
        )


def _refuse_text_dtype(dtype: Any) -> None:
    if dtype is not None and "string" in (dtype, getattr(dtype, "name", None)):
        raise ValueError(
            "`dtype` is the precision that the layer computes in. For a module that reads text, leave it out and give the type to "
            'the input: keras.Input((), dtype="string"). Received: dtype="string".'
        )


def _refuse_keras_layer(handle: Any) -> None:
    if any(kind.__name__ == "KerasLayer" and "tensorflow_hub" in kind.__module__ for kind in type(handle).__mro__):
        raise TypeError(
            "hub.KerasLayer is a layer of Keras 2 and cannot be part of a Keras 3 model. Pass what you gave to it: "
            "HubLayer(handle, trainable=...) with the address or folder of the module."
        )
    if not isinstance(handle, str | os.PathLike):
        raise TypeError(f"`handle` must be a folder, a web address or a Kaggle handle, as text. Received: handle={handle!r}.")
