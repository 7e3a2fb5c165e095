"""Folders of one's own images: which files are images, and that no image becomes plain black or white without a word."""

from __future__ import annotations

import os
import warnings

import numpy as np
import pytest
from PIL import Image, features

from tlcourse.datasets import ImageFolderWarning, load_image_folder, open_image_folder

RAMP = np.arange(65536, dtype=np.uint16).reshape(256, 256)


@pytest.fixture
def folder(tmp_path):
    for name, colour in (("cats", (200, 0, 0)), ("dogs", (0, 0, 200))):
        (tmp_path / name).mkdir()
        for i in range(3):
            Image.new("RGB", (60, 40), colour).save(tmp_path / name / f"{i}.png")
    return tmp_path


def save(values, path):
    """Save an array, which Pillow writes in the mode of its dtype."""
    Image.fromarray(values).save(path)


def load_one(folder, name, values, **options):
    """Load a folder in which the last image of the cats is this one, and return it."""
    path = folder / "cats" / name
    save(values, path)
    data = load_image_folder(folder, 256, **options)
    return data.images[data.labels == 0][-1]


DEPTHS = {
    "16 bit png": ("z.png", RAMP),
    "16 bit tiff": ("z.tif", RAMP),
    "16 bit pgm": ("z.pgm", RAMP),
    "16 bit jpeg 2000": ("z.jp2", RAMP),
    "32 bit tiff": ("z.tif", RAMP.astype(np.int32) * 32767),
    "float tiff": ("z.tif", (RAMP / 65535).astype(np.float32)),
    "float pfm": ("z.pfm", (RAMP / 65535).astype(np.float32)),
}


@pytest.mark.parametrize(("name", "values"), DEPTHS.values(), ids=DEPTHS)
def test_a_ramp_beyond_8_bits_keeps_all_its_256_steps(folder, name, values):
    image = load_one(folder, name, values)
    assert len(np.unique(image)) == 256
    expected = np.round(values.astype(float) / values.max() * 255)
    assert np.abs(image[..., 0] - expected).max() <= 1
    assert (image == image[..., :1]).all()


def test_bits_that_a_tiff_declares_are_its_range(folder):
    """12 bits packed without gaps: Pillow cannot write such a file, so its bytes stand here."""
    values = np.arange(4096, dtype=np.uint16).reshape(64, 64)
    flat = values.ravel().astype(np.uint32)
    pairs = (flat[0::2] << 12) | flat[1::2]
    data = np.stack([pairs >> 16, (pairs >> 8) & 255, pairs & 255], axis=1).astype(np.uint8).tobytes()
    tags = [(256, 64), (257, 64), (258, 12), (259, 1), (262, 1), (273, 8), (277, 1), (278, 64), (279, len(data))]
    entries = b"".join(
        tag.to_bytes(2, "little") + (4).to_bytes(2, "little") + (1).to_bytes(4, "little") + value.to_bytes(4, "little")
        for tag, value in tags
    )
    head = b"II*\0" + (8 + len(data)).to_bytes(4, "little")
    (folder / "cats/z.tif").write_bytes(head + data + len(tags).to_bytes(2, "little") + entries + bytes(4))
    image = load_image_folder(folder, 64).images[3]
    assert (image.min(), image.max(), len(np.unique(image))) == (0, 255, 256)


