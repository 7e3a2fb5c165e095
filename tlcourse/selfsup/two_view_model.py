"""Training on two views: an encoder, a projector that is thrown away, and a loss of pairs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from tlcourse.arguments import require_number, require_whole
from tlcourse.selfsup.losses import nt_xent
from tlcourse.selfsup.views import TwoViews


def new_projector(width: int = 64, hidden: int = 128) -> keras.Sequential:
    """Build the projector of SimCLR: two dense layers, with ReLU between them. Only the loss uses its output.

    Args:
        width: Numbers of its output, 1 or more.
        hidden: Numbers between the layers, 1 or more.
    """
    require_whole("width", width, 1)
    require_whole("hidden", hidden, 1)
    return keras.Sequential([layers.Dense(hidden, activation="relu"), layers.Dense(width)], name="projector")


class TwoViewModel(keras.Model):
    """Trains an encoder to see that two views come from one image; calling it gives the encoder's features of the images as they are.

    Args:
        encoder: Model from images to features `(batch, d)`. It is shared: training changes its weights.
        loss_of_views: Function of two arrays `(batch, p)`, the projections of the two views; `nt_xent` makes this SimCLR.
        projector: Model from features to projections; by default `new_projector()`. After training it is not needed.
        views: Layer that gives two views of a batch, one under the other; by default `TwoViews()`.

    Raises:
        ValueError: If the encoder's output is not `(batch, d)`.

    Source: Chen et al. (2020), "A simple framework for contrastive learning of visual representations", algorithm 1.
    """

    def __init__(
        self,
        encoder: keras.Model,
        loss_of_views: Callable[[Any, Any], Any] = nt_xent,
        *,
        projector: keras.Model | None = None,
        views: keras.layers.Layer | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if len(encoder.output_shape) != 2:
            raise ValueError(
                f"The encoder must give one vector an image, (batch, d). Received: output_shape={encoder.output_shape}."
            )
        self.encoder, self.loss_of_views = encoder, loss_of_views
        self.projector = projector or new_projector()
        self.views = views or TwoViews()

    def build(self, input_shape: Any) -> None:
        """Build the projector on the encoder's features."""
        self.projector.build(self.encoder.output_shape)
        self.built = True

    def call(self, images: Any, training: bool | None = None) -> Any:
        """Return projections of two views in training, `(2 batch, p)`, and the features of the images otherwise."""
        if not training:
            return self.encoder(images, training=False)
        return self.projector(self.encoder(self.views(images), training=True), training=True)

    def compute_loss(self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, **kwargs: Any) -> Any:
        """Return the loss of the two halves of `y_pred`."""
        first, second = ops.split(y_pred, 2, axis=0)
        return self.loss_of_views(first, second)


def fit_two_views(
    encoder: keras.Model,
    images: np.ndarray,
    loss_of_views: Callable[[Any, Any], Any] = nt_xent,
    *,
    epochs: int = 10,
    batch_size: int = 128,
    learning_rate: float = 2e-3,
    **options: Any,
) -> np.ndarray:
    """Train an encoder on unlabelled images, and return the mean loss of each epoch. The encoder is changed; the projector is thrown away.

    Args:
        encoder: Model from images to features `(batch, d)`.
        images: `(n, height, width, channels)`, 0-255; an epoch leaves out the images that fill no batch.
        loss_of_views: Function of the projections of the two views.
        epochs: 1 or more.
        batch_size: Images a step, 2 to n. Each image meets `2 batch_size - 2` wrong views.
        learning_rate: Of Adam, above 0.
        options: `projector` and `views` of `TwoViewModel`.

    Returns:
        `(epochs,)`.

    Raises:
        ValueError: If an argument is out of range.
    """
    require_whole("epochs", epochs, 1)
    require_whole("batch_size", batch_size, 2)
    require_number("learning_rate", learning_rate, above=0)
    whole = len(images) // batch_size * batch_size
    if not whole:
        raise ValueError(f"There are fewer images than a batch. Received: batch_size={batch_size}, len(images)={len(images)}.")
    model = TwoViewModel(encoder, loss_of_views, **options)
    model.compile(keras.optimizers.Adam(learning_rate))
    losses, order = [], np.random.default_rng(0)
    for _ in range(epochs):
        chosen = images[order.permutation(len(images))[:whole]]
        history = model.fit(chosen, batch_size=batch_size, shuffle=False, verbose=0)
        losses.append(history.history["loss"][0])
    return np.array(losses)
