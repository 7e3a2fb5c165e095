"""The shifts of the adaptation table: labelled source, unlabelled target, and labelled target rows that only the score sees."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True, eq=False)
class Shift:
    """One draw of one shift.

    Args:
        source: `(n, ...)` rows of features or images, with `source_labels`; to train on.
        held: `(m, ...)` further source rows with `held_labels`; for scores that choose a method.
        target: `(k, ...)` with `target_labels`; the rows are seen by methods, the labels by the oracle alone.
        test: `(t, ...)` further target rows with `test_labels`; for the accuracy in the table.
    """

    source: np.ndarray
    source_labels: np.ndarray
    held: np.ndarray
    held_labels: np.ndarray
    target: np.ndarray
    target_labels: np.ndarray
    test: np.ndarray
    test_labels: np.ndarray


def rotated_moons(seed: int, angle: float = 30.0) -> Shift:
    """Two half moons in the plane; the target is turned by `angle` degrees."""
    from sklearn.datasets import make_moons

    turn = np.deg2rad(angle)
    matrix = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])

    def draw(count: int, part: int) -> tuple[np.ndarray, np.ndarray]:
        rows, labels = make_moons(count, noise=0.1, random_state=1000 * seed + part)
        return rows - np.array([0.5, 0.25]), labels  # turned around the middle

    (source, a), (held, b), (target, c), (test, d) = draw(300, 0), draw(150, 1), draw(300, 2), draw(600, 3)
    return Shift(source, a, held, b, target @ matrix, c, test @ matrix, d)


def other_sensor(seed: int) -> Shift:
    """scikit-learn's handwritten digits as 30 principal components; the target's sensor mixes them (symmetric, positive)."""
    from sklearn.datasets import load_digits
    from sklearn.decomposition import PCA

    pictures, labels = load_digits(return_X_y=True)
    rng = np.random.default_rng([seed, 1])
    order = rng.permutation(len(labels))
    parts = np.split(order, (600, 800, 1300))
    components = PCA(30, random_state=0).fit(pictures[parts[0]])
    rows = components.transform(pictures)
    rows /= rows[parts[0]].std()
    wiring = rng.normal(size=(30, 30))
    mixing = wiring @ wiring.T / 30
    source, held, target, test = (rows[part] for part in parts)
    a, b, c, d = (labels[part] for part in parts)
    return Shift(source, a, held, b, target @ mixing, c, test @ mixing, d)


def printed_to_handwritten(seed: int) -> Shift:
    """Digits rendered from fonts, 8 x 8 pixels; the target is scikit-learn's handwritten digits of the same size."""
    from PIL import Image
    from sklearn.datasets import load_digits

    from tlcourse.worlds import draw_glyphs

    def printed(per_class: int, part: int) -> tuple[np.ndarray, np.ndarray]:
        images, labels, _ = draw_glyphs("clean_digits", per_class, 10 * seed + part)
        small = [
            np.asarray(Image.fromarray(image).convert("L").resize((8, 8), Image.Resampling.BOX), float) for image in images
        ]
        return np.stack([_stretched(image).ravel() for image in small]), labels

    pictures, labels = load_digits(return_X_y=True)
    order = np.random.default_rng([seed, 2]).permutation(len(labels))
    target, test = order[:800], order[800:]
    rows = np.stack([_stretched(picture) for picture in pictures])
    (source, a), (held, b) = printed(60, 0), printed(15, 1)
    return Shift(source, a, held, b, rows[target], labels[target], rows[test], labels[test])


def _stretched(picture: np.ndarray) -> np.ndarray:
    """Darkest pixel 0, brightest 1."""
    low, high = picture.min(), picture.max()
    return (picture - low) / max(high - low, 1e-9)


def clean_to_cluttered(seed: int) -> Shift:
    """Printed digits on plain ground; the target lies on photographs, `abs(photograph - glyph)`, in other fonts."""
    from tlcourse.worlds import draw_glyphs

    def draw(task: str, per_class: int, part: int, half: str) -> tuple[np.ndarray, np.ndarray]:
        return draw_glyphs(task, per_class, 10 * seed + part, split=half)[:2]

    source, a = draw("clean_digits", 100, 0, "train")
    held, b = draw("clean_digits", 15, 1, "train")
    target, c = draw("digits", 100, 2, "train")
    test, d = draw("digits", 60, 3, "test")
    return Shift(source, a, held, b, target, c, test, d)


def mnist_to_cluttered(seed: int) -> Shift:
    """MNIST; the target is MNIST over photographs. Real data, read from the folder that TLCOURSE_MIRROR_DATA names."""
    return _mnist(seed, "cluttered")


def mnist_to_coloured(seed: int) -> Shift:
    """MNIST; the target is MNIST in random colours. Real data, read from the folder that TLCOURSE_MIRROR_DATA names."""
    return _mnist(seed, "coloured")


def _mnist(seed: int, look: str) -> Shift:
    import tlcourse

    os.environ["TLCOURSE_MIRROR"] = str(Path(os.environ["TLCOURSE_MIRROR_DATA"]))
    before = tlcourse.profile()
    tlcourse.use_profile("full")
    try:
        plain = tlcourse.datasets.load_mnist(115, seed)
        target = tlcourse.datasets.load_mnist(100, seed + 500, look=look)
        test = tlcourse.datasets.load_mnist(60, seed, look=look, split="test")
    finally:
        tlcourse.use_profile(before)
    learn, rest = plain.positions_per_class(100, seed)
    return Shift(
        plain.images[learn],
        plain.labels[learn],
        plain.images[rest],
        plain.labels[rest],
        target.images,
        target.labels,
        test.images,
        test.labels,
    )


FEATURES: dict[str, Callable[[int], Shift]] = {
    "moons, turned by 30 degrees": rotated_moons,
    "moons, turned by 45 degrees": lambda seed: rotated_moons(seed, 45.0),
    "digits, other sensor": other_sensor,
    "printed to handwritten digits": printed_to_handwritten,
}
PICTURES: dict[str, Callable[[int], Shift]] = {
    "clean to cluttered glyphs": clean_to_cluttered,
    "MNIST to coloured MNIST": mnist_to_coloured,
    "MNIST to cluttered MNIST": mnist_to_cluttered,
}
SHIFTS = {**FEATURES, **PICTURES}


def missing(name: str) -> str:
    """Return why a shift cannot be drawn here, or nothing if it can."""
    if name.startswith("MNIST") and not os.environ.get("TLCOURSE_MIRROR_DATA"):
        return "TLCOURSE_MIRROR_DATA names no folder with real data"
    return ""
