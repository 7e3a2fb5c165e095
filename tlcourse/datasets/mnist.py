"""Handwritten digits of MNIST: as they are, on coloured paper, or over pieces of photographs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from tlcourse.arguments import require_one_of, require_whole
from tlcourse.worlds import draw_photo_texture

LOOKS = ("plain", "coloured", "cluttered")


def read_mnist(folder: Path, per_class: int, seed: int, size: int, look: str, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Read digits, `per_class` of each, the classes taking turns, and give them a look.

    Args:
        folder: Holds one `mnist*.npz` with `x_train`, `y_train`, `x_test`, `y_test`, as Keras publishes it.
        per_class: Digits of each class, 1 or more.
        seed: Which digits, and their colours and backgrounds.
        size: Side in pixels; the originals have 28.
        look: "plain" white on black; "coloured", a random colour on another; "cluttered", `abs(photograph - digit)`.
        split: "train" or "test", as the owners split them; pieces of photographs differ, too.

    Returns:
        Images `(10 * per_class, size, size, 3)` uint8 and labels int64.

    Raises:
        FileNotFoundError: If the file is not in the folder.
        ValueError: If `look` or `split` is unknown, or there are fewer digits of a class than were asked for.
    """
    require_one_of("look", look, LOOKS)
    require_one_of("split", split, ("train", "test"))
    require_whole("per_class", per_class, 1)
    require_whole("size", size, 8)
    paths = sorted(folder.glob("mnist*.npz"))
    if not paths:
        raise FileNotFoundError(f"There is no mnist.npz in {folder}. Remove the folder, and it is fetched again.")
    with np.load(paths[0]) as data:
        digits, marks = data[f"x_{split}"], data[f"y_{split}"].astype(np.int64)
    rng = np.random.default_rng([seed, LOOKS.index(look)])
    chosen = np.empty((per_class, 10), np.int64)
    for digit in range(10):
        found = np.flatnonzero(marks == digit)
        if per_class > len(found):
            raise ValueError(f"There are {len(found)} digits {digit} in the {split} split. Received: per_class={per_class}.")
        chosen[:, digit] = np.random.default_rng([seed, digit]).permutation(found)[:per_class]  # the same for every look
    images = np.stack([_with_look(digits[place], rng, size, look, split) for place in chosen.ravel()])
    return images, marks[chosen.ravel()]


def _with_look(digit: np.ndarray, rng: np.random.Generator, size: int, look: str, split: str) -> np.ndarray:
    ink = np.asarray(Image.fromarray(digit).resize((size, size), Image.Resampling.BILINEAR), np.float32)[..., None] / 255
    if look == "plain":
        blended = np.repeat(ink, 3, axis=-1)
    elif look == "coloured":
        paper, colour = rng.uniform(0.0, 1.0, (2, 3))
        if abs(paper.mean() - colour.mean()) < 0.3:  # readable in grey, too
            colour = np.where(paper.mean() < 0.5, 1.0 - colour * 0.3, colour * 0.3)
        blended = paper + (colour - paper) * ink
    else:
        blended = np.abs(draw_photo_texture(rng, size, split) - ink * rng.uniform(0.6, 1.0, 3))
    return np.clip(blended * 255.0, 0, 255).round().astype(np.uint8)
