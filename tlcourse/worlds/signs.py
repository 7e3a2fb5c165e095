"""Traffic signs from clean to cluttered: a knob moves them from a table of signs to what a camera sees at the roadside."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from tlcourse.arguments import require_number, require_whole
from tlcourse.worlds.glyphs import draw_photo_texture, render_character

SIGN_CLASSES = (
    "stop",
    "give way",
    "no entry",
    "speed 30",
    "speed 50",
    "speed 80",
    "priority road",
    "crossing",
    "danger",
    "turn right",
)
_RED, _WHITE, _BLACK, _BLUE, _YELLOW = (200, 20, 30), (245, 245, 245), (20, 20, 20), (20, 70, 170), (245, 190, 20)
_FACE = 128  # side of a sign as it is drawn first, in pixels
_PLAIN = (150, 160, 170)  # the ground of a clean sign


def draw_signs(
    per_class: int, seed: int = 0, *, size: int = 32, clutter: float = 1.0
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Draw `per_class` images of each of ten traffic signs, the classes taking turns.

    Every image has its own random stream, made of the seed, the class and its number within the class. Where the sign stands, how
    it is turned and how large it is depends on that stream only, not on `clutter`.

    Args:
        per_class: Images of each sign, 1 or more.
        seed: 0 or more; the same seed gives the same bytes.
        size: Side of the square images in pixels, 16 or more.
        clutter: 0 (clean colours on a plain ground) to 1: pieces of photographs behind the sign, faded paint, poor light with a
            tint, shadows and leaves over it, blur and grain.

    Returns:
        `images` `(10 * per_class, size, size, 3)` uint8; `labels` `(10 * per_class,)` int64; the names of the signs.

    Raises:
        ValueError: If an argument is out of range.
    """
    require_whole("per_class", per_class, 1)
    require_whole("seed", seed, 0)
    require_whole("size", size, 16, 1024)
    require_number("clutter", clutter, 0.0, 1.0)
    labels = np.tile(np.arange(len(SIGN_CLASSES), dtype=np.int64), per_class)
    images = np.empty((len(labels), size, size, 3), np.uint8)
    for i, label in enumerate(labels.tolist()):
        place, rest = (np.random.default_rng([seed, label, i // len(SIGN_CLASSES), part]) for part in (0, 1))
        images[i] = _photograph(_face(SIGN_CLASSES[label]), place, rest, size, clutter)
    return images, labels, SIGN_CLASSES


def _photograph(
    face: Image.Image, place: np.random.Generator, rng: np.random.Generator, size: int, clutter: float
) -> np.ndarray:
    """Set a sign before a ground and take its photograph: `place` decides on its pose, `rng` on everything else."""
    turn, slant = place.normal(0.0, (0.10, 0.06))
    zoom = _FACE / (2 * size) / place.uniform(0.60, 0.90)
    shift = size * (1.0 + place.uniform(-0.12, 0.12, 2))
    a, b = zoom * math.cos(turn), zoom * (math.sin(turn) + slant)
    d, e = -zoom * math.sin(turn), zoom * math.cos(turn)
    middle = _FACE / 2
    matrix = (a, b, middle - a * shift[0] - b * shift[1], d, e, middle - d * shift[0] - e * shift[1])
    fine = face.transform((2 * size, 2 * size), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
    drawn = np.asarray(fine.reduce(2), np.float32) / 255.0
    colours, cover = drawn[..., :3], drawn[..., 3:]
    grey = colours.mean(axis=-1, keepdims=True)
    fading, tint = clutter * rng.uniform(0.0, 0.75), 1.0 + clutter * rng.uniform(-0.25, 0.25, 3)
    colours = (1.0 - fading) * colours + fading * (0.25 + 0.6 * grey)
    ground = (1.0 - clutter) * np.array(_PLAIN, np.float32) / 255.0 + clutter * draw_photo_texture(rng, size)
    image = (1.0 - cover) * ground + cover * colours
    image = image * (1.0 - clutter * _shadow(rng, size)[..., None])
    light = 1.0 - clutter * rng.uniform(0.0, 0.65)
    image = _leaves(image * light * tint, rng, size, clutter)
    image = image + clutter * rng.uniform(0.0, 0.07) * rng.standard_normal(image.shape)
    pixels = Image.fromarray((255 * np.clip(image, 0, 1)).astype(np.uint8))
    return np.asarray(pixels.filter(ImageFilter.GaussianBlur(clutter * rng.uniform(0.0, 0.9) * size / 32)), np.uint8)


def _shadow(rng: np.random.Generator, size: int) -> np.ndarray:
    """The dark side of a straight edge of shadow, `(size, size)` 0 to 0.6."""
    angle, offset = rng.uniform(0.0, 2 * math.pi), rng.uniform(-0.5, 0.5) * size
    y, x = np.indices((size, size)) - (size - 1) / 2
    beyond = x * math.cos(angle) + y * math.sin(angle) > offset
    return rng.uniform(0.0, 0.6) * beyond


def _leaves(image: np.ndarray, rng: np.random.Generator, size: int, clutter: float) -> np.ndarray:
    """Lay up to three leaves over an image at random places."""
    pixels = Image.fromarray((255 * np.clip(image, 0, 1)).astype(np.uint8))
    draw = ImageDraw.Draw(pixels)
    for x, y, wide, high, dark in rng.uniform(
        (0, 0, 0.05, 0.05, 0.3), (1, 1, 0.18, 0.18, 1.0), (round(clutter * rng.integers(0, 4)), 5)
    ):
        box = (size * (x - wide), size * (y - high), size * (x + wide), size * (y + high))
        draw.ellipse(box, fill=(int(50 * dark), int(90 * dark), int(35 * dark)))
    return np.asarray(pixels, np.float32) / 255.0


def _face(name: str) -> Image.Image:
    """A sign as the rules of the road show it, `(128, 128)` with transparency around it."""
    sign = Image.new("RGBA", (_FACE, _FACE), (0, 0, 0, 0))
    draw = ImageDraw.Draw(sign)
    if name == "stop":
        _polygon(draw, 8, 60, _WHITE, math.pi / 8)
        _polygon(draw, 8, 55, _RED, math.pi / 8)
        _write(sign, "STOP", 0.56, _WHITE)
    elif name == "give way":
        _polygon(draw, 3, 63, _RED, math.pi / 2)
        _polygon(draw, 3, 38, _WHITE, math.pi / 2)
    elif name == "danger":
        _polygon(draw, 3, 63, _RED, -math.pi / 2)
        _polygon(draw, 3, 38, _WHITE, -math.pi / 2)
        _write(sign, "!", 0.62, _BLACK, down=6)
    elif name == "no entry":
        draw.ellipse((6, 6, 122, 122), fill=_RED)
        draw.rectangle((26, 54, 102, 74), fill=_WHITE)
    elif name.startswith("speed"):
        draw.ellipse((6, 6, 122, 122), fill=_RED)
        draw.ellipse((22, 22, 106, 106), fill=_WHITE)
        _write(sign, name.split()[1], 0.78, _BLACK)
    elif name == "priority road":
        for radius, colour in ((62, _BLACK), (59, _WHITE), (42, _YELLOW)):
            _polygon(draw, 4, radius, colour, 0.0)
    elif name == "crossing":
        draw.rectangle((10, 10, 118, 118), fill=_BLUE)
        draw.polygon(((64, 22), (22, 104), (106, 104)), fill=_WHITE)
        draw.ellipse((58, 40, 70, 52), fill=_BLACK)
        draw.line(((64, 52), (62, 76), (52, 98)), fill=_BLACK, width=7)
        draw.line(((62, 76), (76, 98)), fill=_BLACK, width=7)
        draw.line(((50, 68), (64, 58), (78, 66)), fill=_BLACK, width=6)
    else:  # turn right
        draw.ellipse((6, 6, 122, 122), fill=_BLUE)
        draw.line(((42, 98), (42, 58), (78, 58)), fill=_WHITE, width=16)
        draw.polygon(((76, 34), (76, 82), (106, 58)), fill=_WHITE)
    return sign


def _polygon(draw: ImageDraw.ImageDraw, corners: int, radius: float, colour: tuple[int, int, int], turn: float) -> None:
    angles = [turn + 2 * math.pi * i / corners for i in range(corners)]
    middle = _FACE / 2
    draw.polygon([(middle + radius * math.cos(a), middle + radius * math.sin(a)) for a in angles], fill=colour)


def _write(sign: Image.Image, text: str, share: float, colour: tuple[int, int, int], *, down: int = 0) -> None:
    """Write in the middle of a sign; `share` is the side of one letter's box, as a share of the sign's."""
    side = round(share * _FACE)
    step = 0.40 * side if len(text) < 4 else 0.32 * side
    for i, letter in enumerate(text):
        ink = render_character(letter, "DejaVuSans-Bold").resize((side, side), Image.Resampling.BILINEAR)
        left = (_FACE - side) / 2 + step * (i - (len(text) - 1) / 2)
        sign.paste(colour, (round(left), (_FACE - side) // 2 + down), ink)
