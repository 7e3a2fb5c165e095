"""Properties of the drawn flowers: streams, knobs, and that shape tells the species where colour does not."""

import numpy as np
import pytest

from tlcourse.worlds.flowers import SPECIES, _stack_petals, draw_flowers


def hue_angle(images):
    """Mean colour direction of each image's border, as (cosine, sine) features."""
    border = np.concatenate([images[:, :4].reshape(len(images), -1, 3), images[:, -4:].reshape(len(images), -1, 3)], axis=1)
    colour = border.mean(axis=1).astype(float)
    return colour / colour.sum(axis=1, keepdims=True)


def nearest_centroid_accuracy(features, labels, train):
    centroids = np.stack([features[train & (labels == c)].mean(axis=0) for c in range(labels.max() + 1)])
    guesses = np.argmin(((features[~train][:, None] - centroids) ** 2).sum(axis=2), axis=1)
    return (guesses == labels[~train]).mean()


def test_shapes_types_and_order():
    images, labels, names = draw_flowers(3, size=32, num_species=4)
    assert images.shape == (12, 32, 32, 3)
    assert images.dtype == np.uint8
    assert labels.dtype == np.int64
    assert labels.tolist() == [0, 1, 2, 3] * 3
    assert names == ("trillium", "dogwood", "jasmine", "buttercup")


def test_same_seed_same_bytes_other_seed_other_pictures():
    first, again, other = (draw_flowers(2, seed=seed, size=32)[0] for seed in (5, 5, 6))
    assert first.tobytes() == again.tobytes()
    assert all((a != b).any() for a, b in zip(first, other, strict=True))


def test_no_two_pictures_are_alike():
    images, *_ = draw_flowers(20, size=32)
    assert len({image.tobytes() for image in images}) == len(images)


def test_picture_depends_neither_on_how_many_are_drawn_nor_on_how_many_species():
    many, labels, _ = draw_flowers(5, seed=1, size=32)
    few, *_ = draw_flowers(2, seed=1, size=32)
    assert (many[: len(few)] == few).all()
    three_species, *_ = draw_flowers(5, seed=1, size=32, num_species=3)
    assert (many[labels < 3] == three_species).all()


def test_global_random_state_is_untouched():
    np.random.seed(0)
    before = np.random.get_state()[1].copy()
    draw_flowers(1, size=16)
    assert (np.random.get_state()[1] == before).all()


def test_noise_knob_changes_fine_grain_alone():
    clean, noisy = (draw_flowers(4, size=64, noise=noise)[0].astype(float) for noise in (0.0, 3.0))
    difference = noisy - clean
    coarse = difference.reshape(-1, 8, 8, 8, 8, 3).mean(axis=(2, 4))
    assert difference.std() > 5.0
    assert coarse.std() < 0.3 * difference.std()  # white noise averages out: 1/8 over 64 pixels, plus clipping


def test_noise_level_follows_knob():
    clean = draw_flowers(4, size=64, noise=0.0)[0].astype(float)
    levels = [(draw_flowers(4, size=64, noise=noise)[0] - clean).std() for noise in (0.5, 1.0, 2.0)]
    assert levels[1] == pytest.approx(2 * levels[0], rel=0.15)
    assert levels[2] == pytest.approx(2 * levels[1], rel=0.15)


def test_light_knob_scales_all_colours():
    normal, bright, dark = (draw_flowers(3, size=32, noise=0.0, light=light)[0].astype(float) for light in (0.0, 1.0, -1.0))
    assert np.abs(dark - normal / 2)[normal < 255].max() <= 1.0  # at 255 the light may have been clipped
    unclipped = bright < 255
    assert np.abs(bright - normal * 2)[unclipped].max() <= 1.5


def test_background_tells_species_only_as_far_as_the_knob_says():
    train = np.arange(300) < 150
    scores = []
    for correlation in (0.0, 0.5, 1.0):
        images, labels, _ = draw_flowers(30, size=32, noise=0.0, background_correlation=correlation)
        scores.append(nearest_centroid_accuracy(hue_angle(images), labels, train))
    assert scores[0] < 0.18  # chance is 0.1
    assert scores[0] + 0.1 < scores[1] < scores[2] - 0.1
    assert scores[2] > 0.6


def test_background_knob_leaves_blossoms_in_place():
    plain, tied = (draw_flowers(10, size=32, noise=0.0, background_correlation=c)[0].astype(float) for c in (0.0, 1.0))
    changed = (plain != tied).any(axis=(1, 2, 3))
    assert 0.7 < changed.mean() < 1.0  # one species in ten already stands before its own colour by chance
    assert np.abs(plain - tied)[:, 14:18, 14:18].mean() < 0.5 * np.abs(plain - tied)[:, :4].mean()


@pytest.mark.parametrize("species", SPECIES, ids=lambda species: species.name)
def test_every_petal_of_the_species_can_be_seen(species):
    expected = sum(count for count, _ in species.rows)
    for seed in range(5):
        reach, _, tones = _stack_petals(np.random.default_rng(seed), species)
        assert len(np.unique(tones[reach > 0])) == expected  # every petal has a tone of its own


def test_species_differ_in_shape():
    shapes = {(species.rows, species.width, species.exponents) for species in SPECIES}
    assert len(shapes) == len({species.name for species in SPECIES}) == 10


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"per_class": 0}, "per_class=0"),
        ({"per_class": 2.5}, "per_class=2.5"),
        ({"per_class": 1, "seed": -1}, "seed=-1"),
        ({"per_class": 1, "size": 8}, "size=8"),
        ({"per_class": 1, "num_species": 11}, "num_species=11"),
        ({"per_class": 1, "noise": -0.1}, "noise=-0.1"),
        ({"per_class": 1, "noise": float("nan")}, "noise=nan"),
        ({"per_class": 1, "light": 9}, "light=9"),
        ({"per_class": 1, "background_correlation": 1.5}, "background_correlation=1.5"),
    ],
)
def test_bad_argument_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        draw_flowers(**arguments)
