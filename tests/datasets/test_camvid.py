"""CamVid in SegNet's layout: masks by nearest neighbour, void apart, sequences as groups; what is not whole is refused."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import tlcourse
from tlcourse.datasets import MaskedImages

FRAMES = {"train": ("0001TP_000030", "0016E5_000010", "0006R0_000020"), "val": ("0016E5_000005",), "test": ("0001TP_000000",)}


@pytest.fixture
def folder(tmp_path):
    """Five frames of 40 x 32 pixels: class 11 (void) on the left, class 2 on the right, the frame's number as grey."""
    for part, names in FRAMES.items():
        for kind in (part, f"{part}annot"):
            (tmp_path / "CamVid" / kind).mkdir(parents=True, exist_ok=True)
        for name in names:
            grey = np.full((32, 40, 3), int(name.split("_")[1]), np.uint8)
            Image.fromarray(grey).save(tmp_path / "CamVid" / part / f"{name}.png")
            mask = np.where(np.arange(40) < 20, 11, 2).astype(np.uint8)
            Image.fromarray(np.tile(mask, (32, 1))).save(tmp_path / "CamVid" / f"{part}annot" / f"{name}.png")
    return tmp_path


def test_frames_are_in_the_order_of_sequence_and_time_with_void_as_255(folder):
    data = tlcourse.load_camvid((16, 20), ("0016E5", "0001TP"), folder=folder)
    assert data.groups.tolist() == ["0016E5", "0016E5", "0001TP", "0001TP"]
    assert data.images[:, 0, 0, 0].tolist() == [5, 10, 0, 30]
    assert data.images.shape == (4, 16, 20, 3)
    assert data.images.dtype == data.masks.dtype == np.uint8
    assert set(np.unique(data.masks[..., :10])) == {255}
    assert set(np.unique(data.masks[..., 10:])) == {2}


def test_masks_are_never_mixed_by_another_size(folder):
    for size in ((17, 23), (16, 33), (64, 90)):
        assert set(np.unique(tlcourse.load_camvid(size, ("0006R0",), folder=folder).masks)) == {2, 255}


def test_every_second_frame_of_a_sequence(folder):
    data = tlcourse.load_camvid((16, 20), ("0016E5", "0001TP"), every=2, folder=folder)
    assert data.images[:, 0, 0, 0].tolist() == [5, 0]


def test_what_does_not_fit_is_named(folder):
    root = folder / "CamVid"
    with pytest.raises(ValueError, match="sequences"):
        tlcourse.load_camvid(sequences=("0001",), folder=folder)
    with pytest.raises(FileNotFoundError, match="no frames of Seq05VD"):
        tlcourse.load_camvid(sequences=("Seq05VD",), folder=folder)
    with pytest.raises(ValueError, match="load_roads"):
        tlcourse.load_camvid()
    Image.fromarray(np.full((32, 40), 200, np.uint8)).save(root / "valannot/0016E5_000005.png")
    with pytest.raises(ValueError, match=r"0016E5_000005\.png.*max\(\)=200"):
        tlcourse.load_camvid(sequences=("0016E5",), folder=folder)
    Image.fromarray(np.zeros((30, 40), np.uint8)).save(root / "valannot/0016E5_000005.png")
    with pytest.raises(ValueError, match="different sizes"):
        tlcourse.load_camvid(sequences=("0016E5",), folder=folder)
    (root / "trainannot/0006R0_000020.png").unlink()
    with pytest.raises(FileNotFoundError, match="has no mask"):
        tlcourse.load_camvid(sequences=("0006R0",), folder=folder)


def test_masked_images_refuse_blurred_masks_and_keep_masks_beside_images():
    images, masks = np.zeros((3, 16, 16, 3), np.uint8), np.zeros((3, 16, 16), np.uint8)
    masks[:] = np.arange(3)[:, None, None]
    data = MaskedImages("mine", images, masks, ("a", "b", "c"), np.array([7, 8, 9]))
    part = data.subset([2, 0])
    assert part.masks[:, 0, 0].tolist() == [2, 0]
    assert part.groups.tolist() == [9, 7]
    with pytest.raises(ValueError, match="nearest"):
        MaskedImages("mine", images, masks + 120, ("a", "b", "c"))
    with pytest.raises(ValueError, match="one mask an image"):
        MaskedImages("mine", images, masks[:2], ("a", "b", "c"))
    with pytest.raises(TypeError, match="masks of dtype"):
        MaskedImages("mine", images, masks.astype(int), ("a", "b", "c"))


@pytest.mark.mirror
def test_the_real_camvid_has_its_701_frames(mirror, monkeypatch):
    monkeypatch.setenv("TLCOURSE_MIRROR", str(mirror))
    monkeypatch.setenv("TLCOURSE_PROFILE", "full")
    data = tlcourse.load_camvid((24, 32))
    counts = dict(zip(*np.unique(data.groups, return_counts=True), strict=True))
    assert counts == {"0001TP": 124, "0006R0": 101, "0016E5": 305, "Seq05VD": 171}
    dark = data.images[data.groups == "0001TP"].mean()
    assert dark < 0.8 * data.images[data.groups == "Seq05VD"].mean()  # dusk
    assert np.mean(data.masks == 3) > 0.2  # road
