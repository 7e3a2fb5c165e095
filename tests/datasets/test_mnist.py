"""Handwritten digits in three looks: the same digits, readable, and never the same image in training and test."""

from __future__ import annotations

import numpy as np
import pytest

import tlcourse
from tlcourse.datasets.mnist import read_mnist


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    parts = {}
    for split, count in (("train", 80), ("test", 40)):
        parts[f"x_{split}"] = np.zeros((count, 28, 28), np.uint8)
        parts[f"x_{split}"][:, 8:20, 10:18] = rng.integers(128, 256, (count, 12, 8))
        parts[f"y_{split}"] = (np.arange(count) % 10).astype(np.uint8)
    np.savez(tmp_path / "mnist.npz", **parts)
    return tmp_path


def test_plain_digits_are_those_of_the_file_balanced_and_each_once(folder):
    images, labels = read_mnist(folder, 8, 0, 28, "plain", "train")
    assert labels.tolist() == list(range(10)) * 8
    with np.load(folder / "mnist.npz") as data:
        known = {picture.tobytes(): mark for picture, mark in zip(data["x_train"], data["y_train"], strict=True)}
    assert (images == images[..., :1]).all()
    assert [known.pop(image[..., 0].tobytes()) for image in images] == labels.tolist()


def test_the_looks_show_the_same_digits(folder):
    looks = {look: read_mnist(folder, 3, 5, 32, look, "test") for look in ("plain", "coloured", "cluttered")}
    ink = looks["plain"][0][..., 0] > 100
    for look, (images, labels) in looks.items():
        assert images.shape == (30, 32, 32, 3)
        assert images.dtype == np.uint8
        assert labels.tolist() == looks["plain"][1].tolist()
        grey = images.astype(float).mean(axis=-1)
        contrast = [abs(g[i].mean() - g[~i].mean()) for g, i in zip(grey, ink, strict=True)]
        assert np.mean(contrast) > 40, look
    assert np.ptp(looks["coloured"][0][:, 0, 0].astype(int), axis=0).min() > 100  # the paper has many colours


def test_the_seed_decides(folder):
    for look in ("plain", "coloured", "cluttered"):
        first, again, other = (read_mnist(folder, 3, seed, 32, look, "train")[0] for seed in (1, 1, 2))
        assert np.array_equal(first, again)
        assert not np.array_equal(first, other)


def test_too_few_digits_and_a_missing_file_are_said(folder, tmp_path):
    with pytest.raises(ValueError, match=r"There are 8 digits 0 in the train split. Received: per_class=9"):
        read_mnist(folder, 9, 0, 32, "plain", "train")
    with pytest.raises(ValueError, match=r"look='inked'"):
        read_mnist(folder, 1, 0, 32, "inked", "train")
    with pytest.raises(FileNotFoundError, match=r"no mnist\.npz"):
        read_mnist(tmp_path / "nowhere", 1, 0, 32, "plain", "train")


def test_the_embedded_profile_names_the_stand_in(monkeypatch):
    monkeypatch.setenv("TLCOURSE_PROFILE", "embedded")
    with pytest.raises(ValueError, match="load_glyphs"):
        tlcourse.load_mnist()
