"""Train the rest of a model on the maps of its frozen trunk, which are computed once and not in every epoch."""

from __future__ import annotations

import warnings
from typing import Any

import keras
import numpy as np

from tlcourse.arguments import require_whole
from tlcourse.features import FeatureWarning, extract_features
from tlcourse.finetune.fixed_mode import FixedMode
from tlcourse.finetune.splitting import split_model

_AT_ONCE = 64


class TrunkMaps:
    """The part of a model that trains, with the maps of the frozen part as its data.

    Args:
        model: A model whose flags say what trains.
        train_data: `(images, labels)`: an array, a `Dataset` or what `open_image_folder` returns, with an array of labels; or a
            `tf.data` pipeline of such batches that gives the same ones each time.
        validation_data: The same, or None.
        views: How many augmented views of each training image are stored, where random layers stand at the model's front; 0
            where there are none.

    Raises:
        TypeError: If the data are of another kind.
        ValueError: If the frozen part is empty or random, or images and labels differ in number.
    """

    def __init__(self, model: keras.Model, train_data: Any, validation_data: Any = None, *, views: int = 0) -> None:
        require_whole("views", views, 0)
        trunk, self.rest = split_model(model, augmentation=views > 0)
        self._shapes = [tuple(tensor.shape)[1:] for tensor in keras.tree.flatten(trunk.outputs)]
        flat = [keras.layers.Flatten()(tensor) for tensor in keras.tree.flatten(trunk.outputs)]
        joined = flat[0] if len(flat) == 1 else keras.layers.Concatenate()(flat)
        self._trunk = keras.Model(trunk.inputs, joined, name=trunk.name)
        images, self._labels, self._batch_size = _parted(train_data, "train_data")
        if views and self._batch_size is not None:
            raise TypeError("Augmented views need images in memory or in a folder. Received: train_data=a tf.data pipeline.")
        self._views = [self._augmented(images) for _ in range(views)] or [self._maps(images)]
        self._augments, self._validation = views > 0, None
        if validation_data is not None:
            held, labels, _ = _parted(validation_data, "validation_data")
            self._validation = self._maps(held), labels

    def data(self, batch_size: int | None) -> dict[str, Any]:
        """Return the arguments of `fit()` that belong to the data: batches of a pipeline in its order, others shuffled."""
        if self._augments:
            return {"train_data": StoredViews(self._views, self._labels, batch_size or 32), "validation_data": self._validation}
        own = {"batch_size": batch_size} if self._batch_size is None else {"batch_size": self._batch_size, "shuffle": False}
        return {"train_data": (self._views[0], self._labels), "validation_data": self._validation, **own}

    def _maps(self, images: Any) -> Any:
        """Compute the maps in inference mode; the cache of features keeps them."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".* holds augmentation", FeatureWarning)  # wanted here: none in validation data
            return self._shaped(extract_features(self._trunk, images, batch_size=_AT_ONCE))

    def _augmented(self, images: Any) -> Any:
        """Compute the maps of one augmented view of each image."""
        live = keras.Sequential([keras.Input(batch_shape=self._trunk.input_shape), FixedMode(self._trunk, training=True)])
        starts = range(0, len(images), _AT_ONCE)
        return self._shaped(np.concatenate([live.predict_on_batch(images[start : start + _AT_ONCE]) for start in starts]))

    def _shaped(self, rows: np.ndarray) -> Any:
        """Turn rows `(n, values)` into what the rest takes."""
        ends = np.cumsum([int(np.prod(shape)) for shape in self._shapes])[:-1]
        parts = [part.reshape(-1, *shape) for part, shape in zip(np.split(rows, ends, axis=1), self._shapes, strict=True)]
        return parts[0] if len(parts) == 1 else parts


class StoredViews(keras.utils.PyDataset):
    """Batches of stored views in random order; each epoch takes the next view of all images.

    Args:
        views: The maps of each view, `(n, ...)` or a list of such arrays.
        labels: `(n,)` or `(n, classes)`.
        batch_size: Images a batch.
    """

    def __init__(self, views: list[Any], labels: np.ndarray, batch_size: int = 32) -> None:
        super().__init__()
        self.views, self.labels, self.batch_size, self.epoch = views, labels, batch_size, 0
        self.random = np.random.default_rng(np.random.randint(2**31))  # follows keras.utils.set_random_seed
        self.order = self.random.permutation(len(labels))

    def __len__(self) -> int:
        return -(-len(self.labels) // self.batch_size)

    def __getitem__(self, index: int) -> tuple[Any, np.ndarray]:
        rows = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        view = self.views[self.epoch % len(self.views)]
        return keras.tree.map_structure(lambda maps: maps[rows], view), self.labels[rows]

    def on_epoch_end(self) -> None:
        """Go on to the next view, in another order."""
        self.epoch += 1
        self.order = self.random.permutation(len(self.labels))


def _parted(data: Any, argument: str) -> tuple[Any, np.ndarray, int | None]:
    """Return images, labels, and the batch size of a pipeline."""
    if hasattr(data, "as_numpy_iterator"):  # tf.data
        batches = [np.asarray(batch) for _, batch in data.as_numpy_iterator()]
        return data, np.concatenate(batches), len(batches[0])
    if not isinstance(data, tuple | list) or len(data) != 2:
        raise TypeError(
            f"With reuse_trunk=True `{argument}` must be (images, labels) or a tf.data pipeline of such batches. "
            f"Received: {argument}={type(data).__name__}."
        )
    images, labels = data[0], np.asarray(data[1])
    if len(images) != len(labels):
        raise ValueError(
            f"`{argument}` must hold one label an image. Received: len(images)={len(images)}, len(labels)={len(labels)}."
        )
    return images, labels, None
