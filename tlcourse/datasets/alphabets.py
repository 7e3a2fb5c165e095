"""Letters of alphabets that training has not seen: drawn ones (embedded), or the handwritten ones of Omniglot (full)."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from tlcourse.arguments import require_one_of, require_whole
from tlcourse.config import profile
from tlcourse.datasets.dataset import Dataset

OMNIGLOT_SPLITS = {
    "train": ("Balinese", "Early_Aramaic", "Greek", "Latin"),
    "validation": ("Korean",),
    "test": ("Japanese_(katakana)", "Sanskrit", "Tagalog"),
}
_BACKGROUND = ("images_background_small1.zip", "images_background_small2.zip")
_WRITERS = 20
_ORIGIN = "Omniglot (Lake, Salakhutdinov, Tenenbaum 2015)"


@dataclass(frozen=True)
class OneShotRun:
    """One of Omniglot's 20 published trials: which of 20 letters is each test image?

    Args:
        support: `(20, size, size, 3)` uint8, one image a class.
        query: `(20, size, size, 3)` uint8, written by somebody else.
        labels: `(20,)` int64, the position in `support` of each query's class.
    """

    support: np.ndarray
    query: np.ndarray
    labels: np.ndarray


def load_alphabets(split: str = "train", per_class: int = 20, seed: int = 0, *, size: int = 32) -> Dataset:
    """Load letters, one class each; no alphabet is in two splits: drawn (embedded), or Omniglot, handwritten (full).

    Args:
        split: "train", "validation" or "test".
        per_class: Images of each letter; Omniglot has 20, by as many people.
        seed: 0 or more; other seeds draw other images, of Omniglot other orders and writers.
        size: Side in pixels, 16 or more.

    Returns:
        The data set, the letters taking turns; `groups` is the number of the alphabet.

    Raises:
        ValueError: If an argument is out of range.
        FetchError: If Omniglot is not there and cannot be downloaded.

    Example:
        >>> tlcourse.load_alphabets("test", per_class=2)
        <drawn alphabets: 154 images of 32 x 32, 77 classes, 2 groups, embedded>
    """
    if profile() == "embedded":
        from tlcourse.worlds import draw_alphabets

        images, labels, names, groups = draw_alphabets(split, per_class, seed, size=size)
        origin = "drawn by this package with the fonts of matplotlib"
        return Dataset("drawn alphabets", images, labels, names, groups, licence="CC0", origin=origin, profile="embedded")
    from tlcourse.fetch import fetch

    images, labels, names, groups = read_omniglot(fetch("omniglot"), split, per_class, seed, size)
    return Dataset("Omniglot", images, labels, names, groups, licence="MIT", origin=_ORIGIN, profile="full")


def load_one_shot_runs(*, size: int = 32) -> list[OneShotRun]:
    """Load the 20 one-shot trials of Omniglot's authors, whose alphabets are in none of our splits. Full profile only.

    Args:
        size: Side in pixels, 16 or more.

    Raises:
        ValueError: If the profile is embedded, or `size` is too small.
        FetchError: If Omniglot is not there and cannot be downloaded.
    """
    require_whole("size", size, 16)
    if profile() == "embedded":
        raise ValueError(
            "The trials of Omniglot are real data. Use the full profile, or episodes of load_alphabets. Received: profile='embedded'."
        )
    from tlcourse.fetch import fetch

    return read_runs(fetch("omniglot"), size)


def read_omniglot(
    folder: Path, split: str, per_class: int, seed: int, size: int
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...], np.ndarray]:
    """Read letters of a split from the two small background sets.

    Args:
        folder: Holds the archives as their owners publish them.
        split: A key of `OMNIGLOT_SPLITS`.
        per_class: 1 to 20.
        seed: Which writers, and in which order.
        size: Side in pixels; the originals have 105.

    Returns:
        Images `(n, size, size, 3)` uint8, black on white; labels `(n,)`; names such as "Greek 03"; alphabet of each image `(n,)`.

    Raises:
        FileNotFoundError: If an archive is missing.
        ValueError: If an argument is out of range, or a letter has fewer images than its 20.
    """
    require_one_of("split", split, tuple(OMNIGLOT_SPLITS))
    require_whole("per_class", per_class, 1, _WRITERS)
    require_whole("size", size, 16)
    letters: dict[str, list[np.ndarray]] = {}
    for archive in _BACKGROUND:
        with _open(folder, archive) as file:
            for name in sorted(file.namelist()):
                _, alphabet, character = (*name.split("/"), "", "", "")[:3]
                if name.endswith(".png") and alphabet in OMNIGLOT_SPLITS[split]:
                    letter = f"{alphabet} {character.removeprefix('character')}"
                    if len(letters.setdefault(letter, [])) < _WRITERS:  # Greek and Latin are in both archives
                        letters[letter].append(_image(file.read(name), size))
    short = [letter for letter, found in letters.items() if len(found) < _WRITERS]
    missing = [name for name in OMNIGLOT_SPLITS[split] if not any(letter.startswith(f"{name} ") for letter in letters)]
    if short or missing:
        raise ValueError(
            f"Omniglot in {folder} is not whole: {', '.join((missing + short)[:3])}. Remove the folder and fetch it again."
        )
    names = tuple(sorted(letters))
    rng = np.random.default_rng(seed)
    chosen = [np.stack(letters[name])[rng.permutation(_WRITERS)[:per_class]] for name in names]
    images = np.stack(chosen, axis=1).reshape(-1, size, size, 3)  # the letters take turns
    labels = np.tile(np.arange(len(names), dtype=np.int64), per_class)
    alphabets = np.array([OMNIGLOT_SPLITS[split].index(name.rsplit(" ", 1)[0]) for name in names])
    return images, labels, names, alphabets[labels]


def read_runs(folder: Path, size: int) -> list[OneShotRun]:
    """Read the 20 trials from `all_runs.zip`.

    Args:
        folder: Holds the archive.
        size: Side in pixels.

    Raises:
        FileNotFoundError: If the archive is missing.
    """
    runs = []
    with _open(folder, "all_runs.zip") as file:
        for number in range(1, 21):
            pairs = [
                line.split() for line in file.read(f"run{number:02d}/class_labels.txt").decode().splitlines() if line.strip()
            ]
            support = [f"run{number:02d}/training/class{i:02d}.png" for i in range(1, 21)]
            runs.append(
                OneShotRun(
                    np.stack([_image(file.read(name), size) for name in support]),
                    np.stack([_image(file.read(item), size) for item, _ in pairs]),
                    np.array([support.index(wanted) for _, wanted in pairs], np.int64),
                )
            )
    return runs


def _open(folder: Path, archive: str) -> zipfile.ZipFile:
    path = folder / archive
    if not path.is_file():
        raise FileNotFoundError(f"There is no {archive} in {folder}. Remove the folder, and it is fetched again.")
    return zipfile.ZipFile(path)


def _image(data: bytes, size: int) -> np.ndarray:
    grey = Image.open(io.BytesIO(data)).convert("L").resize((size, size), Image.Resampling.BOX)
    return np.repeat(np.asarray(grey, np.uint8)[..., None], 3, axis=-1)
