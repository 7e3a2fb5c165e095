"""Labelled pictures by name: drawn where the profile is embedded, real where it is full."""

from tlcourse.datasets.dataset import Dataset
from tlcourse.datasets.folders import load_image_folder
from tlcourse.datasets.loaders import load_cats_and_dogs, load_flowers, load_glyphs, load_scans

__all__ = ["Dataset", "load_cats_and_dogs", "load_flowers", "load_glyphs", "load_image_folder", "load_scans"]
