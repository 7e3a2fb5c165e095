"""Properties of the far worlds: streams, structures that a knob leaves alone, and looks that it moves."""

import numpy as np
import pytest

from tlcourse.datasets import load_far_world
from tlcourse.worlds import FAR_KINDS, draw_far_world
from tlcourse.worlds.far import _LOOKS, _STRUCTURES, draw_structure


def colourfulness(images):
    """Mean distance of the channels from grey."""
    return np.abs(images - images.mean(axis=-1, keepdims=True)).mean()


@pytest.mark.parametrize("kind", FAR_KINDS)
def test_shapes_types_and_order(kind):
    images, labels, names = draw_far_world(kind, 2, size=24)
    assert images.shape == (12, 24, 24, 3)
    assert images.dtype == np.uint8
    assert labels.tolist() == [*range(6)] * 2
    assert len(set(names)) == 6


@pytest.mark.parametrize("kind", FAR_KINDS)
@pytest.mark.parametrize("similarity", [0.0, 0.4, 1.0])
def test_same_seed_same_bytes_other_seed_other_pictures(kind, similarity):
    first, again, other = (draw_far_world(kind, 1, seed, 32, similarity=similarity)[0] for seed in (5, 5, 6))
    assert first.tobytes() == again.tobytes()
    assert all((a != b).any() for a, b in zip(first, other, strict=True))


@pytest.mark.parametrize("kind", FAR_KINDS)
def test_more_pictures_change_none_that_stay(kind):
    assert np.array_equal(draw_far_world(kind, 3, 1, 32)[0][:12], draw_far_world(kind, 2, 1, 32)[0])


@pytest.mark.parametrize("kind", FAR_KINDS)
def test_in_between_the_two_looks_are_mixed_pixel_by_pixel(kind):
    far, between, near = (draw_far_world(kind, 1, 2, 48, similarity=s, noise=0.2)[0].astype(float) for s in (0, 0.25, 1))
    clipped = (near > 0) & (near < 255) & (far > 0) & (far < 255)
    assert np.abs(between - 0.75 * far - 0.25 * near)[clipped].max() <= 1.5  # rounding


@pytest.mark.parametrize("kind", FAR_KINDS)
def test_the_structure_is_the_same_in_both_looks(kind):
    def edges(image):  # shapes, whatever their colour
        grey = image.astype(float).mean(axis=-1)
        return np.hypot(*np.gradient(grey)).ravel()

    near, far = (draw_far_world(kind, 4, 3, 64, similarity=s, noise=0)[0] for s in (1.0, 0.0))
    own = [np.corrcoef(edges(a), edges(b))[0, 1] for a, b in zip(near, far, strict=True)]
    other = [np.corrcoef(edges(a), edges(b))[0, 1] for a, b in zip(near, np.roll(far, 7, axis=0), strict=True)]
    assert np.mean(own) > np.mean(other) + 0.1


@pytest.mark.parametrize("kind", ["scans", "fields"])
def test_scanner_and_radar_see_no_colour_and_the_photograph_does(kind):
    assert colourfulness(draw_far_world(kind, 2, size=32, similarity=0)[0]) == 0
    assert colourfulness(draw_far_world(kind, 2, size=32, similarity=1)[0]) > 10


@pytest.mark.parametrize("kind", FAR_KINDS)
def test_the_noise_knob_moves_the_noise_alone(kind):
    flat = np.full((64, 64), 0.5)

    def roughness(noise):
        image = _LOOKS[kind](np.random.default_rng(0), flat, noise)
        return np.abs(np.diff(image.mean(axis=-1), axis=1)).mean()

    quiet, normal, loud = (roughness(noise) for noise in (0, 1, 2))
    assert quiet < normal < loud
    without, with_noise = (draw_far_world(kind, 2, size=64, similarity=1, noise=n)[0].astype(float) for n in (0, 1))
    blocks = (without - with_noise).reshape(12, 8, 8, 8, 8, 3).mean(axis=(2, 4))
    assert np.abs(blocks).mean() < 1.5  # grey levels, averaged over 8 by 8 pixels


@pytest.mark.parametrize("seed", range(8))
def test_rising_and_falling_whistles_go_where_their_names_say(seed):
    for name, sign in (("rising", 1), ("falling", -1)):
        loudness = draw_structure(_STRUCTURES["spectrograms"][name], np.random.default_rng(seed), 64)
        loud = np.flatnonzero(loudness.max(axis=0) > 0.5)
        ridge = -loudness[:, loud].argmax(axis=0)  # row 0 is the highest pitch
        assert (sign * np.diff(ridge) >= 0).all()
        assert sign * (ridge[-1] - ridge[0]) > 10


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"kind": "letters"}, "'scans', 'fields', 'spectrograms'"),
        ({"per_class": 0}, "per_class"),
        ({"size": 8}, "size"),
        ({"seed": -1}, "seed"),
        ({"similarity": 1.5}, "similarity"),
        ({"noise": 9}, "noise"),
    ],
)
def test_arguments_out_of_range_are_refused_by_name(arguments, word):
    with pytest.raises(ValueError, match=word):
        draw_far_world(**{"kind": "fields", "per_class": 1, **arguments})


def test_the_loader_tells_where_it_is_from():
    world = load_far_world("fields", per_class=2, size=32, similarity=0.5)
    assert (len(world), world.num_classes, world.name, world.licence) == (12, 6, "far world: fields", "CC0")
