"""Generators of embedded data: NumPy and Pillow alone, seeded, with knobs that move one thing each."""

from .flowers import draw_flowers

__all__ = ["draw_flowers"]
