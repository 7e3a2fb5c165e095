"""Two views share an image, and each view is drawn for itself."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from tlcourse.selfsup import TwoViews, rotate_quarters


def letters_on_grey(count, side=16):
    """Images of one grey level each, so that geometry and the order of rows show, and colour does not."""
    grey = np.linspace(20, 230, count)
    return np.broadcast_to(grey[:, None, None, None], (count, side, side, 3)).astype("float32")


def test_two_views_of_one_image_share_it_and_views_of_two_do_not():
    images = letters_on_grey(7)
    views = np.asarray(TwoViews(colour=0.0, seed=0)(images))
    assert views.shape == (14, 16, 16, 3)
    first, second = views[:7].mean(axis=(1, 2, 3)), views[7:].mean(axis=(1, 2, 3))
    difference = np.abs(first[:, None] - second)
    assert np.diag(difference).max() < 0.01
    assert difference[~np.eye(7, dtype=bool)].min() > 10


def test_without_change_both_views_are_the_image():
    images = np.random.default_rng(0).uniform(0, 255, (3, 8, 8, 3)).astype("float32")
    views = np.asarray(TwoViews(smallest=1.0, degrees=0.0, colour=0.0)(images))
    np.testing.assert_allclose(views, np.concatenate([images, images]), atol=1e-2)


@pytest.mark.parametrize("changed", [{"smallest": 0.5}, {"degrees": 45.0}, {"colour": 0.5}, {"flip": True}])
def test_each_change_is_drawn_for_each_view(changed):
    still = {"smallest": 1.0, "degrees": 0.0, "colour": 0.0}
    image = np.random.default_rng(0).uniform(0, 255, (1, 8, 8, 3)).astype("float32")
    views = np.asarray(TwoViews(**(still | changed), seed=1)(np.repeat(image, 16, axis=0)))
    different = np.unique(views.round(1).reshape(32, -1), axis=0)
    assert len(different) == (2 if "flip" in changed else 32)
    assert views.min() >= 0
    assert views.max() <= 255


def test_a_mirrored_view_is_the_mirror_image():
    image = np.random.default_rng(0).uniform(0, 255, (8, 8, 8, 3)).astype("float32")
    views = np.asarray(TwoViews(smallest=1.0, degrees=0.0, colour=0.0, flip=True, seed=1)(image))
    for view, original in zip(views, np.concatenate([image, image]), strict=True):
        assert min(np.abs(view - original).max(), np.abs(view - original[:, ::-1]).max()) < 0.1


def test_a_crop_stays_inside_the_image():
    """A ramp from 0 to 1 over the image: a crop without rotation is a part of it, and nothing is reflected."""
    ramp = np.broadcast_to(np.arange(16.0)[None, None, :, None], (50, 16, 16, 1)).astype("float32")
    views = np.asarray(TwoViews(smallest=0.4, degrees=0.0, colour=0.0, seed=0)(ramp))[..., 0]
    steps = np.diff(views, axis=2)
    assert steps.min() > 0.35
    assert steps.max() < 1.01


def test_views_repeat_with_the_seed_and_the_layer_is_saved(tmp_path):
    images = np.random.default_rng(0).uniform(0, 255, (2, 8, 8, 3)).astype("float32")
    layer = TwoViews(seed=3, degrees=30.0)
    again = TwoViews.from_config(layer.get_config())
    np.testing.assert_array_equal(np.asarray(layer(images)), np.asarray(again(images)))
    assert layer.compute_output_shape((None, 8, 8, 3)) == (None, 8, 8, 3)
    assert layer(keras.Input((8, 8, 3), batch_size=4)).shape == (8, 8, 8, 3)


@pytest.mark.parametrize("wrong", [{"smallest": 0.0}, {"smallest": 1.5}, {"degrees": 200}, {"colour": -1}])
def test_arguments_out_of_range_are_named(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        TwoViews(**wrong)


def test_the_label_is_the_number_of_quarters():
    images = np.random.default_rng(0).integers(0, 255, (12, 6, 6, 3), dtype=np.uint8)
    turned, quarters = rotate_quarters(images, seed=0)
    assert set(quarters) == {0, 1, 2, 3}
    for before, after, quarter in zip(images, turned, quarters, strict=True):
        np.testing.assert_array_equal(np.rot90(before, quarter), after)
    with pytest.raises(ValueError, match="square"):
        rotate_quarters(images[:, :4])
