"""Flowers in places: groups of the size that the knob says, flowers that do not depend on it, places that can be told apart."""

import numpy as np
import pytest

from tlcourse.worlds import draw_place, draw_placed_flowers, places_of


def colours(images):
    """Mean colour of each image's border, as shares."""
    border = np.concatenate([images[:, :4].reshape(len(images), -1, 3), images[:, -4:].reshape(len(images), -1, 3)], axis=1)
    mean = border.mean(axis=1).astype(float)
    return mean / mean.sum(axis=1, keepdims=True)


def nearest_mean_accuracy(features, labels):
    learn = np.arange(len(labels)) < len(labels) // 2
    means = np.stack([features[learn & (labels == c)].mean(axis=0) for c in (0, 1)])
    guesses = np.argmin(((features[~learn][:, None] - means) ** 2).sum(axis=2), axis=1)
    return (guesses == labels[~learn]).mean()


def test_shapes_types_names_and_groups():
    images, labels, names, groups = draw_placed_flowers(10, size=32, tie=0.9)
    assert images.shape == (20, 32, 32, 3)
    assert (images.dtype, labels.dtype, groups.dtype) == (np.uint8, np.int64, np.int64)
    assert labels.tolist() == [0, 1] * 10
    assert names == ("lily", "starflower")
    assert np.array_equal(groups // 2, labels)


@pytest.mark.parametrize(
    ("tie", "counts"),
    [(1.0, [200, 0, 0, 200]), (0.95, [190, 10, 10, 190]), (0.7, [140, 60, 60, 140]), (0.5, [100] * 4), (0.0, [0, 200, 200, 0])],
)
def test_groups_are_as_large_as_the_knob_says(tie, counts):
    labels = np.tile([0, 1], 200)
    assert np.bincount(2 * labels + places_of(labels, tie), minlength=4).tolist() == counts


def test_a_longer_list_leaves_the_first_places_as_they_are():
    labels = np.tile([0, 1], 100)
    assert np.array_equal(places_of(labels, 0.93)[:50], places_of(labels[:50], 0.93))


def test_same_seed_same_bytes_other_seed_other_pictures_more_change_none_that_stay():
    first, again, other = (draw_placed_flowers(3, seed, 32)[0] for seed in (1, 1, 2))
    assert first.tobytes() == again.tobytes()
    assert (first != other).any(axis=(1, 2, 3)).all()
    assert np.array_equal(draw_placed_flowers(6, 1, 32)[0][:6], first)


def test_the_knob_moves_the_place_and_leaves_the_flower():
    tied, free = (draw_placed_flowers(20, 3, 64, tie=tie) for tie in (1.0, 0.0))
    change = np.abs(tied[0].astype(float) - free[0])
    assert np.array_equal(tied[1], free[1])
    middle, border = change[:, 28:36, 28:36].mean(), change[:, :6].mean()
    assert middle < 0.5 * border
    same, twin = (draw_placed_flowers(20, 3, 64, tie=tie) for tie in (0.9, 0.5))
    stays = same[3] == twin[3]
    assert 0 < stays.sum() < len(stays)
    assert np.array_equal(same[0][stays], twin[0][stays])


def test_colour_of_the_border_tells_the_place_and_the_species_only_as_far_as_they_are_tied():
    images, labels, _, groups = draw_placed_flowers(100, 4, 32, tie=0.5)
    assert nearest_mean_accuracy(colours(images), groups % 2) > 0.9
    assert 0.35 < nearest_mean_accuracy(colours(images), labels) < 0.65
    images, labels, *_ = draw_placed_flowers(100, 4, 32, tie=0.95)
    assert nearest_mean_accuracy(colours(images), labels) > 0.85


@pytest.mark.parametrize("place", [0, 1])
def test_no_two_places_are_alike_and_all_are_colours(place):
    views = [draw_place(place, np.random.default_rng(seed), 64) for seed in range(5)]
    assert all(view.shape == (64, 64, 3) and view.dtype == np.float32 for view in views)
    assert all(0 <= view.min() and view.max() < 2 and view.std() > 0.03 for view in views)
    assert len({view.tobytes() for view in views}) == 5


@pytest.mark.parametrize(
    "changes",
    [{"per_class": 0}, {"seed": -1}, {"size": 8}, {"tie": 1.2}, {"species": ("lily", "rose")}, {"species": ("lily", "lily")}],
)
def test_arguments_out_of_range_are_refused_by_name(changes):
    with pytest.raises(ValueError, match=next(iter(changes))):
        draw_placed_flowers(**{"per_class": 2, **changes})
