"""Images from folders, one folder a class: all at once, or batch by batch where they do not fit into memory."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from tlcourse.arguments import require_whole
from tlcourse.datasets.dataset import Dataset
from tlcourse.datasets.decoding import decode
from tlcourse.datasets.depths import require_known_white
from tlcourse.datasets.drawing import frozen_view
from tlcourse.datasets.image_files import class_folders, images_of_classes, visible_folders

_SHOWN = 20


@dataclass(frozen=True, eq=False)
class ImageFolder:
    """Labelled image files that are read when they are asked for: `folder[0:64]` reads 64 images.

    Args:
        name: What figures and messages call it.
        files: Paths of the images, class by class.
        labels: `(n,)` whole numbers from 0 to the number of classes - 1.
        class_names: One for each label.
        size: Side of the square that images are shrunk to, in pixels.
        value_range: Black and white of grey images beyond 8 bits; None for those of the format.
    """

    name: str
    files: tuple[Path, ...]
    labels: np.ndarray
    class_names: tuple[str, ...]
    size: int
    value_range: tuple[float, float] | None = None
    _looked: list[bool] = field(default_factory=list, repr=False)  # whether the depths of all files were looked at

    def __len__(self) -> int:
        return len(self.files)

    def __repr__(self) -> str:
        return f"<{self.name}: {len(self):,} image files of {len(self.class_names)} classes, read as {self.size} x {self.size}>"

    def __getitem__(self, which: slice | Sequence[int] | np.ndarray) -> np.ndarray:
        """Read the images of a slice or at these positions: `(n, size, size, 3)` uint8.

        Raises:
            ValueError: If files cannot be read, or hold values whose white is not known; all of them are listed.
        """
        if not self._looked:
            require_known_white(self.files, self.value_range)
            self._looked.append(True)
        places = np.arange(len(self))[which]
        return _read([self.files[place] for place in np.atleast_1d(places)], self.size, self.value_range)

    def subset(self, indices: Sequence[int] | np.ndarray) -> ImageFolder:
        """Return some of the images, in this order.

        Args:
            indices: Positions or a mask.
        """
        places = np.arange(len(self))[np.asarray(indices)]
        files = tuple(self.files[place] for place in places)
        return replace(self, files=files, labels=frozen_view(self.labels[places]), _looked=list(self._looked))

    def load(self) -> Dataset:
        """Read all images into memory.

        Raises:
            ValueError: If files cannot be read, or hold values whose white is not known; all of them are listed.
        """
        return Dataset(self.name, self[:], self.labels, self.class_names, origin="your own folder", profile="own")


def load_image_folder(
    path: str | os.PathLike[str],
    size: int = 128,
    *,
    per_class: int | None = None,
    seed: int = 0,
    name: str | None = None,
    value_range: tuple[float, float] | None = None,
) -> Dataset:
    """Load images of your own, one folder a class.

    Files are recognised by their content. Hidden files and folders are left out, such as `.ipynb_checkpoints`; a warning counts and
    names what was left out. Transparent images are laid on white.

    Args:
        path: A folder whose subfolders are the classes.
        size: Side of the square that images are shrunk to, in pixels.
        per_class: Images drawn of each class; None takes all.
        seed: Seed of that draw.
        name: Name of the data set; the folder's name if None.
        value_range: Values that are black and white in grey images of more than 8 bits, such as `(0, 4095)` for 12 bits in 16. None
            takes what the format says: 65535 for 16 bits, 1.0 for floats.

    Returns:
        The images, `(n, size, size, 3)` uint8, with a label each.

    Raises:
        FileNotFoundError: If there is no such folder.
        ValueError: If there are fewer than two classes, if the subfolders are splits, if a class is empty or has too few images, if
            files cannot be read, or if they hold values whose white is not known. All such files are listed.

    Example:
        >>> from PIL import Image
        >>> for kind in ("cats", "dogs"):
        ...     (folder / kind).mkdir()
        ...     for number in range(3):
        ...         Image.new("RGB", (40, 30)).save(folder / kind / f"{number}.png")
        >>> data = tlcourse.load_image_folder(folder, size=32)
        >>> data.images.shape, data.class_names
        ((6, 32, 32, 3), ('cats', 'dogs'))
    """
    return open_image_folder(path, size, per_class=per_class, seed=seed, name=name, value_range=value_range).load()


def open_image_folder(
    path: str | os.PathLike[str],
    size: int = 128,
    *,
    per_class: int | None = None,
    seed: int = 0,
    name: str | None = None,
    value_range: tuple[float, float] | None = None,
) -> ImageFolder:
    """List the images of a folder without reading them, for more images than fit into memory.

    `extract_features(backbone, open_image_folder(path))` reads them batch by batch.

    Args:
        path: A folder whose subfolders are the classes.
        size: Side of the square that images are shrunk to, in pixels.
        per_class: Images drawn of each class; None takes all.
        seed: Seed of that draw.
        name: Name of the data set; the folder's name if None.
        value_range: As in `load_image_folder`.

    Returns:
        The files with their labels, in the order of `load_image_folder`.

    Raises:
        FileNotFoundError: If there is no such folder.
        ValueError: If there are fewer than two classes, if the subfolders are splits, or if a class has too few images.

    Example:
        >>> from PIL import Image
        >>> for kind in ("cats", "dogs"):
        ...     (folder / kind).mkdir()
        ...     for number in range(3):
        ...         Image.new("RGB", (40, 30)).save(folder / kind / f"{number}.png")
        >>> data = tlcourse.open_image_folder(folder, size=32)
        >>> len(data), data.class_names
        (6, ('cats', 'dogs'))
    """
    require_whole("size", size, 1)
    root = Path(path)
    classes = class_folders(root)
    drawn = [_draw(files, folder, per_class, seed) for files, folder in zip(images_of_classes(classes), classes, strict=True)]
    labels = np.repeat(np.arange(len(classes), dtype=np.int64), [len(files) for files in drawn])
    files = tuple(file for some in drawn for file in some)
    names = tuple(folder.name for folder in classes)
    return ImageFolder(name or root.name or root.resolve().name, files, frozen_view(labels), names, size, _checked(value_range))


def open_images(path: str | os.PathLike[str], size: int) -> ImageFolder:
    """List the images of a folder with or without classes: with two subfolders or more, these are the classes.

    Raises:
        FileNotFoundError: If there is no such folder.
        ValueError: If there is no image, or if the subfolders are splits.
    """
    root = Path(path)
    if not root.is_dir() or len(visible_folders(root)) > 1:
        return open_image_folder(root, size)
    (files,) = images_of_classes([root])
    return ImageFolder(root.name, tuple(files), frozen_view(np.zeros(len(files), np.int64)), (root.name,), size)


def read_images(files: Sequence[Path], size: int, value_range: tuple[float, float] | None = None) -> np.ndarray:
    """Read images as one `(n, size, size, 3)` uint8 array: upright, opaque, middle square, shrunk with antialiasing.

    Raises:
        ValueError: If files cannot be read, or hold values whose white is not known; all of them are listed.
    """
    require_known_white(files, value_range)
    return _read(files, size, value_range)


def _read(files: Sequence[Path], size: int, value_range: tuple[float, float] | None) -> np.ndarray:
    from tqdm.auto import tqdm

    images = np.empty((len(files), size, size, 3), np.uint8)

    def read(i: int) -> str:
        try:
            images[i] = decode(files[i], size, value_range)
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
        raise ValueError(
            f"{len(broken)} of {len(files)} files cannot be read as images. Remove or replace them:\n  {_listed(broken)}"
        )
    return images


def _draw(files: list[Path], folder: Path, per_class: int | None, seed: int) -> list[Path]:
    if per_class is None:
        return files
    if not 1 <= per_class <= len(files):
        raise ValueError(
            f"`per_class` must lie between 1 and {len(files)}, the images of {folder.name!r}. Received: per_class={per_class}."
        )
    picked = np.random.default_rng(seed).permutation(len(files))[:per_class]
    return [files[i] for i in sorted(picked)]


def _checked(value_range: tuple[float, float] | None) -> tuple[float, float] | None:
    if value_range is None:
        return None
    black, white = (float(value) for value in value_range)
    if not np.isfinite([black, white]).all() or black >= white:
        raise ValueError(f"`value_range` must be (black, white), black below white. Received: value_range={value_range!r}.")
    return black, white


def _listed(lines: Sequence[str]) -> str:
    more = [f"... and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    return "\n  ".join([*lines[:_SHOWN], *more])
