"""What a network costs here: weights to store, memory to hold, milliseconds to run."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tlcourse.arguments import require_whole

if TYPE_CHECKING:
    import keras

_MIB = 2**20


@dataclass(frozen=True)
class Cost:
    """What one network costs.

    Args:
        parameters: Number of weights, those of BatchNorm's statistics included.
        weights_mib: Their size, in MiB.
        memory_mib: Least memory of a forward pass of one image, in MiB: the weights, and the inputs and outputs of the layer at
            which these are largest. Counted from shapes, not measured; programs take more.
        milliseconds: Median time of a forward pass divided by the images in it, measured here.
    """

    parameters: int
    weights_mib: float
    memory_mib: float
    milliseconds: float


def measure_cost(model: keras.Model, *, batch_size: int = 1, repeats: int = 30, warm_up: int = 3) -> Cost:
    """Count weights and memory of a network, and time it: after a warm-up, the median of single passes.

    The first passes build the program and fill caches, and a mean would follow whatever else the machine does now and then.
    Times of two networks can be compared when both were measured on this machine, in one session, at the same batch size.

    Args:
        model: A network with one input `(batch, height, width, channels)` of known size.
        batch_size: Images in a pass; 1 measures the delay, larger ones how many images a second there are.
        repeats: Passes that are timed, 3 or more.
        warm_up: Passes before, 1 or more.

    Raises:
        ValueError: If the model has several inputs or one of unknown size, or a number is out of range.
    """
    shape = _image_shape(model)
    for name, value, least in (("batch_size", batch_size, 1), ("repeats", repeats, 3), ("warm_up", warm_up, 1)):
        require_whole(name, value, least)
    batch = np.random.default_rng(0).integers(0, 256, (batch_size, *shape)).astype("float32")
    seconds = []
    for _ in range(warm_up + repeats):
        start = time.perf_counter()
        np.asarray(model.predict_on_batch(batch))
        seconds.append(time.perf_counter() - start)
    weights = sum(_bytes(weight.shape, weight.dtype) for weight in model.weights)
    return Cost(
        parameters=int(model.count_params()),
        weights_mib=weights / _MIB,
        memory_mib=(weights + largest_layer(model)) / _MIB,
        milliseconds=1000 * float(np.median(seconds[warm_up:])) / batch_size,
    )


def largest_layer(model: keras.Model) -> int:
    """Return the bytes of the inputs and outputs of one image, at the layer at which they are largest.

    Args:
        model: A built model.
    """
    import keras

    def sizes(layer: Any) -> int:
        if isinstance(layer, keras.Model):
            return largest_layer(layer)
        try:
            tensors = keras.tree.flatten([layer.input, layer.output])
        except (AttributeError, ValueError):  # used several times, or never
            return 0
        return sum(_bytes(tensor.shape[1:], tensor.dtype) for tensor in tensors)

    return max((sizes(layer) for layer in model.layers), default=0)


def _bytes(shape: Any, dtype: Any) -> int:
    import keras

    kind = keras.backend.standardize_dtype(dtype)
    size = 2 if kind == "bfloat16" else np.dtype(kind).itemsize
    return int(np.prod([side or 1 for side in shape], dtype=np.int64)) * size


def _image_shape(model: Any) -> tuple[int, ...]:
    shape = getattr(model, "input_shape", None)
    if not isinstance(shape, tuple) or len(shape) != 4 or any(side is None for side in shape[1:]):
        raise ValueError(
            f"{getattr(model, 'name', model)!r} must have one input (batch, height, width, channels) of known size. Build it with "
            f"input_shape=(height, width, 3). Received: model.input_shape={shape!r}."
        )
    return tuple(shape[1:])
