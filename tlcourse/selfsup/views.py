"""Two random views of each image: crop, rotation and colour, each drawn for itself (Chen et al. 2020, section 3)."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

from tlcourse.arguments import require_number


@keras.saving.register_keras_serializable(package="tlcourse")
class TwoViews(keras.layers.Layer):
    """Return two random views of each image of a batch, one batch under the other.

    Row *i* and row `batch + i` of the result are views of image *i*. A view is a square crop, enlarged to the size of the image and
    rotated, with a gain and an offset for each colour channel. Pixels outside the image are reflected. Views are random whether or not
    the model is in training.

    Args:
        smallest: Side of the smallest crop as a share of the image's side, above 0 and at most 1.
        degrees: Largest rotation to either side, 0 to 180.
        colour: Strength of the change of colour, 0 to 1: gain in `1 ± colour`, offset in `± 100 colour` grey levels.
        flip: Whether half of the views are mirrored. Letters should not be.
        seed: Makes a run repeatable.

    Raises:
        ValueError: If an argument is out of range.

    Source: Chen, Kornblith, Norouzi, Hinton (2020), "A simple framework for contrastive learning of visual representations",
    section 3. Blur is left out: the images of the course are small.

    Example:
        >>> views = selfsup.TwoViews(seed=0)
        >>> views(np.zeros((5, 32, 32, 3), "float32")).shape
        TensorShape([10, 32, 32, 3])
    """

    def __init__(
        self,
        *,
        smallest: float = 0.5,
        degrees: float = 15.0,
        colour: float = 0.4,
        flip: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        require_number("smallest", smallest, high=1, above=0)
        require_number("degrees", degrees, 0, 180)
        require_number("colour", colour, 0, 1)
        self.smallest, self.degrees, self.colour, self.flip, self.seed = smallest, degrees, colour, flip, seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, images: Any) -> Any:
        images = ops.cast(images, self.compute_dtype)
        doubled = ops.concatenate([images, images], axis=0)  # (2 batch, height, width, channels)
        moved = ops.image.affine_transform(doubled, self._transforms(doubled), interpolation="bilinear", fill_mode="reflect")
        shape = (ops.shape(doubled)[0], 1, 1, images.shape[-1])
        gain = self._uniform(shape, 1.0 - self.colour, 1.0 + self.colour)
        offset = self._uniform(shape, -100.0 * self.colour, 100.0 * self.colour)
        return ops.clip(127.5 + gain * (moved - 127.5) + offset, 0.0, 255.0)

    def _transforms(self, images: Any) -> Any:
        """Where each pixel of a view comes from: `x' = a x + b y + c`, `y' = d x + e y + f`."""
        count, (height, width) = ops.shape(images)[0], images.shape[1:3]
        side = self._uniform((count,), self.smallest, 1.0)
        angle = self._uniform((count,), -1.0, 1.0) * math.radians(self.degrees)
        mirror = ops.sign(self._uniform((count,), -1.0, 1.0)) if self.flip else ops.ones_like(side)
        a, b = side * ops.cos(angle) * mirror, -side * ops.sin(angle)
        d, e = side * ops.sin(angle) * mirror, side * ops.cos(angle)
        middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
        at_x = middle_x * (1.0 + (1.0 - side) * self._uniform((count,), -1.0, 1.0))
        at_y = middle_y * (1.0 + (1.0 - side) * self._uniform((count,), -1.0, 1.0))
        zero = ops.zeros_like(side)
        c, f = at_x - a * middle_x - b * middle_y, at_y - d * middle_x - e * middle_y
        return ops.stack([a, b, c, d, e, f, zero, zero], axis=1)

    def _uniform(self, shape: tuple[Any, ...], low: float, high: float) -> Any:
        return keras.random.uniform(shape, low, high, dtype=self.compute_dtype, seed=self.seed_generator)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (None if input_shape[0] is None else 2 * input_shape[0], *input_shape[1:])

    def get_config(self) -> dict[str, Any]:
        own = {name: getattr(self, name) for name in ("smallest", "degrees", "colour", "flip", "seed")}
        return {**super().get_config(), **own}
