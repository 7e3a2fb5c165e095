"""A masked autoencoder: hide most patches of an image, and predict what is hidden (after He et al. 2022)."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from tlcourse.arguments import require_number, require_whole

_GREY = 127.5  # what stands in a hidden patch


def random_patch_mask(count: int, side: int, patch: int, share: float, seed: Any = None) -> Any:
    """Return a mask for each image that hides the same number of patches, drawn at random.

    Args:
        count: Number of images.
        side: Side of the images in pixels, a multiple of `patch`.
        patch: Side of a patch in pixels, 1 or more.
        share: Share of the patches to hide, above 0 and below 1; rounded to whole patches.
        seed: Whole number or `keras.random.SeedGenerator`.

    Returns:
        `(count, side, side, 1)` float32: 1 where hidden, 0 where visible.

    Raises:
        ValueError: If `side` is no multiple of `patch`, or `share` hides none or all of the patches.
    """
    require_whole("patch", patch, 1)
    require_number("share", share, 0, 1)
    if side % patch:
        raise ValueError(f"The side must be a multiple of the patch. Received: side={side}, patch={patch}.")
    grid = side // patch
    hidden = round(share * grid**2)
    if not 0 < hidden < grid**2:
        raise ValueError(f"Some of the {grid**2} patches must be hidden, and some visible. Received: share={share}.")
    draws = keras.random.uniform((count, grid**2), seed=seed)
    limit = ops.sort(draws, axis=1)[:, hidden - 1 : hidden]
    mask = ops.reshape(ops.cast(draws <= limit, "float32"), (-1, grid, grid, 1))
    return ops.repeat(ops.repeat(mask, patch, axis=1), patch, axis=2)


def masked_error(images: Any, predicted: Any, mask: Any) -> Any:
    """Return the mean squared error over hidden pixels only.

    Args:
        images: `(n, side, side, channels)`, what is true.
        predicted: The same shape.
        mask: `(n, side, side, 1)`: 1 where hidden, 0 where visible. At least one pixel is hidden.
    """
    squared = ops.mean((predicted - images) ** 2, axis=-1, keepdims=True)  # (n, side, side, 1)
    return ops.sum(squared * mask) / ops.sum(mask)


class MaskedAutoencoder(keras.Model):
    """Trains an encoder by predicting hidden patches; calling it outside training gives the encoder's features.

    He and others leave hidden patches out of a transformer. A convolutional encoder needs a whole image: here they are grey.

    Args:
        encoder: Model from images, 0-255, to features `(batch, d)`. It is shared: training changes its weights.
        patch: Side of a patch in pixels.
        share: Share of patches to hide.
        seed: Makes the masks repeatable.

    Source: He, Chen, Xie, Li, Dollár, Girshick (2022), "Masked autoencoders are scalable vision learners", arXiv 2111.06377.
    """

    def __init__(
        self, encoder: keras.Model, *, patch: int = 4, share: float = 0.5, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.encoder, self.patch, self.share = encoder, patch, share
        _, self.side, _, channels = encoder.input_shape
        self.decoder = keras.Sequential(
            [layers.Dense(self.side**2 * channels), layers.Reshape((self.side, self.side, channels))], name="decoder"
        )
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape: Any) -> None:
        """Build the decoder on the encoder's features."""
        self.decoder.build(self.encoder.output_shape)
        self.built = True

    def call(self, images: Any, training: bool | None = None) -> Any:
        """Return masks and predictions joined along the channels in training, and features otherwise."""
        if not training:
            return self.encoder(images, training=False)
        images = ops.cast(images, "float32")
        mask = random_patch_mask(ops.shape(images)[0], self.side, self.patch, self.share, self.seed_generator)
        seen = images * (1.0 - mask) + _GREY * mask
        predicted = self.decoder(self.encoder(seen, training=True))
        return ops.concatenate([mask, predicted], axis=-1)

    def compute_loss(self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, **kwargs: Any) -> Any:
        """Return the error on hidden patches, with pixels scaled to -1 to 1."""
        wanted = ops.cast(x, "float32") / _GREY - 1.0
        return masked_error(wanted, y_pred[..., 1:], y_pred[..., :1])
