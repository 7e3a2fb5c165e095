"""Tiles of 13 bands: digital numbers, their offset, and GeoTIFF files as people have them."""

from __future__ import annotations

import numpy as np
import pytest

import tlcourse
from tlcourse.datasets import MultibandTiles, load_crops, load_eurosat, read_tile_folder
from tlcourse.worlds import BANDS, draw_tiles

tifffile = pytest.importorskip("tifffile")

BASELINE = '<GDALMetadata><Item name="PROCESSING_BASELINE">{}</Item></GDALMetadata>'


def write(folder, count=3, classes=("Forest", "River"), planar=False, baseline=None, dtype="uint16"):
    rng = np.random.default_rng(0)
    tiles = rng.integers(1000, 9000, (len(classes), count, 16, 16, 13)).astype(dtype)
    for kind, some in zip(classes, tiles, strict=True):
        (folder / kind).mkdir(parents=True)
        for number, tile in enumerate(some):
            tags = [] if baseline is None else [(42112, "s", 0, BASELINE.format(baseline), True)]
            values = np.moveaxis(tile, -1, 0) if planar else tile
            tifffile.imwrite(folder / kind / f"{kind}_{number}.tif", values, extratags=tags, photometric="minisblack")
    return tiles.reshape(-1, 16, 16, 13)


@pytest.mark.parametrize("planar", [False, True])
def test_bands_of_a_pixel_together_or_one_after_the_other(tmp_path, planar):
    tiles = write(tmp_path / "EuroSAT_MS", planar=planar)
    data = read_tile_folder(tmp_path)  # a folder in a folder, as archives have it
    np.testing.assert_array_equal(data.tiles, tiles)
    assert data.class_names == ("Forest", "River")
    assert data.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert data.offset == 0
    one = read_tile_folder(tmp_path, per_class=1, seed=3)
    assert len(one) == 2
    assert any(np.array_equal(one.tiles[0], tile) for tile in tiles[:3])


@pytest.mark.parametrize(("baseline", "offset"), [("03.01", 0), ("04.00", 1000), ("05.11", 1000)])
def test_the_offset_follows_from_the_baseline_unless_it_is_given(tmp_path, baseline, offset):
    tiles = write(tmp_path, baseline=baseline)
    data = read_tile_folder(tmp_path)
    assert data.offset == offset
    np.testing.assert_allclose(data.reflectance(), np.maximum((tiles - float(offset)) / 10_000, 0), rtol=1e-6)
    assert read_tile_folder(tmp_path, offset=7).offset == 7


def test_files_with_and_without_offset_are_not_mixed_in_silence(tmp_path):
    write(tmp_path / "a", baseline="04.00")
    write(tmp_path / "b", classes=("Lake",), baseline="03.00")
    (tmp_path / "b/Lake").rename(tmp_path / "a/Lake")
    with pytest.raises(ValueError, match=r"Some files carry an offset of 1,000 .* Pass `offset`"):
        read_tile_folder(tmp_path / "a")
    assert len(read_tile_folder(tmp_path / "a", offset=1000)) == 9


def test_bad_files_are_named(tmp_path):
    write(tmp_path)
    with pytest.raises(ValueError, match=r"Class 'Forest' has 3 tiles. Received: per_class=9"):
        read_tile_folder(tmp_path, per_class=9)
    tifffile.imwrite(tmp_path / "River/River_9.tif", np.zeros((16, 16, 3), "uint8"), photometric="rgb")
    with pytest.raises(ValueError, match=r"River_9.tif must hold 13 bands of uint16. Received: shape=\(16, 16, 3\)"):
        read_tile_folder(tmp_path)
    (tmp_path / "River/River_9.tif").write_bytes(b"not a TIFF")
    with pytest.raises(ValueError, match=r"River_9.tif cannot be read as TIFF"):
        read_tile_folder(tmp_path)
    with pytest.raises(ValueError, match="full profile"):
        load_eurosat()


def test_the_offset_changes_the_numbers_and_not_the_light():
    plain, labels = draw_tiles(2, seed=1, size=16)
    shifted, _ = draw_tiles(2, seed=1, size=16, offset=1000)
    np.testing.assert_array_equal(shifted, plain + 1000)
    names = tlcourse.worlds.TILE_CLASSES
    one = MultibandTiles("a", plain, labels, names)
    other = MultibandTiles("b", shifted, labels, names, offset=1000)
    np.testing.assert_allclose(one.ndvi(), other.ndvi(), atol=1e-5)
    np.testing.assert_array_equal(one.rgb(), other.rgb())
    forgotten = MultibandTiles("c", shifted, labels, names)
    assert np.abs(forgotten.ndvi()).mean() < np.abs(one.ndvi()).mean() - 0.1  # looks like haze


def test_the_vegetation_index_is_that_by_hand_and_0_in_the_dark():
    tiles = np.zeros((1, 1, 2, 13), "uint16")
    tiles[0, 0, 0, BANDS.index("B04")], tiles[0, 0, 0, BANDS.index("B08")] = 1000, 4000
    index = MultibandTiles("a", tiles, np.zeros(1, int), ("x",)).ndvi()
    np.testing.assert_allclose(index, [[[0.6, 0.0]]])


def test_knobs_move_what_they_say():
    home, dry = load_crops(8, seed=2), load_crops(8, seed=2, climate=1.0)
    green = home.labels != home.class_names.index("bare soil")
    assert dry.ndvi()[green].mean() < home.ndvi()[green].mean() - 0.1
    short_wave = BANDS.index("B11")
    assert dry.reflectance()[..., short_wave].mean() > home.reflectance()[..., short_wave].mean()
    blue = BANDS.index("B02")
    assert dry.reflectance()[..., blue].mean() > home.reflectance()[..., blue].mean() + 0.02
    again = load_crops(8, seed=2)
    np.testing.assert_array_equal(again.tiles, home.tiles)
    assert not np.array_equal(load_crops(8, seed=3).tiles, home.tiles)
    with pytest.raises(ValueError, match="climate=2"):
        draw_tiles(1, climate=2)
    with pytest.raises(ValueError, match=r"tiles.shape=\(1, 4, 4, 3\)"):
        MultibandTiles("a", np.zeros((1, 4, 4, 3), "uint16"), np.zeros(1, int), ("x",))
