"""What runs a backbone over batches: a graph of TensorFlow's, OpenVINO, or Keras' own `predict_on_batch`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary, ref

import numpy as np

from tlcourse.features.surprises import warn_of_fallback

ENGINES = ("auto", "tensorflow", "openvino", "openvino-bfloat16", "keras")


# What was made of each backbone, with the digest that the backbone had then.
_graphs: WeakKeyDictionary[Any, tuple[str, Any]] = WeakKeyDictionary()
_compiled: WeakKeyDictionary[Any, dict[str, tuple[Any, Any]]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Engine:
    """A way to run a backbone.

    Args:
        name: "tensorflow", "openvino", "openvino-bfloat16" or "keras".
        key: Part of the cache's key; empty where the features are those of `predict` to the last bit.
        rows: Images in a whole batch.
        run: From a whole batch of images to `(rows, features)`.
        cluster: A `distributed.Client` whose workers run the engine, or None.
    """

    name: str
    key: str
    rows: int
    run: Callable[[np.ndarray], Any]
    cluster: Any = None

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Run a batch of at most `rows` images. A shorter one is filled up, so nothing is compiled a second time for its shape."""
        count = len(images)
        if count < self.rows:
            images = np.concatenate([images, np.repeat(images[-1:], self.rows - count, axis=0)])
        return self.compute(images)[:count]

    def compute(self, images: np.ndarray) -> np.ndarray:
        """Run a whole batch."""
        return np.asarray(self.run(images))


def key_of(engine: str) -> str:
    """Return the part of the cache's key that belongs to an engine: empty for those with the features of `predict`."""
    if not engine.startswith("openvino"):
        return ""
    from importlib.metadata import version

    return f"-{engine}-{version('openvino')}"


def check_engine(engine: str) -> None:
    """Raise unless `engine` is the name of one, and what it needs is installed.

    Raises:
        ValueError: If there is no such engine.
        ImportError: If OpenVINO is asked for and not installed.
    """
    if engine not in ENGINES:
        raise ValueError(f"`engine` must be one of {', '.join(map(repr, ENGINES))}. Received: engine={engine!r}.")
    if engine.startswith("openvino"):
        try:
            import openvino  # noqa: F401
        except ImportError as error:
            raise ImportError(
                "OpenVINO is not installed. Install it with pip install 'tlcourse[fast]', or leave `engine` out. "
                f"Received: engine={engine!r}."
            ) from error


def engine_of(backbone: Any, engine: str, form: tuple[tuple[int, ...], Any], digest: str | None = None) -> Engine:
    """Prepare a backbone for batches of one form.

    "auto" is TensorFlow's graph where Keras runs on TensorFlow and the backbone predicts as every Keras model does, and Keras'
    `predict_on_batch` elsewhere. OpenVINO is never chosen by itself, because features would depend on what is installed.

    Args:
        backbone: A built Keras model.
        engine: One of `ENGINES`.
        form: Shape of a whole batch, and dtype of the images.
        digest: Digest of the backbone, under which its graph is kept for the next call; None if it cannot describe itself.
    """
    import keras

    plain = type(backbone).predict_step is keras.Model.predict_step and not backbone.run_eagerly
    if engine == "keras" or keras.backend.backend() != "tensorflow" or not plain:
        if engine not in ("auto", "keras"):
            reason = "Keras runs on another backend than TensorFlow" if plain else "it predicts in a way of its own"
            warn_of_fallback(backbone, engine, reason)
        return Engine("keras", "", form[0][0], backbone.predict_on_batch)
    graph = _graph_of(backbone, digest)
    if engine.startswith("openvino"):
        try:
            return Engine(engine, key_of(engine), form[0][0], _openvino(backbone, graph, digest, engine, form))
        except Exception as problem:  # each operation that cannot be converted has an error of its own
            warn_of_fallback(backbone, engine, f"{type(problem).__name__}: {' '.join(str(problem).split())[:200]}")
    return Engine("tensorflow", "", form[0][0], lambda images: _run(graph, images))


def _graph_of(backbone: Any, digest: str | None) -> Any:
    """Return a TensorFlow function with the operations of `predict`, to be traced for each form of batch."""
    import tensorflow as tf

    kept = _graphs.get(backbone)
    if kept is not None and kept[0] == digest:
        return kept[1]
    held: Any = ref(backbone)  # the graph holds the weights, and must not keep the model alive
    graph = tf.function(lambda images: held()(images, training=False))
    if digest is not None:
        _graphs[backbone] = digest, graph
    return graph


def _traced(graph: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """Trace a graph for one form of batch, once."""
    import tensorflow as tf

    return graph.get_concrete_function(tf.TensorSpec(shape, dtype))


def _run(graph: Any, images: np.ndarray) -> Any:
    import tensorflow as tf

    return _traced(graph, images.shape, images.dtype)(tf.constant(images))


def _openvino(backbone: Any, graph: Any, digest: str | None, engine: str, form: tuple[tuple[int, ...], Any]) -> Any:
    """Compile a graph with OpenVINO for one form of batch; the last one of each backbone and engine is kept."""
    import openvino

    kept = _compiled.setdefault(backbone, {})
    if digest is not None and engine in kept and kept[engine][0] == (digest, form):
        return kept[engine][1]
    traced = _traced(graph, *form)
    # By itself OpenVINO takes bfloat16 on processors that have it.
    options = {"INFERENCE_PRECISION_HINT": "bf16" if engine == "openvino-bfloat16" else "f32", "PERFORMANCE_HINT": "LATENCY"}
    compiled = openvino.Core().compile_model(openvino.convert_model(traced), "CPU", options)

    def run(images: np.ndarray) -> Any:
        return compiled(images)[0]

    kept[engine] = (digest, form), run
    return run
