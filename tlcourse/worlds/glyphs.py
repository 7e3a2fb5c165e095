"""Cluttered glyphs: printed characters that invert the photograph under them, and source tasks that help with them or do not.

The blend is that of MNIST-M (Ganin and Lempitsky 2015, "Unsupervised domain adaptation by backpropagation"):
`abs(texture - glyph)`. The fonts are those that ship with matplotlib. Textures are drawn, or cut from the two
photographs that ship with scikit-learn.
"""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tlcourse.arguments import require_number, require_whole
from tlcourse.worlds.textures import soft_background

_DIGITS = tuple("0123456789")
_LETTERS = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZaegr")  # capitals, and small letters that look different from every capital
_QUADRANTS = tuple(
    f"{photo} {row} {side}" for photo in ("temple", "flower") for row in ("top", "bottom") for side in ("left", "right")
)
TASKS = {
    "digits": _DIGITS,
    "letters": _LETTERS,
    "photo_quadrant": _QUADRANTS,
    "shuffled_letters": _LETTERS,
    "clean_digits": _DIGITS,
}
_STREAM = {"digits": 0, "letters": 1, "photo_quadrant": 2, "shuffled_letters": 1, "clean_digits": 0}
_FONTS = (
    *(f"DejaVuSans{style}" for style in ("", "-Bold", "-Oblique", "-BoldOblique")),
    *(f"DejaVuSansMono{style}" for style in ("", "-Bold", "-Oblique", "-BoldOblique")),
    *(f"DejaVuSerif{style}" for style in ("", "-Bold", "-Italic", "-BoldItalic")),
    *(f"STIXGeneral{style}" for style in ("", "Bol", "Italic", "BolIta")),
    *("cmr10", "cmss10", "cmb10", "cmtt10", "cmti10"),
)
_SPLITS = {"both": _FONTS, "test": _FONTS[::3], "train": tuple(font for i, font in enumerate(_FONTS) if i % 3)}
POINTS = 80  # size of a rendered glyph, before it is turned and shrunk
BOX = 112  # side of the image that holds it, in pixels; a bold W is the widest
_DRAWN_SHARE = 0.25  # of the textures, where the texture is not the label


