"""Properties of the cluttered glyphs: streams, tasks that share a look, splits that share nothing, the clutter knob."""

import numpy as np
import pytest

from tlcourse.worlds import glyphs
from tlcourse.worlds.glyphs import TASKS, draw_glyphs


@pytest.mark.parametrize("task", TASKS)
def test_shapes_types_and_order(task):
    images, labels, names = draw_glyphs(task, 2, size=24)
    assert images.shape == (2 * len(names), 24, 24, 3)
    assert images.dtype == np.uint8
    assert labels.dtype == np.int64
    assert np.bincount(labels).tolist() == [2] * len(names)
    assert len(set(names)) == len(names) == len(TASKS[task])


def test_number_of_classes():
    assert {task: len(names) for task, names in TASKS.items()} == {
        "digits": 10,
        "letters": 30,
        "photo_quadrant": 8,
        "shuffled_letters": 30,
        "clean_digits": 10,
    }


@pytest.mark.parametrize("task", TASKS)
def test_same_seed_same_bytes_other_seed_other_pictures(task):
    first, again, other = (draw_glyphs(task, 1, seed=seed) for seed in (5, 5, 6))
    assert first[0].tobytes() == again[0].tobytes()
    assert (first[1] == again[1]).all()
    assert all((a != b).any() for a, b in zip(first[0], other[0], strict=True))


@pytest.mark.parametrize("task", TASKS)
def test_picture_does_not_depend_on_how_many_are_drawn(task):
    many, few = draw_glyphs(task, 5, seed=1)[0], draw_glyphs(task, 2, seed=1)[0]
    assert (many[: len(few)] == few).all()


def test_placebo_has_the_pictures_of_letters_and_none_of_the_meaning():
    images, labels, names = draw_glyphs("letters", 20, seed=3)
    placebo, permuted, placebo_names = draw_glyphs("shuffled_letters", 20, seed=3)
    assert (images == placebo).all()
    assert names == placebo_names
    assert (np.bincount(labels) == np.bincount(permuted)).all()
    assert (labels == permuted).mean() < 0.08  # chance is 1/30


def test_clean_digits_are_the_digits_without_the_texture():
    clean = draw_glyphs("clean_digits", 3, seed=2)[0]
    assert (clean == draw_glyphs("digits", 3, seed=2, clutter=0.0)[0]).all()
    corners = clean[:, [0, 0, -1, -1], [0, -1, 0, -1]].astype(int)
    assert (np.median(np.ptp(corners, axis=1)) == 0).all()  # a plain ground


def test_clutter_knob_moves_texture_step_by_step():
    def busy(clutter):
        border = draw_glyphs("digits", 20, clutter=clutter)[0][:, [0, 1, -2, -1]].astype(float)
        return border.std(axis=(1, 2)).mean()

    amounts = [busy(clutter) for clutter in (0.0, 0.3, 0.6, 1.0)]
    assert amounts == sorted(amounts)
    assert amounts[0] < 0.15 * amounts[-1]


def test_clutter_leaves_the_glyph_where_it_is():
    clean = draw_glyphs("digits", 5, clutter=0.0)[0].astype(float).mean(axis=3)
    faint = draw_glyphs("digits", 5, clutter=0.2)[0].astype(float).mean(axis=3)
    same = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(clean, faint, strict=True)]
    swapped = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(clean, np.roll(faint, 1, axis=0), strict=True)]
    assert np.median(same) > 0.8
    assert np.median(swapped) < 0.5


def test_splits_share_no_font_and_no_piece_of_photograph(monkeypatch):
    fonts = {split: set(glyphs._SPLITS[split]) for split in ("train", "test", "both")}
    assert not fonts["train"] & fonts["test"]
    assert fonts["train"] | fonts["test"] == fonts["both"]

    class Photograph:
        width, height = 640, 427

        def __init__(self):
            self.boxes = []

        def resize(self, size, resample, box):
            self.boxes.append(box)
            return np.zeros((*size, 3), np.uint8)

    columns = {}
    for split in ("train", "test"):
        photo = Photograph()
        monkeypatch.setattr(glyphs, "_photographs", lambda photo=photo: (photo, photo))
        draw_glyphs("photo_quadrant", 40, split=split)
        left, top, right, bottom = np.transpose(photo.boxes)
        assert left.min() >= 0
        assert top.min() >= 0
        assert right.max() <= 640
        assert bottom.max() <= 427
        columns[split] = {int(x) for a, b in zip(left, right, strict=True) for x in range(int(a), int(np.ceil(b)))}
    assert not columns["train"] & columns["test"]


@pytest.mark.parametrize("split", ["train", "test"])
def test_every_character_has_ink_in_every_font_and_stays_in_its_box(split):
    for font in glyphs._SPLITS[split]:
        pictures = {}
        for character in {*TASKS["digits"], *TASKS["letters"]}:
            ink = np.asarray(glyphs.render_character(character, font))
            assert ink.max() == 255
            assert not ink[[0, -1]].any()
            assert not ink[:, [0, -1]].any()
            pictures[character] = ink.tobytes()
        assert len(set(pictures.values())) == len(pictures)  # no character is drawn as another one, or as a missing-glyph box


def test_label_of_photo_quadrant_says_nothing_about_the_letter(monkeypatch):
    seen = []
    place = glyphs._place_glyph
    monkeypatch.setattr(glyphs, "_place_glyph", lambda rng, letter, *rest: seen.append(letter) or place(rng, letter, *rest))
    _, labels, _ = draw_glyphs("photo_quadrant", 60)
    counts = np.zeros((8, 30))
    np.add.at(counts, (labels, [TASKS["letters"].index(letter) for letter in seen]), 1)
    chi_square = ((counts - counts.sum(axis=0) / 8) ** 2 / (counts.sum(axis=0) / 8)).sum()
    assert chi_square < 203 + 4 * (2 * 203) ** 0.5  # 7 * 29 degrees of freedom, four standard deviations


def test_missing_font_is_explained(monkeypatch):
    monkeypatch.setattr("matplotlib.get_data_path", lambda: "/nowhere")
    with pytest.raises(FileNotFoundError, match=r"DejaVuSans\.ttf, or it cannot.*Reinstall matplotlib"):
        glyphs.render_character.__wrapped__("A", "DejaVuSans")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"task": "numbers", "per_class": 1}, "'digits', 'letters'.*task='numbers'"),
        ({"task": "digits", "per_class": 0}, "per_class=0"),
        ({"task": "digits", "per_class": 1, "seed": 1.5}, "seed=1.5"),
        ({"task": "digits", "per_class": 1, "size": 8}, "size=8"),
        ({"task": "digits", "per_class": 1, "clutter": 2}, "clutter=2"),
        ({"task": "digits", "per_class": 1, "split": "left"}, "split='left'"),
    ],
)
def test_bad_argument_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        draw_glyphs(**arguments)
