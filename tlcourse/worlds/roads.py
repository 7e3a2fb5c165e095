"""Roads as a camera behind the windscreen sees them, with the class of every pixel: city or highway, by weather and light."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageDraw

from tlcourse.arguments import require_one_of, require_whole
from tlcourse.worlds.textures import power_law_field

ROAD_CLASSES = ("sky", "building", "tree", "road", "roadside", "car", "sign", "pedestrian")
SCENES = ("city", "highway")
LIGHTS = ("day", "dusk", "night")
WEATHERS = ("clear", "fog", "rain")

_SKY, _BUILDING, _TREE, _ROAD, _ROADSIDE, _CAR, _SIGN, _PEDESTRIAN = range(len(ROAD_CLASSES))
_GRAIN = np.array([0.02, 0.10, 0.25, 0.07, 0.12, 0.05, 0.03, 0.08], np.float32)  # strength of the texture of each class
_LIGHT = {  # factor of red, green and blue
    "day": (1.0, 1.0, 1.0),
    "dusk": (0.36, 0.30, 0.34),
    "night": (0.11, 0.12, 0.17),
}


def draw_roads(
    count: int,
    seed: int = 0,
    *,
    size: tuple[int, int] = (64, 96),
    scene: str = "city",
    light: str = "day",
    weather: str = "clear",
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Draw road scenes with their masks.

    Every image has its own random stream, made of the seed and its number. What stands where depends on the scene only: the same
    scene in other light or weather has the same mask, to the pixel.

    Args:
        count: Images, 1 or more.
        seed: 0 or more; the same seed gives the same bytes.
        size: `(height, width)` in pixels, each 32 or more.
        scene: "city" (houses, pavements, parked cars, many pedestrians) or "highway" (wide road, grass, few things beside it).
        light: "day", "dusk" or "night".
        weather: "clear", "fog" or "rain".

    Returns:
        `images` `(count, height, width, 3)` uint8; `masks` `(count, height, width)` uint8; the names of the eight classes.

    Raises:
        ValueError: If an argument is out of range or unknown.
    """
    require_whole("count", count, 1)
    require_whole("seed", seed, 0)
    for side in size:
        require_whole("size", side, 32, 1024)
    require_one_of("scene", scene, SCENES)
    require_one_of("light", light, LIGHTS)
    require_one_of("weather", weather, WEATHERS)
    images, masks = np.empty((count, *size, 3), np.uint8), np.empty((count, *size), np.uint8)
    for i in range(count):
        place, air = (np.random.default_rng([seed, SCENES.index(scene), i, part]) for part in (0, 1))
        canvas = _Canvas(*size)
        (_city if scene == "city" else _highway)(canvas, place)
        images[i], masks[i] = _photograph(canvas, air, light, weather)
    return images, masks, ROAD_CLASSES


