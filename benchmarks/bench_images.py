"""Reading images from folders: `load_image_folder` against Keras' `image_dataset_from_directory`, same files, same run."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

SIZE, REPEATS = 128, 3


def write_images(folder: Path) -> int:
    """Draw 600 flowers of 256 pixels as JPEG, one folder a species."""
    from PIL import Image

    from tlcourse.worlds import draw_flowers

    images, labels, names = draw_flowers(60, seed=0, size=256)
    for i, (image, label) in enumerate(zip(images, labels, strict=True)):
        (folder / names[label]).mkdir(exist_ok=True)
        Image.fromarray(image).save(folder / names[label] / f"{i}.jpg", quality=88)
    return len(images)


def ours(folder: Path) -> None:
    from tlcourse.datasets import load_image_folder

    load_image_folder(folder, SIZE)


def theirs(folder: Path) -> None:
    import keras

    data = keras.utils.image_dataset_from_directory(folder, image_size=(SIZE, SIZE), crop_to_aspect_ratio=True, verbose=False)
    for _ in data:
        pass


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        count = write_images(Path(name))
        rates = {}
        for read in (ours, theirs):
            read(Path(name))  # once to warm up
        for read in (ours, theirs) * REPEATS:
            started = time.perf_counter()
            read(Path(name))
            rates.setdefault(read.__name__, []).append(count / (time.perf_counter() - started))
    mine, keras_own = statistics.median(rates["ours"]), statistics.median(rates["theirs"])
    print(f"load_image_folder {mine:.0f} images/s, image_dataset_from_directory {keras_own:.0f}: ratio {mine / keras_own:.2f}")
