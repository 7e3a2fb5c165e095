"""Grad-CAM: which places of an image speak for a class, for any Keras model that ends in feature maps and a head."""

from __future__ import annotations

import warnings
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike

from tlcourse.explain.gradients import gradient_with_extra
from tlcourse.explain.watching import call_without_squashing, last_map_layer, named_map_layer, nudged, run, watch_calls

_BATCH = 32  # images at once


def grad_cam(
    model: keras.Model,
    images: ArrayLike,
    classes: int | ArrayLike | None = None,
    *,
    layer: str | keras.layers.Layer | None = None,
    size: tuple[int, int] | None = None,
) -> np.ndarray:
    """Map what speaks for a class in each image (Selvaraju et al. 2017, "Grad-CAM", equations 1 and 2).

    The score of the class, before softmax or sigmoid, is differentiated by the last feature map; the mean gradient of each channel
    is its weight; the weighted sum of the channels is kept where it is positive. Each map is divided by its own largest value on
    the network's own grid, before it is enlarged: its values do not depend on `size`. Where nothing speaks for the class, the
    map is 0 everywhere. A warning says where it is 0 because the scores are saturated: then it says nothing about the image. The model
    is run in inference mode and is left as it was.

    Args:
        model: Flat or nested, functional, Sequential or subclassed, with one output `(batch, classes)`; one column means two classes.
            A softmax or sigmoid is undone where it is the activation of the last layer, that layer itself, or `keras.ops.softmax` at
            the end of the graph. Inside a `Lambda` or a subclassed model it is not: where it is saturated, a warning says so.
        images: `(n, height, width, channels)`, as the model takes them.
        classes: One class for all images, or `(n,)` of them. None: the class that the model predicts for each.
        layer: The layer whose output is looked at, or its name, at any depth. None: the last one, pooling left out, whose output has more
            than one place.
        size: `(height, width)` of the maps, enlarged bilinearly. None: that of the images.

    Returns:
        `(n, height, width)` float32, 0-1.

    Raises:
        ValueError: If the images are no batch, a class is out of range, the model has no feature map or no such layer, or its output is no
            table of scores.
        RuntimeError: If keras runs on a backend other than TensorFlow and JAX.
    """
    _refuse_several_inputs(images)
    images = np.asarray(images)
    if images.ndim != 4 or len(images) == 0:
        raise ValueError(
            "`images` must be a batch (n, height, width, channels) of one image or more; for a single one: `image[None]`. "
            f"Received: images.shape={images.shape}."
        )
    calls = watch_calls(model, images[:1])
    target = last_map_layer(calls) if layer is None else named_map_layer(calls, layer)
    wanted = None if classes is None else _as_classes(classes, len(images))
    height, width = images.shape[1:3] if size is None else size
    heats, saturated = [], 0
    for start in range(0, len(images), _BATCH):
        part = slice(start, start + _BATCH)
        heat, count = _heat(model, images[part], None if wanted is None else wanted[part], target, calls[-1].layer)
        saturated += count
        enlarged = ops.image.resize(heat[..., None], (height, width), interpolation="bilinear", data_format="channels_last")
        heats.append(ops.convert_to_numpy(enlarged)[..., 0])  # (batch, height, width, 1) -> (batch, height, width)
    if saturated:
        warnings.warn(
            f"For {saturated} of {len(images)} images the scores are saturated: between 0 and 1, and without any gradient. Their maps "
            "are 0 and say nothing. Most often a softmax or sigmoid inside a Lambda layer or a subclassed model is the reason: pass a "
            "model that ends before it, in logits.",
            UserWarning,
            stacklevel=2,
        )
    return np.concatenate(heats)


def _heat(
    model: keras.Model, images: np.ndarray, classes: np.ndarray | None, target: Any, last: keras.layers.Layer
) -> tuple[np.ndarray, int]:
    """Return the maps of one batch on the network's own grid, `(batch, rows, columns)`, 0-1, and how many come from saturated scores."""

    def score(nudge: Any) -> tuple[Any, Any]:
        with nudged(target.layer, nudge) as seen, call_without_squashing(model, last):
            scores = _as_table(run(model, images))
        columns = ops.argmax(scores, axis=1) if classes is None else ops.convert_to_tensor(_in_range(classes, scores.shape[1]))
        picked = ops.sum(scores * ops.one_hot(columns, scores.shape[1], dtype=scores.dtype))
        return picked, (seen[-1], scores)  # an image's score depends on its own map alone, so one sum serves all

    gradient, (maps, scores) = gradient_with_extra(score, ops.zeros((len(images), *target.shape[1:]), target.dtype))
    weights = ops.mean(gradient, axis=(1, 2), keepdims=True)  # (batch, rows, columns, channels) -> (batch, 1, 1, channels)
    heat = ops.relu(ops.sum(ops.cast(weights, "float32") * ops.cast(maps, "float32"), axis=-1))
    heat = ops.convert_to_numpy(heat)
    largest = heat.max(axis=(1, 2), keepdims=True)
    slopes, table = (ops.convert_to_numpy(ops.cast(x, "float32")) for x in (ops.max(ops.abs(gradient), axis=(1, 2, 3)), scores))
    saturated = (slopes == 0) & (table.min(axis=1) >= 0) & (table.max(axis=1) <= 1)
    return np.divide(heat, largest, out=np.zeros_like(heat), where=largest > 0), int(saturated.sum())


def _refuse_several_inputs(images: Any) -> None:
    several = isinstance(images, dict) or (isinstance(images, (list, tuple)) and any(np.ndim(part) != 3 for part in images))
    if several:
        raise ValueError(
            "Grad-CAM is made for a model with one input, an array of images. For a model with several inputs, build one around it "
            f"that holds the others fixed. Received: type(images)={type(images).__name__} of {len(images)}."
        )


def _as_table(outputs: Any) -> Any:
    """Return scores with a column for each class; a single column becomes "against" and "for"."""
    if not hasattr(outputs, "shape") or len(outputs.shape) != 2:
        shape = getattr(outputs, "shape", type(outputs).__name__)
        raise ValueError(
            "The model must return one table of scores (batch, classes): put a head on the backbone, or choose one output with "
            f"`keras.Model(model.input, model.output[i])`. Received: shape of the output={shape}."
        )
    return ops.concatenate([-outputs, outputs], axis=1) if outputs.shape[1] == 1 else outputs


def _as_classes(classes: int | ArrayLike, count: int) -> np.ndarray:
    wanted = np.asarray(classes)
    if not np.issubdtype(wanted.dtype, np.integer) or wanted.shape not in ((), (count,)):
        raise ValueError(
            f"`classes` must be one whole number, or one for each of the {count} images. "
            f"Received: classes.dtype={wanted.dtype}, classes.shape={wanted.shape}."
        )
    return np.broadcast_to(wanted, (count,)).astype("int32")


def _in_range(classes: np.ndarray, count: int) -> np.ndarray:
    if classes.min() < 0 or classes.max() >= count:
        raise ValueError(f"The model has the classes 0 to {count - 1}. Received: classes={classes.min()} to {classes.max()}.")
    return classes
