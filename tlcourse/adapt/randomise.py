"""Domain randomisation: make the source so varied that the target looks like one more variant.

Layers for the front of a model, or for a pipeline: random in training, and nothing at all in inference. Images are 0 to 255 and
stay so. The idea: minimise `E_r E_source[loss(f(r(x)), y)]` over transformations r that leave the label true and are stronger
than what the target will bring (Tobin et al. 2017, "Domain randomization for transferring deep neural networks from simulation to
the real world", arXiv 1703.06907). No image of the target is needed.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

_SIDES = (2, 4, 8, 16)  # of the grids of random colours that a texture is the sum of, in cells a side


class _RandomLayer(keras.layers.Layer):
    """Change images in training by `_change`, and return them as they are otherwise."""

    def __init__(self, strength: float, highest: float, seed: int | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not 0.0 <= strength <= highest:
            raise ValueError(f"`strength` must lie between 0 and {highest:g}. Received: strength={strength!r}.")
        self.strength, self.seed = float(strength), seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, images: Any, training: bool | None = None) -> Any:
        if not training or self.strength == 0.0:
            return images
        return ops.clip(self._change(images), 0.0, 255.0)

    def _change(self, images: Any) -> Any:
        raise NotImplementedError

    def _uniform(self, shape: tuple[Any, ...], low: float, high: float) -> Any:
        return keras.random.uniform(shape, low, high, dtype=self.compute_dtype, seed=self.seed_generator)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "strength": self.strength, "seed": self.seed}


@keras.saving.register_keras_serializable(package="tlcourse")
class RandomColour(_RandomLayer):
    """Stretch, shift or invert each colour channel of each image at random.

    Per image and channel `out = 127.5 + gain (in - 127.5) + offset`, gain uniform in `1 +- strength`, offset in `+- 100 strength`
    grey levels; with `invert`, every second image is turned into its negative first. At strength 0 nothing changes.

    Args:
        strength: How far colours change, 0 to 1.
        invert: Whether negatives are among the variants. (Keep it off where the negative has another label.)
        seed: Makes a run repeatable.
    """

    def __init__(self, strength: float = 0.5, *, invert: bool = False, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(strength, 1.0, seed, **kwargs)
        self.invert = invert

    def _change(self, images: Any) -> Any:
        count, channels = ops.shape(images)[0], images.shape[-1]
        centred = images - 127.5
        if self.invert:
            centred = centred * ops.sign(self._uniform((count, 1, 1, 1), -1.0, 1.0))
        gain = self._uniform((count, 1, 1, channels), 1.0 - self.strength, 1.0 + self.strength)
        offset = self._uniform((count, 1, 1, channels), -100.0 * self.strength, 100.0 * self.strength)
        return 127.5 + gain * centred + offset

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "invert": self.invert}


@keras.saving.register_keras_serializable(package="tlcourse")
class RandomGrain(_RandomLayer):
    """Add the grain of a camera: Gaussian noise whose standard deviation is drawn for each image, 0 to `strength` grey levels.

    Args:
        strength: Largest standard deviation, 0 to 128 grey levels.
        seed: Makes a run repeatable.
    """

    def __init__(self, strength: float = 25.0, *, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(strength, 128.0, seed, **kwargs)

    def _change(self, images: Any) -> Any:
        deviation = self._uniform((ops.shape(images)[0], 1, 1, 1), 0.0, self.strength)
        return images + deviation * keras.random.normal(ops.shape(images), dtype=self.compute_dtype, seed=self.seed_generator)


@keras.saving.register_keras_serializable(package="tlcourse")
class RandomBackground(_RandomLayer):
    """Put a random texture behind what is drawn on a plain ground.

    The ground is the mean colour of the image's rim. The object is where a pixel differs from it: `m = min(1, |in - ground| / 64)`,
    the largest over channels. The texture t is a sum of grids of random colours, coarse to fine. The result is
    `(1 - m) t + m in`, or, in a share of the images, `|t - m 255|`: the object as the negative of the texture, as when it is
    printed over a photograph.

    Args:
        strength: Share of the images that get a texture, 0 to 1.
        negative: Share of those whose object becomes the texture's negative, 0 to 1.
        seed: Makes a run repeatable.
    """

    def __init__(self, strength: float = 1.0, *, negative: float = 0.5, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(strength, 1.0, seed, **kwargs)
        if not 0.0 <= negative <= 1.0:
            raise ValueError(f"`negative` is a share, 0 to 1. Received: negative={negative!r}.")
        self.negative = negative

    def _change(self, images: Any) -> Any:
        count = ops.shape(images)[0]
        rim = ops.concatenate([images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]], axis=1)
        ground = ops.mean(rim, axis=1)[:, None, None, :]  # (batch, pixels of the rim, channels) -> (batch, 1, 1, channels)
        away = ops.max(ops.abs(images - ground), axis=-1, keepdims=True)  # -> (batch, height, width, 1)
        mask = ops.minimum(away / 64.0, 1.0)
        texture = self._texture(images)
        covered = (1.0 - mask) * texture + mask * images
        printed = ops.abs(texture - 255.0 * mask)
        shape = (count, 1, 1, 1)
        out = ops.where(self._uniform(shape, 0.0, 1.0) < self.negative, printed, covered)
        return ops.where(self._uniform(shape, 0.0, 1.0) < self.strength, out, images)

    def _texture(self, images: Any) -> Any:
        count, (height, width, channels) = ops.shape(images)[0], images.shape[1:]
        texture = self._uniform((count, 1, 1, channels), 0.0, 255.0)
        for side in _SIDES:
            amplitude = self._uniform((count, 1, 1, 1), 0.0, 160.0 / len(_SIDES))
            grid = self._uniform((count, side, side, channels), -1.0, 1.0)
            texture = texture + 2.0 * amplitude * ops.image.resize(grid, (height, width), interpolation="bilinear")
        return ops.clip(texture, 0.0, 255.0)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "negative": self.negative}