MISLEADING = {
    "12 bits in 16": ("z.tif", RAMP // 16, "value_range=(0, 4095)"),
    "10 bits in 16": ("z.png", RAMP // 64, "value_range=(0, 1023)"),
    "8 bits in 32": ("z.tif", (RAMP // 256).astype(np.int32), "value_range=(0, 255)"),
    "floats to 255": ("z.tif", (RAMP / 257).astype(np.float32), "value_range=(0, 255)"),
    "floats from -1 to 1": ("z.tif", (RAMP / 32767.5 - 1).astype(np.float32), "value_range=(-1, 1)"),
    "faint floats": ("z.tif", (RAMP / 65535e3).astype(np.float32), "value_range=(0, 0.001"),
    "below 0": ("z.tif", RAMP.astype(np.int32) - 1000, "value_range=(-1000, 64535)"),
}


@pytest.mark.parametrize(("name", "values", "advice"), MISLEADING.values(), ids=MISLEADING)
def test_another_white_than_that_of_the_format_is_refused_by_name_and_can_be_given(folder, name, values, advice):
    with pytest.raises(ValueError, match="would be white") as caught:
        load_one(folder, name, values)
    text = str(caught.value)
    assert advice in text
    assert f"cats/{name}" in text
    assert "cats/0.png" not in text
    assert text.endswith("Received: value_range=None.")
    image = load_one(folder, name, values, value_range=(float(values.min()), float(values.max())))
    assert (image.min(), image.max(), len(np.unique(image))) == (0, 255, 256)


def test_one_full_range_image_does_not_hide_that_the_others_are_of_12_bits(folder):
    for i in range(3):
        save(RAMP // 16, folder / f"dogs/z{i}.tif")
    with pytest.raises(ValueError, match="would be white"):
        load_one(folder, "z.tif", RAMP)


def test_a_dark_image_and_an_empty_one_among_others_of_16_bits_are_fine(folder):
    save(RAMP // 32, folder / "dogs/dark.png")
    save(RAMP * 0, folder / "dogs/empty.png")
    save(RAMP, folder / "dogs/whole.png")
    assert len(np.unique(load_one(folder, "z.png", RAMP))) == 256


def test_the_range_of_16_bits_says_nothing_about_8_bits(folder):
    data = load_image_folder(folder, 16, value_range=(0, 4095))
    assert data.images.max() == 200


def test_nan_is_listed_as_unreadable(folder):
    values = (RAMP / 65535).astype(np.float32)
    values[0, 0] = np.nan
    with pytest.raises(ValueError, match=r"z\.tif"):
        load_one(folder, "z.tif", values)


def test_colours_of_16_bits_whose_upper_byte_is_empty_are_refused_by_name(folder):
    import struct
    import zlib

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    def png(values):
        rows = b"".join(b"\0" + np.repeat(row[:, None], 3, axis=1).astype(">u2").tobytes() for row in values)
        size = struct.pack(">IIBBBBB", values.shape[1], values.shape[0], 16, 2, 0, 0, 0)
        return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")

    (folder / "cats/z.png").write_bytes(png(RAMP))
    assert len(np.unique(load_image_folder(folder, 256).images[3])) == 256
    (folder / "cats/z.png").write_bytes(png(RAMP // 16))
    with pytest.raises(ValueError, match=r"cats/z\.png.*save these with 8 bits"):
        load_image_folder(folder, 256)


@pytest.mark.parametrize("value_range", [(1, 0), (0, 0), (0, float("nan")), (0, float("inf"))])
def test_a_range_is_black_below_white(folder, value_range):
    with pytest.raises(ValueError, match="value_range="):
        load_image_folder(folder, value_range=value_range)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
@pytest.mark.parametrize("tone", [0, 255, 128, 250])
def test_a_shape_that_only_the_alpha_channel_shows_is_kept(folder, mode, tone):
    image = Image.new("RGBA", (64, 64), (tone, tone, tone, 0))
    image.paste((tone, tone, tone, 255), (16, 16, 48, 48))
    image.convert(mode).save(folder / "cats/z.png")
    loaded = load_image_folder(folder, 64).images[3]
    inside, outside = loaded[32, 32], loaded[2, 2]
    assert (inside == tone).all()
    assert np.abs(inside.astype(int) - outside).min() > 100


def test_transparent_pixels_become_white_whatever_colour_lies_under_them(folder):
    image = Image.new("RGBA", (64, 64), (255, 0, 255, 0))
    image.paste((0, 200, 0, 255), (16, 16, 48, 48))
    image.paste((0, 0, 0, 128), (28, 28, 36, 36))
    image.save(folder / "cats/z.webp", lossless=True)
    loaded = load_image_folder(folder, 64).images[3]
    assert loaded[2, 2].tolist() == [255, 255, 255]
    assert loaded[20, 20].tolist() == [0, 200, 0]
    assert np.abs(loaded[32, 32].astype(int) - 127).max() <= 1


def test_a_palette_and_a_grey_level_can_be_transparent_too(folder):
    palette = Image.new("P", (64, 64), 0)
    palette.putpalette([255, 0, 255, 0, 200, 0])
    palette.paste(1, (16, 16, 48, 48))
    palette.save(folder / "cats/y.gif", transparency=0)
    grey = Image.new("L", (64, 64), 7)
    grey.paste(100, (16, 16, 48, 48))
    grey.save(folder / "cats/z.png", transparency=7)
    y, z = load_image_folder(folder, 64).images[3:5]
    assert (y[2, 2].tolist(), y[32, 32].tolist()) == ([255, 255, 255], [0, 200, 0])
    assert (z[2, 2].tolist(), z[32, 32].tolist()) == ([255, 255, 255], [100, 100, 100])


def test_an_alpha_channel_that_nobody_filled_in_hides_nothing(folder):
    Image.new("RGBA", (64, 64), (10, 20, 30, 0)).save(folder / "cats/z.png")
    assert load_image_folder(folder, 16).images[3, 0, 0].tolist() == [10, 20, 30]


@pytest.mark.parametrize(
    "place",
    [".ipynb_checkpoints", "@eaDir", "a/b/.ipynb_checkpoints", "a/@eaDir/x.jpg", "__MACOSX", ".thumbnails/deep/er", "#recycle"],
)
def test_copies_in_hidden_folders_are_left_out_at_every_depth_and_counted(folder, place):
    (folder / "cats" / place).mkdir(parents=True)
    for i in range(2):
        Image.new("RGB", (8, 8)).save(folder / "cats" / place / f"{i}-checkpoint.png")
    with pytest.warns(ImageFolderWarning, match=r"Left out 2 files that are hidden.*0-checkpoint\.png"):
        data = load_image_folder(folder, 16)
    assert np.bincount(data.labels).tolist() == [3, 3]


def test_hidden_files_and_folders_beside_the_classes_are_no_classes(folder):
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / "@eaDir").mkdir()
    Image.new("RGB", (8, 8)).save(folder / "cats/._0.png")
    with pytest.warns(ImageFolderWarning, match="Left out 1 files that are hidden"):
        data = load_image_folder(folder, 16)
    assert data.class_names == ("cats", "dogs")
    assert len(data) == 6


def test_images_in_ordinary_subfolders_count(folder):
    (folder / "cats/indoors/night").mkdir(parents=True)
    Image.new("RGB", (8, 8)).save(folder / "cats/indoors/night/0.png")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.bincount(load_image_folder(folder, 16).labels).tolist() == [4, 3]


@pytest.mark.parametrize(
    "names",
    [("train", "validation", "test"), ("Train", "Val"), ("training_set", "test_set"), ("test", "valid"), ("train", "test1")],
)
def test_the_parent_of_the_splits_is_refused_and_the_folder_to_load_is_named(tmp_path, names):
    for split in names:
        for kind in ("cats", "dogs"):
            (tmp_path / split / kind).mkdir(parents=True)
            Image.new("RGB", (8, 8)).save(tmp_path / split / kind / "0.png")
    named = next((name for name in names if name.lower().startswith("train")), sorted(names)[0])
    with pytest.raises(ValueError, match="splits of a data set") as caught:
        load_image_folder(tmp_path)
    assert f"load_image_folder({str(tmp_path / named)!r})" in str(caught.value)
    assert len(load_image_folder(tmp_path / named, 8)) == 2


def test_one_class_called_train_is_a_class(tmp_path):
    for kind in ("train", "bus"):
        (tmp_path / kind).mkdir()
        Image.new("RGB", (8, 8)).save(tmp_path / kind / "0.png")
    assert load_image_folder(tmp_path, 8).class_names == ("bus", "train")


ENDINGS = [
    ("jfif", "JPEG"),
    ("jpe", "JPEG"),
    ("", "PNG"),
    ("JPG_large", "JPEG"),
    ("txt", "PNG"),
    ("ppm", "PPM"),
    ("tga", "TGA"),
]


@pytest.mark.parametrize(("ending", "kind"), ENDINGS)
def test_images_count_whatever_their_name_ends_in(folder, ending, kind):
    Image.new("RGB", (8, 8), (10, 200, 10)).save(folder / f"cats/z{'.' if ending else ''}{ending}", kind)
    data = load_image_folder(folder, 8)
    assert np.bincount(data.labels).tolist() == [4, 3]
    assert np.abs(data.images[3].astype(int) - (10, 200, 10)).max() < 4


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow reads no AVIF")
def test_avif_counts(folder):
    Image.new("RGB", (32, 32), (10, 200, 10)).save(folder / "cats/z.avif")
    assert np.abs(load_image_folder(folder, 8).images[3].astype(int) - (10, 200, 10)).max() < 8


def test_files_that_are_no_images_are_counted_and_named(folder):
    (folder / "cats/phone.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(200))
    (folder / "dogs/notes.txt").write_text("no image")
    (folder / "dogs/zeros").write_bytes(bytes(500))
    (folder / "dogs/drawing.eps").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n")
    (folder / "dogs/Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0")  # every Windows folder has one: no news
    with pytest.warns(ImageFolderWarning, match="Left out 4 files") as caught:
        data = load_image_folder(folder, 8)
    text = str(caught[0].message)
    assert len(data) == 6
    assert all(name in text for name in ("cats/phone.heic", "dogs/notes.txt", "dogs/zeros", "dogs/drawing.eps", "pillow_heif"))
    assert "Thumbs.db" not in text


def test_a_class_of_files_that_nothing_reads_names_them(folder):
    for i in range(3):
        (folder / f"cats/{i}.png").unlink()
        (folder / f"cats/{i}.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(200))
    with pytest.raises(ValueError, match=r"'cats' holds no image.*0\.heic, 1\.heic, 2\.heic.*pillow-heif.*Received: path="):
        load_image_folder(folder)


def test_a_jpeg_under_another_known_name_is_read_and_damage_is_an_error(folder):
    Image.new("RGB", (8, 8), "white").save(folder / "cats/z.png", "JPEG")
    assert load_image_folder(folder, 8).images[3].min() > 250
    (folder / "cats/z.png").write_bytes(b"<html>404</html>")
    with pytest.raises(ValueError, match=r"1 of 7 files.*\n.*z\.png"):
        load_image_folder(folder, 8)


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_to_nowhere_is_an_error_with_its_name(folder):
    (folder / "cats/z.jpg").symlink_to(folder / "gone.jpg")
    with pytest.raises(ValueError, match=r"z\.jpg"):
        load_image_folder(folder, 8)


def test_an_opened_folder_reads_the_same_images_batch_by_batch(folder):
    for i in range(3):
        Image.new("RGB", (8, 8), (i, i, i)).save(folder / f"cats/{i}.png")
    opened, loaded = open_image_folder(folder, 8), load_image_folder(folder, 8)
    assert len(opened) == len(loaded)
    assert (opened.labels == loaded.labels).all()
    assert (np.concatenate([opened[0:4], opened[4:9]]) == loaded.images).all()
    assert (opened[[2, 0]] == loaded.images[[2, 0]]).all()
    assert (opened.subset([5, 1])[:] == loaded.images[[5, 1]]).all()
    assert (opened.subset(opened.labels == 1).load().images == loaded.images[3:]).all()
    assert not opened.labels.flags.writeable


def test_what_is_unknown_about_white_is_noticed_however_a_folder_is_cut(folder):
    save(RAMP // 16, folder / "dogs/z.tif")
    opened = open_image_folder(folder, 8)
    opened.subset([0, 1])[:]
    for part in (opened, opened.subset([5, 6])):
        with pytest.raises(ValueError, match="would be white"):
            part[0:1]


def test_the_draw_of_each_class_is_the_same_in_memory_and_on_disk(folder):
    for i in range(3):
        Image.new("RGB", (8, 8), (i, i, i)).save(folder / f"cats/{i}.png")
    drawn = load_image_folder(folder, 8, per_class=2, seed=3)
    assert (open_image_folder(folder, 8, per_class=2, seed=3)[:] == drawn.images).all()
    with pytest.raises(ValueError, match=r"between 1 and 3.*per_class=4"):
        load_image_folder(folder, per_class=4)
