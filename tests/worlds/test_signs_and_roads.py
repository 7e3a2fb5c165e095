"""Signs and roads: seeded, knobs that move one thing, masks that fit their images to the pixel."""

from __future__ import annotations

import numpy as np
import pytest

import tlcourse
from tlcourse.worlds import ROAD_CLASSES, SIGN_CLASSES, draw_roads, draw_signs

PEDESTRIAN, SKY = ROAD_CLASSES.index("pedestrian"), ROAD_CLASSES.index("sky")


def test_signs_take_turns_and_more_of_them_change_none():
    images, labels, names = draw_signs(2, seed=3)
    assert names == SIGN_CLASSES
    assert labels.tolist() == 2 * list(range(10))
    np.testing.assert_array_equal(draw_signs(1, seed=3)[0], images[:10])
    assert (draw_signs(1, seed=4)[0] != images[:10]).any()


def test_clean_signs_stand_on_one_plain_ground_and_cluttered_ones_do_not():
    clean, cluttered = draw_signs(3, clutter=0.0)[0], draw_signs(3, clutter=1.0)[0]
    corners = clean[:, :2, :2].reshape(-1, 3)
    assert np.ptp(corners, axis=0).max() <= 1
    assert cluttered[:, :2, :2].reshape(-1, 3).std(axis=0).min() > 20


def test_each_clean_sign_is_nearest_to_its_own_mean():
    images, labels, _ = draw_signs(20, clutter=0.0)
    pixels = images.reshape(len(images), -1).astype(float)
    means = np.stack([pixels[labels == c].mean(axis=0) for c in range(10)])
    found = ((pixels[:, None] - means) ** 2).sum(-1).argmin(1)
    assert np.mean(found == labels) > 0.7


def test_other_light_and_weather_leave_the_mask_as_it_is():
    _, mask, _ = draw_roads(3, seed=5)
    for options in ({"light": "dusk"}, {"light": "night"}, {"weather": "fog"}, {"weather": "rain"}):
        images, same, _ = draw_roads(3, seed=5, **options)
        np.testing.assert_array_equal(mask, same)
        assert (images != draw_roads(3, seed=5)[0]).mean() > 0.5
    assert (draw_roads(3, seed=5, scene="highway")[1] != mask).mean() > 0.2


def test_light_falls_from_day_to_dusk_to_night_and_fog_takes_contrast():
    means = [draw_roads(5, light=light)[0].mean() for light in ("day", "dusk", "night")]
    assert means[0] > 1.8 * means[1] > 1.8 * means[2]
    assert draw_roads(5, weather="fog")[0].std() < 0.7 * draw_roads(5)[0].std()


def test_the_mask_lies_on_what_is_drawn():
    """Each class has its colours: the ground truth explains far more of the image than the same mask moved or mirrored."""
    images, masks, _ = draw_roads(4)

    def unexplained(mask, image):
        return sum(image[mask == c].var(axis=0).sum() * (mask == c).sum() for c in np.unique(mask))

    for image, mask in zip(images.astype(float), masks, strict=True):
        assert unexplained(mask, image) < 0.85 * unexplained(np.roll(mask, (8, 8), (0, 1)), image)
        assert unexplained(mask, image) < 0.85 * unexplained(mask[:, ::-1], image)


def test_pedestrians_are_small_and_rarer_on_the_highway_and_sky_is_above():
    city, highway = (draw_roads(40, scene=scene)[1] for scene in ("city", "highway"))
    shares = [np.mean(masks == PEDESTRIAN) for masks in (city, highway)]
    assert 0.004 < shares[0] < 0.05
    assert 0 < shares[1] < shares[0] / 3
    assert not (city[:, 40:] == SKY).any()
    assert set(np.unique(city)) == set(range(8))


def test_sizes_and_wrong_arguments():
    images, masks, _ = draw_roads(1, size=(40, 70))
    assert images.shape == (1, 40, 70, 3)
    assert masks.shape == (1, 40, 70)
    for options in ({"scene": "village"}, {"light": "moon"}, {"weather": "snow"}, {"size": (64, 8)}, {"count": 0}):
        with pytest.raises(ValueError, match="Received"):
            draw_roads(**{"count": 1, **options})
    with pytest.raises(ValueError, match="clutter"):
        draw_signs(1, clutter=1.5)


def test_the_loaders_give_what_is_drawn():
    roads, signs = tlcourse.load_roads(2, seed=7, scene="highway", light="dusk"), tlcourse.load_signs(1, seed=7, clutter=0.5)
    images, masks, names = draw_roads(2, seed=7, scene="highway", light="dusk")
    np.testing.assert_array_equal(roads.images, images)
    np.testing.assert_array_equal(roads.masks, masks)
    assert roads.class_names == names
    np.testing.assert_array_equal(signs.images, draw_signs(1, seed=7, clutter=0.5)[0])
