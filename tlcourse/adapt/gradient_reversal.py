"""Gradient reversal: forward nothing happens, backward the gradient changes its sign."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="tlcourse")
class GradientReversal(keras.layers.Layer):
    """Pass values on unchanged and send their gradient back multiplied by minus lambda.

    Forward `R(x) = x`; backward `dR/dx = -lambda I` (Ganin et al. 2016, "Domain-adversarial training of neural networks",
    JMLR 17, equations 16 and 17). Whatever stands after the layer learns to lower its loss; whatever stands before it learns to
    raise that loss, `lambda` times as fast. Written as `(1 + lambda) stop_gradient(x) - lambda x`, it runs on every
    backend and in `fit`, `GradientTape` and `jax.grad` alike.

    Args:
        strength: Lambda, 0 or more. 0 sends nothing back: what stands after the layer then only watches. Kept as a weight that
            does not train, `layer.strength`; a callback can change it between steps (`ReversalSchedule`).

    Raises:
        ValueError: If `strength` is negative or no finite number.
    """

    def __init__(self, strength: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._first_strength = _checked(strength)
        self.strength = self.add_weight(
            shape=(), initializer=keras.initializers.Constant(self._first_strength), trainable=False, name="strength"
        )

    def set_strength(self, strength: float) -> None:
        """Set lambda; it holds from the next step on.

        Args:
            strength: Lambda, 0 or more.
        """
        self.strength.assign(_checked(strength))

    def call(self, inputs: Any) -> Any:
        strength = ops.cast(self.strength, inputs.dtype)
        # stop_gradient on `still` and not on the sum: the forward value stays exactly `inputs`.
        still = ops.stop_gradient(inputs)
        return still - strength * (inputs - still)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "strength": self._first_strength}


def reversal_strength(progress: float, *, steepness: float = 10.0) -> float:
    """Return lambda after a share of the training: near 0 at first, towards 1 later.

    `2 / (1 + exp(-steepness progress)) - 1` (Ganin et al. 2016, section 5.2.2, with steepness 10). While the discriminator still
    guesses, its gradient is noise; so little of it is passed on.

    Args:
        progress: Share of the training that is over, 0 to 1.
        steepness: How fast lambda rises, above 0; higher values reach 1 earlier.

    Raises:
        ValueError: If an argument is out of range.
    """
    if not 0.0 <= progress <= 1.0:
        raise ValueError(f"`progress` is a share of the training, 0 to 1: step / steps. Received: progress={progress!r}.")
    if not steepness > 0:
        raise ValueError(f"`steepness` must be above 0. Received: steepness={steepness!r}.")
    return 2.0 / (1.0 + math.exp(-steepness * progress)) - 1.0


class ReversalSchedule(keras.callbacks.Callback):
    """Raise the strength of every `GradientReversal` of a model during `fit`, from 0 towards `highest`.

    Before each batch it sets `lambda = highest * reversal_strength(step / steps)`; `steps` counts the batches of all epochs.

    Args:
        highest: What lambda tends to, 0 or more. 0 switches the reversal off.
        steepness: As in `reversal_strength`.

    Raises:
        ValueError: If an argument is out of range, or, when `fit` starts, the model has no such layer or `fit` does not know how
            many batches an epoch has.
    """

    def __init__(self, highest: float = 1.0, *, steepness: float = 10.0) -> None:
        super().__init__()
        reversal_strength(0.0, steepness=steepness)  # refuses a steepness out of range
        self.highest, self.steepness = _checked(highest), steepness
        self._step, self._steps = 0, 0

    def on_train_begin(self, logs: Any = None) -> None:
        if not self._layers():
            raise ValueError(
                f"The model {self.model.name!r} has no GradientReversal layer, so there is no strength to raise. "
                "Put one between the features and the discriminator."
            )
        epochs, batches = self.params.get("epochs"), self.params.get("steps")
        if not epochs or not batches:
            raise ValueError(
                f"`fit` must know how many batches an epoch has. Pass steps_per_epoch=... Received: steps={batches!r}."
            )
        self._step, self._steps = 0, epochs * batches

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        progress = min(1.0, self._step / self._steps)
        for layer in self._layers():
            layer.set_strength(self.highest * reversal_strength(progress, steepness=self.steepness))
        self._step += 1

    def _layers(self) -> list[GradientReversal]:
        # `self.model` brings the state of the current epoch back into the variables, where a backend keeps it apart
        return [layer for layer in self.model._flatten_layers() if isinstance(layer, GradientReversal)]


def _checked(strength: float) -> float:
    if not (math.isfinite(strength) and strength >= 0):
        raise ValueError(
            f"`strength` (lambda) must be 0 or more and finite; the layer itself turns the sign. Received: strength={strength!r}."
        )
    return float(strength)
