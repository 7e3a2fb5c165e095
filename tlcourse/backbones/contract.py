"""What a network expects at its input, and a guard that says by name when images do not fit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MODES = ("tf", "caffe", "torch", "unit", "none")


@dataclass(frozen=True)
class InputContract:
    """What goes into a backbone of the registry, and what happens to it inside.

    Args:
        size: side in pixels that the weights were trained at.
        min_size: smallest side that the architecture takes.
        mode: what the model does to raw pixels before the first weights, in the words of `keras.applications`:
            "tf" (to -1..1), "caffe" (BGR, ImageNet mean subtracted), "torch" (to 0..1, ImageNet mean and standard deviation),
            "unit" (to 0..1, for modules of TensorFlow Hub), "none" (the architecture rescales by itself, or takes 0..255).
        source_classes: what it was trained to tell apart, such as "ImageNet-1k".
        value_range: of the images that go in; the same for all.
        channel_order: of the images that go in; the same for all.
    """

    size: int
    min_size: int
    mode: str
    source_classes: str
    value_range: tuple[int, int] = (0, 255)
    channel_order: str = "RGB"

    @property
    def rescales_itself(self) -> bool:
        """Whether the architecture of `keras.applications` has its own rescaling, so that nothing is put before it."""
        return self.mode == "none"

    def check(self, images: np.ndarray) -> None:
        """Raise where images cannot be raw RGB pixels.

        Args:
            images: `(batch, height, width, 3)`, values 0 to 255.

        Raises:
            ValueError: the shape is another one, or the values look scaled already.
        """
        shape = np.shape(images)
        if len(shape) != 4 or shape[-1] != 3:
            raise ValueError(f"Expected RGB images (batch, height, width, 3). Received: shape={shape}.")
        if min(shape[1:3]) < self.min_size:
            raise ValueError(f"Expected images of at least {self.min_size} pixels a side. Received: shape={shape}.")
        sample = np.asarray(images[:64], dtype="float32")
        low, high = float(sample.min()), float(sample.max())
        if high <= 1.0 < sample.size and low < high:
            raise ValueError(
                f"These images look scaled already: values from {low:.3g} to {high:.3g}. The model scales raw pixels (0 to 255) "
                "itself, and scaling twice ruins its features. Pass the images as they were read."
            )
        if low < 0.0 or high > 255.0:
            raise ValueError(
                f"Expected raw pixels from 0 to 255. Received values from {low:.4g} to {high:.4g}: was `preprocess_input` called "
                "before? The model does it inside; pass the images as they were read."
            )
