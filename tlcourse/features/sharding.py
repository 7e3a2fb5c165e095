"""Spread the images of an array or folder over the workers of a Dask cluster."""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from tlcourse.features.engine import Engine, engine_of
from tlcourse.features.sources import ArraySource

_BATCHES = 4  # of each shard: what is lost if a worker dies
_AHEAD = 3  # shards of each worker that are sent before the first result is taken
_models: dict[str, Any] = {}  # of a worker's process: the last backbone


def check_cluster(cluster: Any, source: Any) -> None:
    """Raise unless `cluster` is a client of Dask's and the images can be cut into shards.

    Raises:
        TypeError: If it is no `distributed.Client`.
        ValueError: If the images are a stream.
    """
    if not hasattr(cluster, "submit") or not hasattr(cluster, "scheduler_info"):
        raise TypeError(f"`cluster` must be a distributed.Client. Received: cluster={type(cluster).__name__}.")
    if not isinstance(source, ArraySource):
        raise ValueError("A stream cannot be cut into shards. Pass an array or a folder. Received: images=a stream.")


def computed_on(
    cluster: Any, backbone: Any, engine: str, digest: str, source: Any, size: int, start: int
) -> Iterator[np.ndarray]:
    """Yield the features of shards in order, `(rows, features)` float32: those that one machine computes with the same batches.

    Args:
        cluster: A `distributed.Client`. Its workers need this package, and for a folder the same paths.
        backbone: A Keras model that can be saved.
        engine: As in `extract_features`.
        digest: Digest of the backbone.
        source: An array or a folder.
        size: Images of a batch.
        start: First image.
    """
    kinds = {type(layer).__module__ for layer in backbone._flatten_layers()}
    modules = sorted(kind for kind in kinds if not kind.startswith("keras.") and kind != "__main__")
    model = cluster.submit(tuple, (_saved(backbone), modules), pure=False)  # a task: it is made again where its worker dies
    whole, _ = source.form(size)
    if hasattr(source.images, "subset"):  # a folder: its depths are looked at once, here
        source.images[0:0]
    shards = deque(range(start, len(source.images), size * _BATCHES))
    waiting: deque[Any] = deque()
    limit = _AHEAD * max(1, len(cluster.scheduler_info()["workers"]))
    try:
        while shards or waiting:
            while shards and len(waiting) < limit:
                first = shards.popleft()
                part = _part(source.images, first, first + size * _BATCHES)
                waiting.append(cluster.submit(compute_shard, model, digest, engine, part, whole[0], pure=False))
            yield waiting.popleft().result()
    finally:
        cluster.cancel(list(waiting))


def compute_shard(model: tuple[bytes, list[str]], digest: str, engine: str, images: Any, size: int) -> np.ndarray:
    """Compute the features of a shard; runs in a worker.

    Args:
        model: A saved Keras model, and the modules in which its layers are registered.
        digest: Its digest, under which the process keeps it.
        engine: As in `extract_features`.
        images: `(n, ...)`, or an `ImageFolder`.
        size: Images of a batch.

    Returns:
        `(n, features)`, float32.
    """
    backbone = _loaded(model, digest)
    first = images[0:1]
    run: Engine = engine_of(backbone, engine, ((size, *first.shape[1:]), first.dtype), digest)
    parts = [run(images[start : start + size]) for start in range(0, len(images), size)]
    return np.concatenate(parts).astype("float32", copy=False)


def _part(images: Any, start: int, end: int) -> Any:
    if hasattr(images, "subset"):
        return images.subset(np.arange(start, min(end, len(images))))
    return np.ascontiguousarray(images[start:end])


def _saved(backbone: Any) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "backbone.keras"
        backbone.save(path)
        return path.read_bytes()


def _loaded(model: tuple[bytes, list[str]], digest: str) -> Any:
    if digest not in _models:
        import keras

        saved, modules = model
        for module in modules:
            import_module(module)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "backbone.keras"
            path.write_bytes(saved)
            _models.clear()
            _models[digest] = keras.models.load_model(path, compile=False)
    return _models[digest]
