"""Data sets: frozen, split without leaks, and loud about images that are none."""

from __future__ import annotations

import os

import numpy as np
import pytest
from PIL import Image

import tlcourse
from tlcourse.datasets import Dataset, load_cats_and_dogs, load_flowers, load_glyphs, load_image_folder, load_scans
from tlcourse.datasets.xrays import read_xrays


@pytest.fixture(autouse=True)
def _embedded(monkeypatch):
    monkeypatch.setenv("TLCOURSE_PROFILE", "embedded")


def toy(count=60, groups=None):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (count, 8, 8, 3), dtype=np.uint8)
    return Dataset("toy", images, np.arange(count) % 3, ("a", "b", "c"), groups=groups, profile="embedded")


def keys(data):
    return {image.tobytes() for image in data.images}


def test_nothing_changes_a_data_set_by_accident():
    data = toy()
    for array in (data.images, data.labels):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    with pytest.raises(AttributeError):
        data.name = "other"


def test_picked_images_are_balanced_and_disjoint_from_the_rest_and_follow_the_seed():
    picked, rest = toy().pick_per_class(5, seed=1)
    assert np.bincount(picked.labels).tolist() == [5, 5, 5]
    assert not keys(picked) & keys(rest)
    assert len(picked) + len(rest) == 60
    again, other = toy().pick_per_class(5, seed=1)[0], toy().pick_per_class(5, seed=2)[0]
    assert np.array_equal(picked.images, again.images)
    assert not np.array_equal(picked.images, other.images)


def test_positions_are_those_of_the_picked_images():
    data = toy()
    learn, rest = data.positions_per_class(5, seed=[1, 2])
    picked, left = data.pick_per_class(5, seed=[1, 2])
    assert keys(data.subset(learn)) == keys(picked)
    assert np.array_equal(data.images[rest], left.images)
    assert data.labels[learn].tolist() == [0] * 5 + [1] * 5 + [2] * 5
    assert picked.labels.tolist() != sorted(picked.labels)
    assert np.array_equal(np.sort(np.concatenate([learn, rest])), np.arange(60))


def test_fewer_images_from_the_same_seed_are_a_part_of_the_more():
    data = toy()
    few, more = (set(data.positions_per_class(count, seed=3)[0]) for count in (2, 7))
    assert few < more


def test_a_split_is_stratified_and_disjoint():
    train, test = toy().split(0.3)
    assert np.bincount(test.labels).tolist() == [6, 6, 6]
    assert not keys(train) & keys(test)


def test_groups_never_stand_on_both_sides():
    data = toy(groups=np.arange(60) // 4)
    train, test = data.split(0.3)
    assert not set(train.groups) & set(test.groups)
    picked, rest = data.pick_per_class(2)
    assert not set(picked.groups) & set(rest.groups)
    learn, left = data.positions_per_class(2)
    assert len(left) > 0
    assert not set(data.groups[learn]) & set(data.groups[left])


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"images": np.zeros((3, 8, 8, 3))}, TypeError, "uint8.*look scaled"),
        ({"images": np.zeros((3, 8, 8), np.uint8)}, ValueError, r"\(n, height, width, 3\)"),
        ({"labels": np.eye(3, dtype=int)}, ValueError, "One-hot"),
        ({"labels": np.zeros(3)}, TypeError, "whole numbers"),
        ({"labels": np.array([0, 1, 2])}, ValueError, "from 0 to 1"),
        ({"groups": np.zeros(2)}, ValueError, "one group an image"),
    ],
)
def test_data_that_do_not_fit_are_refused_in_words(changes, error, words):
    fitting = {"images": np.zeros((3, 8, 8, 3), np.uint8), "labels": np.array([0, 1, 1]), "class_names": ("a", "b")}
    Dataset("x", **fitting)
    with pytest.raises(error, match=words):
        Dataset("x", **{**fitting, **changes})


@pytest.mark.parametrize("draw", ["pick_per_class", "positions_per_class"])
def test_too_many_images_or_none_are_not_picked(draw):
    with pytest.raises(ValueError, match=r"has 20 images, and some must be left over.*Received: count=20\."):
        getattr(toy(), draw)(20)
    with pytest.raises(ValueError, match="count=0"):
        getattr(toy(), draw)(0)


def test_the_embedded_sets_are_drawn_again_byte_for_byte():
    for load in (load_flowers, lambda **options: load_glyphs("letters", **options)):
        first, again, other = load(per_class=2, seed=3), load(per_class=2, seed=3), load(per_class=2, seed=4)
        assert np.array_equal(first.images, again.images)
        assert not np.array_equal(first.images, other.images)


def test_photographs_in_the_embedded_profile_name_the_stand_in():
    with pytest.raises(ValueError, match=r"load_flowers\(\)"):
        load_cats_and_dogs()