def draw_glyphs(
    task: str,
    per_class: int,
    seed: int = 0,
    *,
    size: int = 32,
    clutter: float = 1.0,
    split: str = "both",
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Draw `per_class` images of each class of a task, the classes taking turns.

    Every image has its own random stream, made of the seed, the class and its number within the class, so the images do
    not depend on how many are drawn.

    Args:
        task: One of
            `"digits"`: which of the 10 digits, the usual target;
            `"letters"`: which of 30 letters, a source that helps with digits;
            `"photo_quadrant"`: from which quadrant of which photograph the texture is cut (8 classes; the letter on it is
            random), a source of the same look that does not help;
            `"shuffled_letters"`: the images of `"letters"` with the labels permuted at random, a placebo;
            `"clean_digits"`: the glyphs of `"digits"` on a plain dark ground (`clutter` is ignored).
        per_class: Images of each class, 1 or more.
        seed: 0 or more; the same seed gives the same bytes.
        size: Side of the square images in pixels, 16 or more.
        clutter: Share of the texture, 0 (plain dark ground) to 1.
        split: `"train"` and `"test"` have no font and no piece of a photograph in common; `"both"` uses all.

    Returns:
        `images` `(n, size, size, 3)` uint8, `labels` `(n,)` int64, and the names of the classes.

    Raises:
        ValueError: If an argument is out of range or a name is unknown.
    """
    for name, value, known in (("task", task, TASKS), ("split", split, _SPLITS)):
        if value not in known:
            raise ValueError(f"Unknown {name}. Expected one of {', '.join(map(repr, known))}. Received: {name}={value!r}.")
    require_whole("per_class", per_class, 1)
    require_whole("seed", seed, 0)
    require_whole("size", size, 16, 1024)
    require_number("clutter", clutter, 0.0, 1.0)
    names = TASKS[task]
    labels = np.tile(np.arange(len(names), dtype=np.int64), per_class)
    images = np.empty((len(labels), size, size, 3), np.uint8)
    for i, label in enumerate(labels):
        rng = np.random.default_rng([seed, _STREAM[task], int(label), i // len(names)])
        images[i] = _draw(task, int(label), rng, size, 0.0 if task == "clean_digits" else clutter, split)
    if task == "shuffled_letters":
        labels = np.random.default_rng([seed, len(_STREAM)]).permutation(labels)
    return images, labels, names


def draw_photo_texture(rng: np.random.Generator, size: int, split: str = "both") -> np.ndarray:
    """Cut a random piece out of one of the photographs that ship with scikit-learn, for clutter behind other things.

    Args:
        rng: Source of randomness.
        size: Side in pixels.
        split: `"train"` and `"test"` have no piece in common.

    Returns:
        `(size, size, 3)` float32 array, 0-1.
    """
    return _cut_texture(rng, int(rng.integers(len(_QUADRANTS))), size, split)


def _draw(task: str, label: int, rng: np.random.Generator, size: int, clutter: float, split: str) -> np.ndarray:
    if task == "photo_quadrant":
        character, quadrant, drawn = str(rng.choice(_LETTERS)), label, False
    else:
        character, quadrant, drawn = TASKS[task][label], int(rng.integers(len(_QUADRANTS))), rng.random() < _DRAWN_SHARE
    texture = np.clip(soft_background(rng, size, rng.random()), 0, 1) if drawn else _cut_texture(rng, quadrant, size, split)
    ground = rng.uniform(0.0, 0.25, 3)
    colour = rng.uniform(0.6, 1.0, 3)
    glyph = _place_glyph(rng, character, str(rng.choice(_SPLITS[split])), size)
    blended = np.abs(clutter * texture + (1.0 - clutter) * ground - glyph[..., None] * colour)
    return (blended * 255.0).round().astype(np.uint8)


def _cut_texture(rng: np.random.Generator, quadrant: int, size: int, split: str) -> np.ndarray:
    """A random piece of one quadrant, `(size, size, 3)` 0-1; its left part is for training, its right part for tests."""
    photo = _photographs()[quadrant // 4]
    height, width = photo.height // 2, photo.width // 2
    left, right = {"both": (0, width), "train": (0, width * 6 // 10), "test": (width * 6 // 10, width)}[split]
    side = float(rng.uniform(40.0, 110.0))
    x = width * (quadrant % 2) + float(rng.uniform(left, right - side))
    y = height * (quadrant // 2 % 2) + float(rng.uniform(0.0, height - side))
    piece = photo.resize((size, size), Image.Resampling.BILINEAR, box=(x, y, x + side, y + side))
    texture = np.asarray(piece, np.float32) / 255.0
    return texture[:, ::-1] if rng.random() < 0.5 else texture


def _place_glyph(rng: np.random.Generator, character: str, font: str, size: int) -> np.ndarray:
    """The glyph turned, slanted, scaled and moved, `(size, size)` 0-1."""
    turn, slant = float(rng.normal(0.0, 0.16)), float(rng.normal(0.0, 0.12))
    zoom = 1.2 * POINTS / (2.0 * size) / float(rng.uniform(0.85, 1.25))  # box pixels per pixel of a twice finer image
    shift_x, shift_y = (size * (1.0 + rng.uniform(-0.2, 0.2, 2))).tolist()
    a, b = zoom * math.cos(turn), zoom * (math.sin(turn) + slant)
    d, e = -zoom * math.sin(turn), zoom * math.cos(turn)
    middle = BOX / 2.0
    matrix = (a, b, middle - a * shift_x - b * shift_y, d, e, middle - d * shift_x - e * shift_y)
    fine = render_character(character, font).transform(
        (2 * size, 2 * size), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR
    )
    return np.asarray(fine.reduce(2), np.float32) / 255.0


@cache
def render_character(character: str, font: str) -> Image.Image:
    """One glyph, white on black, its ink in the middle of a `BOX` by `BOX` image."""
    import matplotlib

    path = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{font}.ttf"
    try:
        with path.open("rb") as file:  # given a path, Pillow would look for the name among the system's fonts too
            face = ImageFont.truetype(file, POINTS)
    except OSError as error:
        raise FileNotFoundError(
            f"matplotlib {matplotlib.__version__} has no font {font}.ttf, or it cannot be read: {path}. "
            "Reinstall matplotlib: pip install --force-reinstall matplotlib"
        ) from error
    left, top, right, bottom = face.getbbox(character)
    image = Image.new("L", (BOX, BOX))
    corner = ((BOX - right - left) / 2.0, (BOX - bottom - top) / 2.0)
    ImageDraw.Draw(image).text(corner, character, fill=255, font=face)
    return image


@cache
def _photographs() -> tuple[Image.Image, ...]:
    """The two photographs that ship with scikit-learn: a temple and a flower, both `(427, 640, 3)`."""
    from sklearn.datasets import load_sample_image

    return tuple(Image.fromarray(load_sample_image(name)) for name in ("china.jpg", "flower.jpg"))
