"""Omniglot as its owners publish it: alphabets apart, twenty images a letter, the twenty trials; what is not whole is refused."""

from __future__ import annotations

import io
import shutil
import zipfile

import numpy as np
import pytest
from PIL import Image

import tlcourse
from tlcourse.datasets import load_one_shot_runs
from tlcourse.datasets.alphabets import OMNIGLOT_SPLITS, read_omniglot, read_runs


def png(value):
    """A letter as Omniglot has it: one bit a pixel, a black stroke on white, its place says which image it is."""
    image = np.full((105, 105), 255, np.uint8)
    image[5 * (value % 20) : 5 * (value % 20) + 5, 5 * (value // 20 % 20) :][:, :25] = 0
    file = io.BytesIO()
    Image.fromarray(image).convert("1").save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def folder(tmp_path):
    """Both archives in the owners' layout, two letters an alphabet; Greek is in both, as it is there."""
    halves = (
        ("Balinese", "Early_Aramaic", "Greek", "Korean", "Latin"),
        ("Greek", "Japanese_(katakana)", "Sanskrit", "Tagalog", "Latin"),
    )
    for number, names in enumerate(halves, start=1):
        with zipfile.ZipFile(tmp_path / f"images_background_small{number}.zip", "w") as file:
            for a, name in enumerate(names):
                for letter in (1, 2):
                    for writer in range(1, 21):
                        path = f"images_background_small{number}/{name}/character{letter:02d}/{a:04d}_{writer:02d}.png"
                        file.writestr(path, png(40 * a + 20 * letter + writer))
    with zipfile.ZipFile(tmp_path / "all_runs.zip", "w") as file:
        for run in range(1, 21):
            order = np.random.default_rng(run).permutation(20)
            lines = [
                f"run{run:02d}/test/item{i + 1:02d}.png run{run:02d}/training/class{c + 1:02d}.png" for i, c in enumerate(order)
            ]
            file.writestr(f"run{run:02d}/class_labels.txt", "\n".join(lines) + "\n")
            for i, c in enumerate(order):
                file.writestr(f"run{run:02d}/training/class{i + 1:02d}.png", png(i))
                file.writestr(f"run{run:02d}/test/item{i + 1:02d}.png", png(int(c)))
    return tmp_path


def test_alphabets_are_apart_and_letters_take_turns(folder):
    seen = set()
    for split, alphabets in OMNIGLOT_SPLITS.items():
        images, labels, names, groups = read_omniglot(folder, split, 3, 0, 21)
        assert len(names) == 2 * len(alphabets)  # Greek and Latin, in both archives, are not doubled
        assert images.shape == (3 * len(names), 21, 21, 3)
        assert labels.tolist() == 3 * list(range(len(names)))
        assert [alphabets[g] for g in groups] == [names[label].rsplit(" ", 1)[0] for label in labels]
        assert images.max() == 255
        assert images.min() < 50
        assert not seen & set(names)
        seen |= set(names)


def test_all_twenty_writers_are_there_and_fewer_are_drawn_by_seed(folder):
    images, labels, _, _ = read_omniglot(folder, "validation", 20, 0, 105)
    assert len(np.unique(images[labels == 0].reshape(20, -1), axis=0)) == 20
    first, again, other = (read_omniglot(folder, "validation", 2, seed, 105)[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_each_query_of_a_trial_is_the_class_that_its_label_names(folder):
    runs = read_runs(folder, 105)
    assert len(runs) == 20
    for run in runs:
        np.testing.assert_array_equal(run.query, run.support[run.labels])
        assert sorted(run.labels) == list(range(20))


def test_what_is_not_whole_is_refused_with_words(folder, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no all_runs\.zip"):
        read_runs(tmp_path / "nowhere", 32)
    short = tmp_path / "short"
    short.mkdir()
    shutil.copy(folder / "images_background_small1.zip", short)
    with zipfile.ZipFile(short / "images_background_small2.zip", "w") as file:
        file.writestr("images_background_small2/Tagalog/character01/0001_01.png", png(1))
    with pytest.raises(ValueError, match=r"not whole: Japanese_\(katakana\), Sanskrit, Tagalog 01"):
        read_omniglot(short, "test", 5, 0, 32)
    with pytest.raises(ValueError, match="per_class"):
        read_omniglot(folder, "test", 21, 0, 32)


def test_the_trials_are_real_data_only():
    with pytest.raises(ValueError, match="load_alphabets"):
        load_one_shot_runs()


@pytest.mark.mirror
def test_the_real_omniglot_has_the_letters_that_its_paper_counts(mirror, monkeypatch):
    monkeypatch.setenv("TLCOURSE_MIRROR", str(mirror))
    monkeypatch.setenv("TLCOURSE_PROFILE", "full")
    sizes = {split: tlcourse.load_alphabets(split, 2).num_classes for split in OMNIGLOT_SPLITS}
    assert sizes == {"train": 24 + 22 + 24 + 26, "validation": 40, "test": 47 + 42 + 17}
    runs = load_one_shot_runs()
    pixels = [np.stack([part.reshape(20, -1) / 255.0 for part in (run.support, run.query)]) for run in runs]
    nearest = [((q[:, None] - s) ** 2).sum(-1).argmin(1) for s, q in pixels]
    right = np.mean([found == run.labels for found, run in zip(nearest, runs, strict=True)])
    assert 0.05 < right < 0.5  # above chance, far below people
