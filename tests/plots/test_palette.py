"""The palette stays distinguishable for readers with colour vision deficiencies."""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from tlcourse.plots import MARKERS, PALETTE, colour_of

# Machado, Oliveira and Fernandes 2009, "A physiologically-based model for simulation of color vision deficiency", severity 1.
SIMULATION = {
    "normal": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
TO_XYZ = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]  # sRGB, IEC 61966-2-1


def lab(colours, vision):
    rgb = np.array([to_rgb(colour) for colour in colours])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.transpose(SIMULATION[vision]), 0.0, 1.0)
    x, y, z = ((seen @ np.transpose(TO_XYZ)) / [0.9505, 1.0, 1.089]).T
    x, y, z = (np.where(v > 0.008856, np.cbrt(v), 7.787 * v + 16 / 116) for v in (x, y, z))
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)


def smallest_difference(colours, vision):
    seen = lab(colours, vision)
    return min(np.linalg.norm(a - b) for a, b in combinations(seen, 2))  # CIE76; 2.3 is just noticeable


@pytest.mark.parametrize("vision", SIMULATION)
def test_any_two_colours_differ_clearly(vision):
    assert smallest_difference(PALETTE, vision) > 15.0


def test_the_measure_would_notice_a_bad_palette():
    assert smallest_difference(["#2ca02c", "#d62728"], "normal") > 100
    assert smallest_difference(["#6b8e23", "#b8743c"], "deuteranopia") < 15.0


def test_palette_starts_over_and_markers_go_with_it():
    assert colour_of(len(PALETTE) + 1) == PALETTE[1]
    assert len(set(MARKERS)) == len(MARKERS) == len(set(PALETTE)) == len(PALETTE)