@dataclass
class _Canvas:
    """An image, its mask and its lamps, drawn together at twice the size; places are shares of height and width."""

    height: int
    width: int
    horizon: float = 0.45
    lamps: list[tuple[float, float, float, tuple[int, int, int]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        size = (2 * self.width, 2 * self.height)
        self.colours, self.classes = Image.new("RGB", size), Image.new("L", size)
        self._draws = ImageDraw.Draw(self.colours), ImageDraw.Draw(self.classes)

    def polygon(self, points: list[tuple[float, float]], label: int, colour: tuple[float, ...]) -> None:
        """Fill a polygon of `(x, y)`."""
        at = [(2 * self.width * x, 2 * self.height * y) for x, y in points]
        self._draws[0].polygon(at, fill=tuple(int(255 * min(max(c, 0.0), 1.0)) for c in colour))
        self._draws[1].polygon(at, fill=label)

    def box(self, left: float, top: float, right: float, bottom: float, label: int, colour: tuple[float, ...]) -> None:
        """Fill a rectangle."""
        self.polygon([(left, top), (right, top), (right, bottom), (left, bottom)], label, colour)

    def disc(self, x: float, y: float, radius: float, label: int, colour: tuple[float, ...], *, high: float = 1.0) -> None:
        """Fill an ellipse; `radius` is a share of the height, `high` how much higher than wide it is."""
        angles = np.linspace(0, 2 * math.pi, 17)[:-1]
        wide = radius * self.height / self.width
        self.polygon([(x + wide * math.cos(a), y + high * radius * math.sin(a)) for a in angles], label, colour)


def _grey(rng: np.random.Generator, low: float, high: float, spread: float = 0.03) -> tuple[float, ...]:
    return tuple(rng.uniform(low, high) + rng.normal(0.0, spread, 3))


def _city(canvas: _Canvas, rng: np.random.Generator) -> None:
    canvas.horizon = rng.uniform(0.40, 0.48)
    _sky(canvas, rng)
    middle, near = rng.uniform(0.42, 0.58), rng.uniform(0.36, 0.50)
    pavement = near + rng.uniform(0.15, 0.35)
    canvas.box(0, canvas.horizon, 1, 1, _ROADSIDE, _grey(rng, 0.55, 0.70))
    for side in (-1, 1):
        _houses(canvas, rng, middle, side, pavement)
    _ground(canvas, rng, middle, near, dashes=1)
    for side in (-1, 1):
        for depth in np.sort(rng.uniform(0.1, 0.8, rng.integers(0, 3))):  # far ones first
            _tree(canvas, rng, middle + side * depth * (near + 0.12), depth, 0.55)
        for depth in np.sort(rng.uniform(0.12, 0.75, rng.integers(0, 4))):
            _car(canvas, rng, middle + side * depth * 0.80 * near, depth, side)
    for depth in np.sort(rng.uniform(0.15, 0.6, rng.integers(0, 3))):
        _car(canvas, rng, middle + depth * rng.uniform(-0.25, 0.25), depth, 1)
    for _ in range(rng.integers(0, 3)):
        depth, side = rng.uniform(0.25, 0.8), rng.choice((-1, 1))
        _sign(canvas, rng, middle + side * depth * (near + 0.06), depth)
    for depth in np.sort(rng.uniform(0.2, 0.85, rng.integers(0, 5))):
        across = rng.uniform(-0.6, 0.6) if rng.random() < 0.2 else rng.choice((-1, 1)) * (near + rng.uniform(0.03, 0.2))
        _pedestrian(canvas, rng, middle + depth * across, depth)


def _highway(canvas: _Canvas, rng: np.random.Generator) -> None:
    canvas.horizon = rng.uniform(0.44, 0.54)
    _sky(canvas, rng)
    middle, near = rng.uniform(0.35, 0.65), rng.uniform(0.60, 0.85)
    base = canvas.horizon
    heights = base - 0.03 - 0.12 * rng.random() * np.abs(np.sin(np.linspace(0, rng.uniform(3, 9), 25) + rng.uniform(0, 6)))
    hills = list(zip(np.linspace(0, 1, 25), heights, strict=True))
    canvas.polygon([(0, base), *hills, (1, base)], _TREE, (0.22, 0.33, 0.20))
    if rng.random() < 0.4:  # a hall, far away
        left, high = rng.uniform(0.0, 0.8), rng.uniform(0.05, 0.12)
        canvas.box(left, base - high, left + rng.uniform(0.1, 0.25), base, _BUILDING, _grey(rng, 0.5, 0.85))
    canvas.box(0, base, 1, 1, _ROADSIDE, (rng.uniform(0.30, 0.50), rng.uniform(0.42, 0.58), rng.uniform(0.18, 0.28)))
    _ground(canvas, rng, middle, near, dashes=2)
    for side in (-1, 1):
        for depth in np.sort(rng.uniform(0.05, 0.5, rng.integers(0, 6))):
            _tree(canvas, rng, middle + side * depth * (near + rng.uniform(0.15, 0.6)), depth, 0.5)
    for depth in np.sort(rng.uniform(0.1, 0.7, rng.integers(1, 5))):
        _car(canvas, rng, middle + depth * near * rng.choice((-0.62, 0.0, 0.62)), depth, 1, truck=rng.random() < 0.3)
    for _ in range(rng.integers(0, 3)):
        depth, side = rng.uniform(0.2, 0.7), rng.choice((-1, 1))
        _sign(canvas, rng, middle + side * depth * (near + 0.10), depth, large=True)
    if rng.random() < 0.25:  # beside a car that has broken down
        depth = rng.uniform(0.25, 0.8)
        _pedestrian(canvas, rng, middle + rng.choice((-1, 1)) * depth * (near + 0.05), depth)


def _sky(canvas: _Canvas, rng: np.random.Generator) -> None:
    cover = rng.uniform(0.0, 0.9)
    blue, cloud = np.array((0.45, 0.65, 0.92)), np.array((0.88, 0.90, 0.92))
    canvas.box(0, 0, 1, 1, _SKY, tuple((1 - cover) * blue + cover * cloud))


def _ground(canvas: _Canvas, rng: np.random.Generator, middle: float, near: float, *, dashes: int) -> None:
    """The road to its vanishing point, with lines that narrow on their way."""
    horizon = canvas.horizon
    asphalt = _grey(rng, 0.28, 0.46, 0.01)
    canvas.polygon(
        [(middle - 0.015, horizon), (middle + 0.015, horizon), (middle + near, 1), (middle - near, 1)], _ROAD, asphalt
    )
    for across in (-0.94, 0.94, *((0.0,) if dashes == 1 else (-0.31, 0.31))):
        solid, start = abs(across) > 0.9, rng.uniform(0.0, 0.1)
        for depth in np.arange(start + 0.1, 1.0, 0.1 if solid else 0.2):
            rows = [horizon + (1 - horizon) * d**1.3 for d in (depth, depth + 0.1)]
            points = [(middle + near * across * d**1.3 + side * 0.014 * d) for d in (depth, depth + 0.1) for side in (-1, 1)]
            corners = [(points[0], rows[0]), (points[1], rows[0]), (points[3], rows[1]), (points[2], rows[1])]
            canvas.polygon(corners, _ROAD, (0.88, 0.88, 0.84))


def _foot(canvas: _Canvas, depth: float) -> float:
    """Row of what stands at a depth: 0 at the horizon, 1 at the lower edge."""
    return canvas.horizon + (1 - canvas.horizon) * depth


def _houses(canvas: _Canvas, rng: np.random.Generator, middle: float, side: int, pavement: float) -> None:
    depth = 0.08
    while depth < 1.3:
        further = depth * rng.uniform(1.4, 2.0)
        if rng.random() < 0.85:
            wall = np.array(rng.choice(((0.62, 0.36, 0.28), (0.80, 0.72, 0.58), (0.60, 0.60, 0.62), (0.90, 0.88, 0.82))))
            wall = wall * rng.uniform(0.8, 1.1)
            high = rng.uniform(0.9, 2.2)
            edge = [middle + side * d * pavement for d in (depth, further)]
            top, bottom = ([canvas.horizon + s * d for d in (depth, further)] for s in (-0.55 * high, 1 - canvas.horizon))
            corners = [(edge[0], top[0]), (edge[1], top[1]), (edge[1], bottom[1]), (edge[0], bottom[0])]
            canvas.polygon(corners, _BUILDING, tuple(wall))
            for column in np.arange(0.15, 0.85, 0.25):
                x0, x1 = (edge[0] + c * (edge[1] - edge[0]) for c in (column, column + 0.12))
                for row in np.arange(0.15, 0.8, 0.28):
                    t, b = (top[0] + column * (top[1] - top[0]), bottom[0] + column * (bottom[1] - bottom[0]))
                    canvas.box(x0, t + row * (b - t), x1, t + (row + 0.14) * (b - t), _BUILDING, (0.22, 0.25, 0.30))
        depth = further


def _tree(canvas: _Canvas, rng: np.random.Generator, x: float, depth: float, height: float) -> None:
    foot, high = _foot(canvas, depth), height * depth * rng.uniform(0.8, 1.5)
    canvas.box(x - 0.012 * depth, foot - high, x + 0.012 * depth, foot, _TREE, (0.30, 0.24, 0.18))
    green = (rng.uniform(0.18, 0.42), rng.uniform(0.34, 0.52), rng.uniform(0.12, 0.24))
    for dx, dy, radius in rng.uniform((-0.05, -0.1, 0.10), (0.05, 0.1, 0.18), (4, 3)):
        canvas.disc(x + dx * 4 * depth, foot - high * (0.95 + dy), radius * 2 * depth, _TREE, green)


def _car(canvas: _Canvas, rng: np.random.Generator, x: float, depth: float, side: int, *, truck: bool = False) -> None:
    foot, wide = _foot(canvas, depth), 0.16 * depth * rng.uniform(0.9, 1.15)
    high = wide * canvas.width / canvas.height * (1.7 if truck else 0.85)
    paint = tuple(np.array(rng.choice(((0.75, 0.10, 0.10), (0.15, 0.25, 0.55), (0.85, 0.85, 0.87), (0.12, 0.12, 0.13)))))
    canvas.box(x - wide, foot - 0.55 * high, x + wide, foot - 0.12 * high, _CAR, paint)
    roof = [(x - 0.85 * wide, foot - 0.5 * high), (x - 0.62 * wide, foot - high), (x + 0.62 * wide, foot - high)]
    canvas.polygon([*roof, (x + 0.85 * wide, foot - 0.5 * high)], _CAR, paint)
    canvas.box(x - 0.6 * wide, foot - 0.92 * high, x + 0.6 * wide, foot - 0.6 * high, _CAR, (0.20, 0.24, 0.28))
    for edge in (-1, 1):
        canvas.box(
            x + edge * 0.75 * wide - 0.18 * wide,
            foot - 0.2 * high,
            x + edge * 0.75 * wide + 0.18 * wide,
            foot,
            _CAR,
            (0.06,) * 3,
        )
        lamp = (255, 40, 20) if side > 0 else (255, 245, 200)
        canvas.lamps.append((x + edge * 0.8 * wide, foot - 0.4 * high, 0.02 * depth + 0.004, lamp))


def _sign(canvas: _Canvas, rng: np.random.Generator, x: float, depth: float, *, large: bool = False) -> None:
    foot, high = _foot(canvas, depth), 0.42 * depth
    canvas.box(x - 0.006 * depth, foot - high, x + 0.006 * depth, foot, _SIGN, (0.55, 0.56, 0.58))
    if large:
        wide = 0.16 * depth
        canvas.box(x - wide, foot - 1.3 * high, x + wide, foot - 0.75 * high, _SIGN, (0.10, 0.28, 0.62))
        canvas.box(x - 0.7 * wide, foot - 1.1 * high, x + 0.5 * wide, foot - 1.02 * high, _SIGN, (0.95, 0.95, 0.95))
        return
    radius = 0.075 * depth
    if rng.random() < 0.6:
        canvas.disc(x, foot - high, radius, _SIGN, (0.78, 0.08, 0.12))
        canvas.disc(x, foot - high, 0.65 * radius, _SIGN, (0.95, 0.95, 0.95))
    else:
        canvas.disc(x, foot - high, radius, _SIGN, (0.10, 0.28, 0.66))


def _pedestrian(canvas: _Canvas, rng: np.random.Generator, x: float, depth: float) -> None:
    foot, high = _foot(canvas, depth), 0.36 * depth * rng.uniform(0.75, 1.1)
    wide = 0.15 * high
    coat, trousers = (tuple(rng.uniform(0.08, 0.8, 3)), _grey(rng, 0.10, 0.35))
    for leg in (-0.45, 0.45):
        canvas.box(x + (leg - 0.3) * wide, foot - 0.48 * high, x + (leg + 0.3) * wide, foot, _PEDESTRIAN, trousers)
    canvas.box(x - wide, foot - 0.84 * high, x + wide, foot - 0.42 * high, _PEDESTRIAN, coat)
    canvas.disc(x, foot - 0.91 * high, 0.09 * high, _PEDESTRIAN, (0.80, 0.62, 0.52))


def _photograph(canvas: _Canvas, rng: np.random.Generator, light: str, weather: str) -> tuple[np.ndarray, np.ndarray]:
    """Add texture, light, weather, lamps and the grain of a camera."""
    height, width = canvas.height, canvas.width
    mask = np.asarray(canvas.classes)[::2, ::2]
    image = np.asarray(canvas.colours.reduce(2), np.float32) / 255.0
    field_ = power_law_field(rng, max(height, width), 0.8)[:height, :width].astype(np.float32)
    image = image * (1.0 + _GRAIN[mask] * field_)[..., None]
    rows = np.linspace(0.0, 1.0, height, dtype=np.float32)
    distance = np.exp(-np.abs(rows - canvas.horizon) * 5.0)[:, None, None]  # 1 at the horizon
    image = image * (np.array(_LIGHT[light], np.float32) * rng.uniform(0.85, 1.15))
    if light == "dusk":
        glow = np.array((0.55, 0.26, 0.10), np.float32) * rng.uniform(0.6, 1.1)
        image = image + (mask == _SKY)[..., None] * distance * glow
    if weather == "fog":
        air = np.array(_LIGHT[light], np.float32) * rng.uniform(0.62, 0.80)
        far = np.where((mask == _SKY)[..., None], 1.0, distance)
        image = image + (air - image) * (0.25 + rng.uniform(0.45, 0.65) * far)
    if weather == "rain":
        image = 0.62 * image.mean(axis=-1, keepdims=True) + 0.18 * image + 0.04
        streaks = power_law_field(rng, max(height, width), 0.4, stretch=7.0, angle=rng.normal(math.pi / 2, 0.1))[
            :height, :width
        ]
        image = image + 0.08 * np.clip(streaks - 1.2, 0.0, 1.5)[..., None].astype(np.float32)
    if light != "day":
        image = image + _glow(canvas) * (0.9 if light == "night" else 0.6)
    noise = 0.012 if light == "day" else 0.025
    image = image + noise * rng.standard_normal(image.shape)
    return np.clip(255.0 * image, 0, 255).round().astype(np.uint8), mask


def _glow(canvas: _Canvas) -> np.ndarray:
    """The light of all lamps, `(height, width, 3)` float32."""
    y, x = np.indices((canvas.height, canvas.width), dtype=np.float32)
    light = np.zeros((canvas.height, canvas.width, 3), np.float32)
    for left, top, radius, colour in canvas.lamps:
        away = ((x / canvas.width - left) * canvas.width / canvas.height) ** 2 + (y / canvas.height - top) ** 2
        light += np.exp(-away / (2 * radius**2))[..., None] * np.array(colour, np.float32) / 255.0
    return light
