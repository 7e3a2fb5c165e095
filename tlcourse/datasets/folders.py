"""Images from folders, one folder a class: decode, turn upright, crop the middle square, shrink."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tlcourse.datasets.dataset import Dataset

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"})


def load_image_folder(
    path: str | os.PathLike[str],
    size: int = 128,
    *,
    per_class: int | None = None,
    seed: int = 0,
    name: str | None = None,
) -> Dataset:
    """Load images of your own, one folder a class.

    Args:
        path: a folder whose subfolders are the classes.
        size: side of the square that images are shrunk to, in pixels.
        per_class: images drawn of each class; None takes all.
        seed: of that draw.
        name: of the data set; the folder's name if None.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: fewer than two classes, an empty class, too few images, or files that no reader understands (all are listed).
    """
    root = Path(path)
    if not root.is_dir():
        raise FileNotFoundError(f"Expected a folder with one subfolder a class. There is no folder {str(root)!r}.")
    classes = sorted(folder for folder in root.iterdir() if folder.is_dir() and not folder.name.startswith("."))
    if len(classes) < 2:
        raise ValueError(
            f"Expected at least two subfolders, one a class, such as {root.name}/cats and {root.name}/dogs. "
            f"Found: {[folder.name for folder in classes]}."
        )
    files = [(file, label) for label, folder in enumerate(classes) for file in _draw(folder, per_class, seed)]
    images = read_images([file for file, _ in files], size)
    labels = np.array([label for _, label in files], dtype=np.int64)
    names = tuple(folder.name for folder in classes)
    return Dataset(name or root.name, images, labels, names, origin="your own folder", profile="own")


def read_images(files: Sequence[Path], size: int) -> np.ndarray:
    """Read images as one `(n, size, size, 3)` uint8 array: upright, middle square, shrunk with antialiasing.

    Raises:
        ValueError: some files cannot be read; all of them are listed.
    """
    from concurrent.futures import ThreadPoolExecutor

    from tqdm.auto import tqdm

    images = np.empty((len(files), size, size, 3), np.uint8)

    def read(i: int) -> str:
        try:
            images[i] = _read_one(files[i], size)
        except (OSError, ValueError, SyntaxError) as error:
            return f"{files[i]}: {type(error).__name__}"
        return ""

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:  # decoding happens outside of Python's lock
        bar = tqdm(total=len(files), desc="reading images", unit="image", leave=False, disable=len(files) < 500)
        with bar:
            broken = []
            for message in pool.map(read, range(len(files))):
                bar.update()
                broken += [message] if message else []
    if broken:
        listed = "\n  ".join(broken[:20] + ([f"... and {len(broken) - 20} more"] if len(broken) > 20 else []))
        raise ValueError(f"{len(broken)} of {len(files)} files cannot be read as images. Remove or replace them:\n  {listed}")
    return images


def _read_one(file: Path, size: int) -> np.ndarray:
    from PIL import Image, ImageOps

    try:
        with Image.open(file) as picture:
            picture.draft("RGB", (2 * size, 2 * size))  # JPEG decodes straight to about that size
            upright = ImageOps.exif_transpose(picture).convert("RGB")
    except Image.DecompressionBombError as error:
        raise ValueError(str(error)) from error
    return np.asarray(ImageOps.fit(upright, (size, size), Image.Resampling.BICUBIC))


def _draw(folder: Path, per_class: int | None, seed: int) -> list[Path]:
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in SUFFIXES and not file.name.startswith("."))
    if not files:
        raise ValueError(f"Class {folder.name!r} holds no image. Expected files ending in {', '.join(sorted(SUFFIXES))}.")
    if per_class is None:
        return files
    if not 1 <= per_class <= len(files):
        raise ValueError(
            f"`per_class` must lie between 1 and {len(files)}, the images of {folder.name!r}. Received: {per_class}."
        )
    picked = np.random.default_rng(seed).permutation(len(files))[:per_class]
    return [files[i] for i in sorted(picked)]
