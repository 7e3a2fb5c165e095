"""Data with groups: flowers in places, applicants, and Adult in its owners' format."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import tlcourse
from tlcourse.datasets import Table, load_adult, load_applicants, load_placed_flowers
from tlcourse.datasets.adult import COLUMNS, read_adult
from tlcourse.datasets.placed import read_placed

TRAIN = """\
39, State-gov, 77516, Bachelors, 13, Never-married, Adm-clerical, Not-in-family, White, Male, 2174, 0, 40, United-States, <=50K
52, Self-emp-not-inc, 209642, HS-grad, 9, Married-civ-spouse, Exec-managerial, Husband, White, Male, 0, 0, 45, United-States, >50K
28, Private, 338409, Bachelors, 13, Married-civ-spouse, Prof-specialty, Wife, Black, Female, 0, 0, 40, Cuba, <=50K
54, ?, 180211, Some-college, 10, Married-civ-spouse, ?, Husband, Asian-Pac-Islander, Male, 0, 0, 60, South, >50K

"""
TEST = """\
|1x3 Cross validator
25, Private, 226802, 11th, 7, Never-married, Machine-op-inspct, Own-child, Black, Male, 0, 0, 40, United-States, <=50K.
44, Private, 160323, Some-college, 10, Married-civ-spouse, Machine-op-inspct, Wife, Black, Female, 7688, 0, 40, ?, >50K.
"""


@pytest.fixture(autouse=True)
def _embedded(monkeypatch):
    monkeypatch.setenv("TLCOURSE_PROFILE", "embedded")


@pytest.fixture
def adult(tmp_path):
    folder = tmp_path / "adult"
    folder.mkdir()
    (folder / "adult.data").write_text(TRAIN, encoding="utf-8")
    (folder / "adult.test").write_text(TEST, encoding="utf-8")
    return folder


@pytest.fixture
def photographs(tmp_path):
    rng = np.random.default_rng(0)
    for kind in ("roses", "tulips", "daisy"):
        (tmp_path / kind).mkdir()
        for i in range(20):
            Image.fromarray(rng.integers(0, 256, (40, 50, 3), dtype=np.uint8)).save(tmp_path / kind / f"{i}.png")
    return tmp_path


def keys(images):
    return {image.tobytes() for image in images}


# ---------------------------------------------------------------- flowers in places


def test_drawn_flowers_come_with_groups_and_the_parts_share_nothing():
    train, held, test = (load_placed_flowers(10, 1, 32, tie=0.5, split=split) for split in ("train", "validation", "test"))
    assert np.bincount(train.groups).tolist() == [5, 5, 5, 5]
    assert np.array_equal(train.groups // 2, train.labels)
    assert not keys(train.images) & keys(held.images)
    assert not keys(held.images) & keys(test.images)
    assert np.bincount(load_placed_flowers(20, 1, 32).groups).tolist() == [19, 1, 1, 19]


def test_a_split_that_does_not_exist_is_named():
    with pytest.raises(ValueError, match=r"'train', 'validation', 'test'\. Received: split='held'"):
        load_placed_flowers(10, split="held")


def test_prints_of_one_photograph_are_in_one_split_whatever_the_seed(photographs):
    def middles(split, seed, count):
        images, *_ = read_placed(photographs, count, seed, 32, tie=0.5, split=split)
        return {
            image[top : top + 12, left : left + 12].tobytes()
            for image in images
            for top in range(2, 18)
            for left in range(2, 18)
        }

    assert not middles("train", 0, 10) & middles("test", 1, 6)
    assert not middles("validation", 0, 4) & middles("test", 1, 6)
    assert middles("train", 0, 10) & middles("train", 1, 10)  # the comparison does find a photograph that is in both


def test_prints_lie_in_the_places_that_the_groups_say(photographs):
    images, labels, names, groups = read_placed(photographs, 10, 0, 32, tie=0.8, split="train")
    assert images.shape == (20, 32, 32, 3)
    assert names == ("roses", "tulips")
    assert np.bincount(groups).tolist() == [8, 2, 2, 8]
    assert np.array_equal(groups // 2, labels)
    blue_minus_green = images[:, :2].astype(float).mean(axis=(1, 2)) @ [0, -1, 1]
    assert blue_minus_green[groups % 2 == 0].max() < blue_minus_green[groups % 2 == 1].min()


def test_more_photographs_than_there_are_and_missing_folders_are_named(photographs, tmp_path):
    with pytest.raises(ValueError, match=r"between 1 and 4, the roses of split 'validation'"):
        read_placed(photographs, 5, 0, 32, tie=0.5, split="validation")
    with pytest.raises(FileNotFoundError, match="roses"):
        read_placed(tmp_path / "nothing", 5, 0, 32, tie=0.5, split="validation")


# ---------------------------------------------------------------- tables


def test_applicants_come_as_a_table_with_the_truth():
    table = load_applicants(100, 3, prejudice=0.0)
    assert len(table) == 100
    assert table.rows.shape == (100, len(table.columns))
    assert table.representation.shape == (100, 32)
    assert set(table.truth) == {0, 1}
    assert "A, B" in repr(table)
    assert not {"group", "sex"} & set(table.columns)
    with pytest.raises(TypeError, match="nonsense"):
        load_applicants(100, nonsense=1)


def test_a_table_is_frozen_and_a_part_of_it_keeps_rows_together():
    table = load_applicants(50)
    part = table.subset(table.groups == 1)
    assert set(part.groups) == {1}
    assert np.array_equal(part.representation, table.representation[table.groups == 1])
    assert np.array_equal(part.truth, table.truth[table.groups == 1])
    for field in ("rows", "labels", "groups", "representation", "truth"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(table, field)[0] = 0
    assert len(table.subset([])) == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"columns": ("a",)}, r"\(n, 1\)"),
        ({"labels": np.array([0, 1, 2])}, "labels from 0 to 1"),
        ({"groups": np.array([0, 1])}, r"groups of shape \(3,\)"),
        ({"truth": np.array([0, 5, 0])}, "truth from 0 to 1"),
        ({"representation": np.zeros((2, 4))}, "representation of 3 rows"),
    ],
)
def test_a_table_that_does_not_fit_is_refused_in_words(changes, message):
    fits = {"columns": ("a", "b"), "labels": np.array([0, 1, 1]), "groups": np.array([0, 1, 0])}
    Table("fits", rows=np.zeros((3, 2)), class_names=("no", "yes"), group_names=("A", "B"), **fits)
    with pytest.raises(ValueError, match=message):
        Table("no", rows=np.zeros((3, 2)), class_names=("no", "yes"), group_names=("A", "B"), **{**fits, **changes})


# ---------------------------------------------------------------- Adult


def test_both_parts_of_adult_have_the_same_columns_and_the_group_is_none_of_them(adult):
    names, rows, labels, groups, kinds = read_adult(adult, "train", "sex")
    assert rows.shape == (4, len(names))
    assert rows.dtype == np.float32
    assert labels.tolist() == [0, 1, 0, 1]
    assert kinds == ("Female", "Male")
    assert groups.tolist() == [1, 1, 0, 1]
    others, test_rows, test_labels, test_groups, _ = read_adult(adult, "test", "sex")
    assert others == names
    assert test_rows.shape == (2, len(names))
    assert test_labels.tolist() == [0, 1]  # with the full stop of adult.test
    assert test_groups.tolist() == [1, 0]
    assert not any(name.startswith(("sex", "fnlwgt", "education:", "income")) for name in names)
    assert any(name.startswith("race") for name in names)


def test_numbers_stay_numbers_and_every_other_value_is_one_column_of_ones_and_zeros(adult):
    names, rows, *_ = read_adult(adult, "train", "race")
    assert rows[:, names.index("age")].tolist() == [39, 52, 28, 54]
    assert rows[:, names.index("capital-gain")].tolist() == [2174, 0, 0, 0]
    assert rows[:, names.index("workclass: unknown")].tolist() == [0, 0, 0, 1]
    assert rows[:, names.index("sex: Female")].tolist() == [0, 0, 1, 0]
    for column in ("workclass", "marital-status", "occupation", "relationship", "native-country"):
        own = [i for i, name in enumerate(names) if name.startswith(f"{column}: ")]
        assert (rows[:, own].sum(axis=1) == 1).all(), column


def test_a_line_of_another_form_is_named(adult):
    (adult / "adult.test").write_text(TEST + "12, too, short\n", encoding="utf-8")
    with pytest.raises(ValueError, match=rf"adult.test, line 4: expected {len(COLUMNS)} values"):
        read_adult(adult, "train", "sex")
    (adult / "adult.test").unlink()
    with pytest.raises(FileNotFoundError, match=r"adult\.test"):
        read_adult(adult, "train", "sex")


def test_adult_is_loaded_from_a_mirror_in_the_full_profile_alone(adult, monkeypatch):
    with pytest.raises(ValueError, match="load_applicants"):
        load_adult()
    monkeypatch.setenv("TLCOURSE_PROFILE", "full")
    monkeypatch.setenv("TLCOURSE_MIRROR", str(adult.parent))
    table = tlcourse.load_adult(group="sex", count=3, seed=1)
    assert len(table) == 3
    assert table.truth is None
    assert table.group_names == ("Female", "Male")
    assert len(load_adult("test")) == 2
    with pytest.raises(ValueError, match="count=9"):
        load_adult(count=9)
    with pytest.raises(ValueError, match="group='age'"):
        load_adult(group="age")
