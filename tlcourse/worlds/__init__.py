"""Generators of embedded data: NumPy and Pillow, seeded, with knobs that move one thing each."""

from tlcourse.worlds.flowers import draw_flowers
from tlcourse.worlds.glyphs import draw_glyphs
from tlcourse.worlds.scans import draw_scans

__all__ = ["draw_flowers", "draw_glyphs", "draw_scans"]
