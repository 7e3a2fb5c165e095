"""What a network expects at its input, and a guard that says by name when images do not fit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MODES = ("tf", "caffe", "torch", "unit", "none")


@dataclass(frozen=True)
class InputContract:
    """What goes into a backbone of the registry, and what happens to it inside.

    Args:
        size: Side in pixels that the weights were trained at.
        min_size: Smallest side that the architecture takes.
        mode: What the model does to raw pixels before the first weights, in the words of `keras.applications`:
            "tf" (to -1..1), "caffe" (BGR, ImageNet mean subtracted), "torch" (to 0..1, ImageNet mean and standard deviation),
            "unit" (to 0..1, for modules of TensorFlow Hub), "none" (the architecture rescales by itself, or takes 0..255).
        source_classes: What it was trained to distinguish, such as "ImageNet-1k".
        value_range: Range of the pixels that go in; the same for all.
        channel_order: Order of the colours that go in; the same for all.
    """

    size: int
    min_size: int
    mode: str
    source_classes: str
    value_range: tuple[int, int] = (0, 255)
    channel_order: str = "RGB"

    @property
    def rescales_itself(self) -> bool:
        """Whether the architecture of `keras.applications` has its own rescaling; nothing is put before it then."""
        return self.mode == "none"

    def check(self, images: np.ndarray) -> None:
        """Raise unless images can be raw RGB pixels.

        Args:
            images: `(batch, height, width, 3)`, values 0 to 255.

        Raises:
            ValueError: If the shape is another one, or the values look scaled already.
        """
        shape = np.shape(images)
        if len(shape) != 4 or shape[-1] != 3:
            raise ValueError(f"Expected RGB images (batch, height, width, 3). Received: images.shape={shape}.")
        if min(shape[1:3]) < self.min_size:
            raise ValueError(f"Expected images of at least {self.min_size} pixels a side. Received: images.shape={shape}.")
        sample = np.asarray(images[:64], dtype="float32")
        low, high = float(sample.min()), float(sample.max())
        if high <= 1.0 < sample.size and low < high:
            raise ValueError(
                "These images look scaled already. The model scales raw pixels (0 to 255) itself, and scaling twice ruins its features. "
                f"Pass the images as they were read. Received: images={low:.3g} to {high:.3g}."
            )
        if low < 0.0 or high > 255.0:
            raise ValueError(
                "Expected raw pixels from 0 to 255. The model calls `preprocess_input` inside: pass the images as they were read. "
                f"Received: images={low:.4g} to {high:.4g}."
            )
