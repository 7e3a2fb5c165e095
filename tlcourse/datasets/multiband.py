"""Tiles of many bands: digital numbers of Sentinel-2 as reflectance, as RGB image, as vegetation index; drawn, or from GeoTIFF files."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tlcourse.arguments import require_whole
from tlcourse.config import profile
from tlcourse.datasets.drawing import frozen_view
from tlcourse.datasets.image_files import class_folders
from tlcourse.worlds.tiles import BANDS, TILE_CLASSES, draw_tiles

_SCALE = 10_000.0
_OFFSET_SINCE = 4.0  # processing baseline of January 2022
_GDAL_METADATA = 42112  # tag of TIFF


@dataclass(frozen=True, eq=False)
class MultibandTiles:
    """Labelled tiles of 13 bands, in the order `bands`.

    Args:
        name: What figures and messages call it.
        tiles: `(n, height, width, 13)` uint16, digital numbers.
        labels: `(n,)` int64.
        class_names: One for each label.
        offset: What was added to the digital numbers: 1,000 in Sentinel-2 products since January 2022, 0 before.
        origin: Where they come from.
        bands: Names of the bands.
    """

    name: str
    tiles: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...]
    offset: int = 0
    origin: str = ""
    bands: tuple[str, ...] = BANDS

    def __post_init__(self) -> None:
        shape, count = np.shape(self.tiles), len(self.labels)
        if len(shape) != 4 or shape[0] != count or shape[-1] != len(self.bands):
            raise ValueError(f"Expected tiles ({count}, height, width, {len(self.bands)}). Received: tiles.shape={shape}.")
        for field in ("tiles", "labels"):
            object.__setattr__(self, field, frozen_view(np.asarray(getattr(self, field))))

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        height, width = self.tiles.shape[1:3]
        return f"<{self.name}: {len(self):,} tiles of {height} x {width}, {len(self.bands)} bands, {len(self.class_names)} classes>"

    def subset(self, indices: np.ndarray) -> MultibandTiles:
        """Return some of the tiles, in this order.

        Args:
            indices: Positions or a mask.
        """
        return replace(self, tiles=self.tiles[indices], labels=self.labels[indices])

    def reflectance(self) -> np.ndarray:
        """Return `(n, height, width, 13)` float32: the share of light that is reflected, the offset taken off, not below 0."""
        return np.maximum((self.tiles.astype(np.float32) - self.offset) / _SCALE, 0.0)

    def bytes_of(self, brightest: float = 0.6) -> np.ndarray:
        """Return `(n, height, width, 13)` uint8: reflectance from 0 to `brightest` as 0 to 255.

        Args:
            brightest: The reflectance that becomes 255.
        """
        return np.clip(self.reflectance() / brightest * 255, 0, 255).round().astype(np.uint8)

    def rgb(self, brightest: float = 0.3) -> np.ndarray:
        """Return images as the eye sees them, `(n, height, width, 3)` uint8.

        Args:
            brightest: The reflectance that becomes 255.
        """
        places = [self.bands.index(band) for band in ("B04", "B03", "B02")]
        return np.clip(self.reflectance()[..., places] / brightest * 255, 0, 255).round().astype(np.uint8)

    def ndvi(self) -> np.ndarray:
        """Return the normalised difference vegetation index of each pixel, `(n, height, width)` float32 from -1 to 1.

        `(near infrared - red) / (near infrared + red)`, bands B08 and B04 (Tucker 1979); 0 where both are 0.
        """
        light = self.reflectance()
        red, infrared = light[..., self.bands.index("B04")], light[..., self.bands.index("B08")]
        total = infrared + red
        return np.divide(infrared - red, total, out=np.zeros_like(total), where=total > 0)


def load_crops(per_class: int = 40, seed: int = 0, *, climate: float = 0.0, size: int = 64) -> MultibandTiles:
    """Load drawn tiles of five kinds of land.

    Args:
        per_class: Tiles of each class.
        seed: 0 or more.
        climate: 0, home, to 1, drier and hazier.
        size: Side in pixels, 16 or more.

    Returns:
        The tiles, classes taking turns.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> tlcourse.load_crops(per_class=2)
        <drawn fields: 10 tiles of 64 x 64, 13 bands, 5 classes>
    """
    tiles, labels = draw_tiles(per_class, seed, climate=climate, size=size)
    return MultibandTiles("drawn fields", tiles, labels, TILE_CLASSES, origin="drawn by tlcourse")


def load_eurosat(per_class: int = 40, seed: int = 0) -> MultibandTiles:
    """Load EuroSAT with 13 bands (Helber et al. 2019): ten kinds of land in Europe, 27,000 tiles of 64 x 64; full profile.

    Args:
        per_class: Tiles drawn of each class.
        seed: Seed of the draw.

    Raises:
        ValueError: If the profile is "embedded", or a class has fewer tiles.
        FetchError: If the data are not there and cannot be downloaded.
    """
    if profile() != "full":
        raise ValueError('EuroSAT belongs to the full profile: tlcourse.use_profile("full"). Received: profile="embedded".')
    from tlcourse.fetch import fetch

    return read_tile_folder(fetch("eurosat_ms"), per_class=per_class, seed=seed, name="EuroSAT", offset=0)


def read_tile_folder(
    path: Path | str, *, per_class: int | None = None, seed: int = 0, name: str | None = None, offset: int | None = None
) -> MultibandTiles:
    """Read GeoTIFF tiles of 13 bands in EuroSAT's order, one folder a class (`pip install 'tlcourse[geo]'`).

    Args:
        path: A folder whose subfolders are the classes, at any depth.
        per_class: Tiles drawn of each class; None takes all.
        seed: Seed of the draw.
        name: Name of the data; the folder's if None.
        offset: What was added to the digital numbers. None: 1,000 if the files say that they were processed by baseline 04.00 or a later
            one, else 0.

    Raises:
        ImportError: If `tifffile` is not installed.
        ValueError: If a file has another form or cannot be read, offsets differ, or a class has too few tiles. The file is named.
    """
    root = Path(path)
    while len(inner := [folder for folder in root.iterdir() if folder.is_dir()]) == 1:
        root = inner[0]  # archives hold a folder in a folder
    tiles, labels, offsets, classes = [], [], {}, class_folders(root)
    for label, folder in enumerate(classes):
        files = sorted(file for file in folder.iterdir() if file.suffix.lower() in (".tif", ".tiff"))
        if per_class is not None:
            require_whole("per_class", per_class, 1)
            if per_class > len(files):
                raise ValueError(f"Class {folder.name!r} has {len(files)} tiles. Received: per_class={per_class}.")
            drawn = np.random.default_rng([seed, label]).permutation(len(files))[:per_class]
            files = [files[place] for place in sorted(drawn)]
        for file in files:
            tile, found = read_tile(file)
            tiles.append(tile)
            labels.append(label)
            offsets[found] = file
    if offset is None and len(offsets) > 1:
        raise ValueError(
            f"Some files carry an offset of 1,000 and others none. Pass `offset`. With it: {offsets[1000]}. Without it: "
            f"{offsets[0]}. Received: offset=None."
        )
    known = next(iter(offsets)) if offset is None else offset
    shapes = {tile.shape for tile in tiles}
    if len(shapes) != 1:
        raise ValueError(f"All tiles must have one size. Received: shapes={sorted(shapes)}.")
    names = tuple(folder.name for folder in classes)
    return MultibandTiles(name or root.name, np.stack(tiles), np.array(labels, np.int64), names, known, str(root.name))


def read_tile(file: Path) -> tuple[np.ndarray, int]:
    """Read one GeoTIFF tile.

    Args:
        file: The bands of a pixel together, or one after the other.

    Returns:
        Digital numbers `(height, width, 13)` uint16, and the offset that the file's processing baseline implies: 1,000 or 0.

    Raises:
        ImportError: If `tifffile` is not installed.
        ValueError: If the file has another form or cannot be read.
    """
    tifffile = _tifffile()
    try:
        with tifffile.TiffFile(file) as opened:
            tag = opened.pages[0].tags.get(_GDAL_METADATA)
            about = "" if tag is None else str(tag.value)
            values = opened.asarray()
    except (OSError, ValueError, RuntimeError) as error:  # tifffile's own errors are ValueErrors
        raise ValueError(f"{file} cannot be read as TIFF ({type(error).__name__}). Remove or replace it.") from error
    if values.ndim == 3 and values.shape[0] == len(BANDS) and values.shape[-1] != len(BANDS):
        values = np.moveaxis(values, 0, -1)
    if values.ndim != 3 or values.shape[-1] != len(BANDS) or values.dtype != np.uint16:
        raise ValueError(
            f"{file} must hold {len(BANDS)} bands of uint16. Received: shape={values.shape}, dtype={values.dtype}."
        )
    said = re.search(r"PROCESSING_BASELINE\"?[^>]*>\s*N?0*(\d+\.\d+)", about)
    return values, 1000 if said is not None and float(said[1]) >= _OFFSET_SINCE else 0


def _tifffile() -> Any:
    try:
        import tifffile
    except ImportError as error:
        raise ImportError("Reading GeoTIFF files needs tifffile: pip install 'tlcourse[geo]'.") from error
    return tifffile
