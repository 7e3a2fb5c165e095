"""Alphabets: letters of seven scripts as different hands would write them, for learning new classes from one example.

The embedded counterpart of Omniglot (Lake et al. 2015, "Human-level concept learning through probabilistic program induction"): many
classes, few images of each, and test classes that come from other alphabets. The fonts are those that ship with matplotlib.
"""

from __future__ import annotations

import math

import numpy as np

from tlcourse.arguments import require_number, require_one_of, require_whole
from tlcourse.worlds.glyphs import BOX, render_character

# Left out is what looks like an earlier letter, whatever its size (C and c, A and Cyrillic A); what looks like a letter of the training
# is not in another split. A test repeats the comparison.
ALPHABETS = {
    "Latin": "ABCDEFGHIJKLMNOPQRSTUVWXYZabdefghkmnpqrty",
    "Greek": "ΓΔΞΠΣΦΨΩαβγδεζηθικλμνξπςστφχψω",
    "Cyrillic": "ДЖЗИЙКЛФЦЧШЩЪЫЬЭЮЯмфцъы",
    "Lao": "ກຂຄຈຊຍດຕຖທນບປຜຝພຟມຢຣລວສຫອຮ",
    "Hebrew": "אבגדךלמנעפץצקרשת",
    "Armenian": "ԲԳԴԵԶԷԸԹԺԻԽԾԿՀՁՃՄՆՇՊՋՌՎՐՒՔՖագդեըթիխկձճմնշչպջռվփքֆ",
    "Georgian": "აბგდეზთიკლმნოპჟრსტუფქღყჩცძჭჯ",
}
ALPHABET_SPLITS = {
    "train": ("Latin", "Greek", "Cyrillic", "Lao"),
    "validation": ("Hebrew",),
    "test": ("Armenian", "Georgian"),
}
_STYLES = ("", "-Bold", "-Oblique", "-BoldOblique")
_SANS = tuple(f"DejaVuSans{style}" for style in _STYLES)
_MONO = tuple(f"DejaVuSansMono{style}" for style in _STYLES)
_SERIF = tuple(f"DejaVuSerif{style}" for style in ("", "-Bold", "-Italic", "-BoldItalic"))
_FONTS = {name: (*_SANS, *_MONO, *_SERIF) for name in ALPHABETS} | {"Lao": (*_SANS, *_MONO), "Hebrew": _SANS}


def draw_alphabets(
    split: str, per_class: int, seed: int = 0, *, size: int = 32, hand: float = 1.0
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...], np.ndarray]:
    """Draw `per_class` images of every letter of a split, the letters taking turns.

    Every image has its own random stream, made of the seed, the letter and its number within the letter.

    Args:
        split: "train" (120 letters: Latin, Greek, Cyrillic, Lao), "validation" (16: Hebrew) or "test" (77: Armenian, Georgian). No
            alphabet is in two splits.
        per_class: Images of each letter, 1 or more.
        seed: 0 or more; the same seed gives the same bytes.
        size: Side of the square images in pixels, 16 or more.
        hand: How much the hand bends, turns and moves a letter, 0 (print) to 2.

    Returns:
        `images` `(n, size, size, 3)` uint8, dark ink on light paper; `labels` `(n,)` int64; the names of the letters, such as
        "Greek α"; and the number of the alphabet of each image, `(n,)` int64, in the order of `ALPHABET_SPLITS`.

    Raises:
        ValueError: If an argument is out of range or the split is unknown.
    """
    require_one_of("split", split, tuple(ALPHABET_SPLITS))
    require_whole("per_class", per_class, 1)
    require_whole("seed", seed, 0)
    require_whole("size", size, 16, 1024)
    require_number("hand", hand, 0.0, 2.0)
    letters = [(name, letter) for name in ALPHABET_SPLITS[split] for letter in ALPHABETS[name]]
    alphabet = np.array([ALPHABET_SPLITS[split].index(name) for name, _ in letters], np.int64)
    labels = np.tile(np.arange(len(letters), dtype=np.int64), per_class)
    images = np.empty((len(labels), size, size, 3), np.uint8)
    for i, label in enumerate(labels):
        name, letter = letters[label]
        rng = np.random.default_rng([seed, ord(letter), i // len(letters)])
        images[i] = _write(rng, letter, str(rng.choice(_FONTS[name])), size, hand)[..., None]
    return images, labels, tuple(f"{name} {letter}" for name, letter in letters), alphabet[labels]


def _write(rng: np.random.Generator, letter: str, font: str, size: int, hand: float) -> np.ndarray:
    """One letter, turned, slanted, stretched, bent and moved, `(size, size)` uint8."""
    turn, slant = hand * rng.normal(0.0, (0.16, 0.22))
    wide, high = np.exp(hand * rng.normal(0.0, 0.12, 2)) * BOX / (1.2 * size)  # box pixels per pixel of the image
    grid = (np.indices((size, size), np.float64) - (size - 1) / 2.0) + hand * rng.uniform(-0.08, 0.08, (2, 1, 1)) * size
    y, x = grid
    for _ in range(2):  # two long waves bend the strokes
        wave, phase = rng.uniform(-1.0, 1.0, 2), rng.uniform(0.0, 2.0 * math.pi)
        bend = (
            hand * rng.normal(0.0, 0.04, (2, 1, 1)) * size * np.sin((wave[0] * y + wave[1] * x) * 2.0 * math.pi / size + phase)
        )
        y, x = y + bend[0], x + bend[1]
    rows = high * (math.cos(turn) * y - math.sin(turn) * x)
    columns = wide * (math.sin(turn) * y + math.cos(turn) * x) + slant * rows
    ink = _sample(np.asarray(render_character(letter, font), np.float32) / 255.0, rows + BOX / 2.0, columns + BOX / 2.0)
    paper, dark = rng.uniform(0.85, 1.0), rng.uniform(0.0, 0.3)
    drawn = paper + (dark - paper) * ink + rng.normal(0.0, 0.02, ink.shape)
    return np.clip(drawn * 255.0, 0, 255).round().astype(np.uint8)


def _sample(image: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Read a blurred image at fractional places, bilinear; outside it is 0."""
    from scipy.ndimage import gaussian_filter, map_coordinates

    return map_coordinates(gaussian_filter(image, 1.2), [rows, columns], order=1, mode="constant", cval=0.0)
