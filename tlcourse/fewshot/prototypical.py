"""Prototypical networks: train an encoder on episodes, so the mean of few examples represents a class (Snell et al. 2017)."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from tlcourse.arguments import require_whole
from tlcourse.fewshot.episodes import sample_episodes


class PrototypicalModel(keras.Model):
    """Trains an encoder on one episode a step; calling it gives the encoder's features.

    The batch of a step holds `ways` classes of `shots + queries` images each, class after class, support images first. The loss is the
    cross-entropy of a softmax over minus the squared distances from each query to the prototypes.

    Args:
        encoder: Model from images to features `(batch, d)`. It is shared: training changes its weights.
        ways: Classes of an episode, 2 or more.
        shots: Support images of a class, 1 or more.
        queries: Query images of a class, 1 or more.

    Raises:
        ValueError: If the encoder's output is not `(batch, d)`.

    Source: Snell, Swersky, Zemel (2017), "Prototypical networks for few-shot learning", equations 1 and 2, algorithm 1.
    """

    def __init__(self, encoder: keras.Model, ways: int, shots: int, queries: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for name, value, least in (("ways", ways, 2), ("shots", shots, 1), ("queries", queries, 1)):
            require_whole(name, value, least)
        if len(encoder.output_shape) != 2:
            raise ValueError(
                f"The encoder must give one vector an image, (batch, d). Received: output_shape={encoder.output_shape}."
            )
        self.encoder, self.ways, self.shots, self.queries = encoder, ways, shots, queries

    def call(self, images: Any, training: bool | None = None) -> Any:
        """Return the encoder's features, `(batch, d)`."""
        return self.encoder(images, training=training)

    def compute_loss(self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, **kwargs: Any) -> Any:
        """Return the loss of one episode, a number."""
        return episode_loss(y_pred, self.ways, self.shots, self.queries)


def episode_loss(features: Any, ways: int, shots: int, queries: int) -> Any:
    """Return the mean cross-entropy of an episode's queries.

    Args:
        features: `(ways * (shots + queries), d)`, class after class, support first.
        ways: Classes of the episode.
        shots: Support images of a class.
        queries: Query images of a class.
    """
    width = ops.shape(features)[-1]
    by_class = ops.reshape(features, (ways, shots + queries, width))
    centres = ops.mean(by_class[:, :shots], axis=1)  # (ways, d)
    asked = ops.reshape(by_class[:, shots:], (ways * queries, width))
    squared = ops.sum((asked[:, None] - centres[None]) ** 2, axis=-1)  # (ways * queries, ways)
    wanted = np.repeat(np.arange(ways), queries)
    return ops.mean(keras.losses.sparse_categorical_crossentropy(wanted, -squared, from_logits=True))


class EpisodeBatches(keras.utils.PyDataset):
    """The images of one episode a batch, in the order that `PrototypicalModel` expects.

    Args:
        images: `(n, height, width, channels)`.
        labels: `(n,)` whole numbers.
        ways: Classes of an episode.
        shots: Support images of a class.
        queries: Query images of a class.
        episodes: Batches of an epoch.
        seed: 0 or more. Each epoch has episodes of its own.
    """

    def __init__(
        self, images: np.ndarray, labels: np.ndarray, ways: int, shots: int, queries: int, *, episodes: int = 100, seed: int = 0
    ) -> None:
        super().__init__()
        self._images, self._labels, self._count, self._seed = images, labels, episodes, seed
        self._kind, self._epoch = {"ways": ways, "shots": shots, "queries": queries}, 0
        self._draw()

    def _draw(self) -> None:
        seed = int(np.random.SeedSequence([self._seed, self._epoch]).generate_state(1)[0])
        drawn = sample_episodes(self._labels, episodes=self._count, seed=seed, **self._kind)
        self._places = np.concatenate([drawn.support, drawn.query], axis=2).reshape(self._count, -1)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        places = self._places[index]
        return self._images[places], self._labels[places]

    def on_epoch_end(self) -> None:
        """Draw the next epoch's episodes."""
        self._epoch += 1
        self._draw()


def fit_prototypical(
    encoder: keras.Model,
    images: np.ndarray,
    labels: np.ndarray,
    *,
    ways: int = 20,
    shots: int = 1,
    queries: int = 5,
    episodes: int = 300,
    learning_rate: float = 1e-3,
    seed: int = 0,
    verbose: int = 0,
) -> list[float]:
    """Train an encoder on episodes with Adam.

    More ways in training than in the test make the features better, as the authors found (section 3.1).

    Args:
        encoder: Model from images to features `(batch, d)`; its weights change.
        images: Training images, of classes that the test does not have.
        labels: `(n,)` whole numbers.
        ways: Classes of a training episode.
        shots: Support images of a class; as in the test.
        queries: Query images of a class.
        episodes: Steps of training.
        learning_rate: Of Adam.
        seed: Which episodes.
        verbose: As in `fit`.

    Returns:
        The mean loss of each tenth of the training.

    Raises:
        ValueError: If there are too few classes, or images of a class, or the encoder gives no vectors.
    """
    model = PrototypicalModel(encoder, ways, shots, queries)
    epochs = min(10, episodes)
    model.compile(keras.optimizers.Adam(learning_rate))
    batches = EpisodeBatches(images, labels, ways, shots, queries, episodes=episodes // epochs, seed=seed)
    return list(model.fit(batches, epochs=epochs, verbose=verbose, shuffle=False).history["loss"])