@pytest.fixture
def folder(tmp_path):
    for name, colour in (("cats", (200, 0, 0)), ("dogs", (0, 0, 200))):
        (tmp_path / name).mkdir()
        for i in range(3):
            Image.new("RGB", (60, 40), colour).save(tmp_path / name / f"{i}.png")
    return tmp_path


def test_a_folder_of_ones_own_is_read_with_its_classes(folder):
    data = load_image_folder(folder, size=16)
    assert (len(data), data.class_names, data.image_shape) == (6, ("cats", "dogs"), (16, 16, 3))
    assert repr(data) == f"<{folder.name}: 6 images of 16 x 16, 2 classes, own>"
    assert data.images[data.labels == 0].mean(axis=(0, 1, 2)).round().tolist() == [200, 0, 0]


def test_a_picture_that_lies_on_its_side_is_turned_upright(folder):
    picture = Image.new("RGB", (40, 40), "black")
    picture.paste("white", (0, 0, 40, 20))  # white above
    exif = picture.getexif()
    exif[0x0112] = 3  # stored upside down
    picture.save(folder / "cats/0.png", exif=exif)
    image = load_image_folder(folder, size=16).images[0]
    assert image[:4].mean() < 50 < 200 < image[-4:].mean()


def test_unreadable_files_are_all_listed(folder):
    (folder / "cats/9.jpg").write_bytes(b"no image")
    (folder / "dogs/8.png").write_bytes((folder / "dogs/0.png").read_bytes()[:50])
    with pytest.raises(ValueError, match="2 of 8 files") as caught:
        load_image_folder(folder, size=16)
    assert "9.jpg" in str(caught.value)
    assert "8.png" in str(caught.value)


def test_a_folder_without_classes_or_pictures_is_explained(folder, tmp_path):
    with pytest.raises(FileNotFoundError, match="one subfolder a class"):
        load_image_folder(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="at least two subfolders"):
        load_image_folder(folder / "cats")
    (folder / "mice").mkdir()
    with pytest.raises(ValueError, match="'mice' holds no image"):
        load_image_folder(folder)


@pytest.mark.mirror
def test_real_photographs_load_by_name(monkeypatch):
    monkeypatch.setenv("TLCOURSE_PROFILE", "full")
    monkeypatch.setenv("TLCOURSE_MIRROR", os.environ["TLCOURSE_MIRROR_DATA"])
    flowers = tlcourse.load_flowers(per_class=10)
    assert flowers.class_names == ("daisy", "dandelion", "roses", "sunflowers", "tulips")
    assert (len(flowers), flowers.image_shape, flowers.profile) == (50, (128, 128, 3), "full")
    assert flowers.images.std() > 20
    train, validation = (load_cats_and_dogs(per_class=20, split=split) for split in ("train", "validation"))
    assert not keys(train) & keys(validation)
    with pytest.raises(ValueError, match="one of 'train', 'validation'"):
        load_cats_and_dogs(split="test")


def test_drawn_scans_carry_their_patients():
    scans = load_scans(patients=4, per_patient=3)
    assert scans.groups.tolist() == np.repeat(range(4), 3).tolist()
    train, test = scans.split(0.5)
    assert not set(train.groups) & set(test.groups)


@pytest.fixture
def xrays(tmp_path):
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (20, 28, 28), dtype=np.uint8)
    np.savez(
        tmp_path / "pneumoniamnist.npz", train_images=pictures, train_labels=(np.arange(20) % 4 > 0)[:, None].astype(np.uint8)
    )
    return tmp_path


def test_xrays_are_balanced_patients_with_scans_that_resemble_each_other(xrays):
    images, labels, names, patients = read_xrays(xrays, 6, 4, seed=1, size=56)
    assert images.shape == (24, 56, 56, 3)
    assert names == ("normal", "pneumonia")
    assert np.bincount(labels[::4]).tolist() == [3, 3]
    assert all(len(set(labels[patients == p])) == 1 for p in range(6))
    scans = images.reshape(6, 4, -1).astype(float)
    correlation = np.corrcoef(scans.reshape(24, -1)).reshape(6, 4, 6, 4)
    same = [correlation[i, 0, i, s] for i in range(6) for s in (1, 2, 3)]
    other = [correlation[i, 0, j, 0] for i in range(6) for j in range(6) if i != j]
    assert min(same) < 0.9999
    assert np.mean(same) > np.max(other)


def test_too_few_xrays_and_a_missing_file_are_said(xrays, tmp_path):
    with pytest.raises(ValueError, match=r"5 X-rays of class 'normal', and 10 are needed"):
        read_xrays(xrays, 20, 1, seed=0, size=32)
    with pytest.raises(FileNotFoundError, match=r"pneumoniamnist\.npz"):
        read_xrays(tmp_path / "nowhere", 2, 1, seed=0, size=32)
