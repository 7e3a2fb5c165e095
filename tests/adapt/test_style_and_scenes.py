"""Style of the target, randomised scenes, balanced pseudo-labels: what has to stay stays, and what has to change does."""

from __future__ import annotations

import numpy as np
import pytest

from tlcourse.adapt import class_balanced, match_colours, randomise_scenes, swap_amplitudes


@pytest.fixture
def images():
    rng = np.random.default_rng(0)
    return np.clip(rng.normal(120, 20, (4, 16, 24, 3)), 0, 255).astype(np.uint8)


@pytest.fixture
def one_target():
    rng = np.random.default_rng(1)
    return np.clip(rng.normal((60, 50, 80), (10, 15, 5), (1, 16, 24, 3)), 0, 255).astype(np.uint8)


def test_colours_are_those_of_the_target_and_ranks_within_an_image_stay(images, one_target):
    out = match_colours(images, one_target).astype(float)
    np.testing.assert_allclose(out.mean(axis=(1, 2)), np.repeat(one_target.mean(axis=(1, 2)), 4, axis=0), atol=0.5)
    np.testing.assert_allclose(out.std(axis=(1, 2)), np.repeat(one_target.std(axis=(1, 2)), 4, axis=0), rtol=0.05)
    assert np.corrcoef(out[0, ..., 1].ravel(), images[0, ..., 1].ravel())[0, 1] > 0.99


def test_each_image_gets_a_target_image_of_its_own_by_seed(images):
    targets = np.stack([np.full((16, 24, 3), grey, np.uint8) for grey in range(0, 250, 10)])
    first, again, other = (match_colours(images, targets, seed=seed).mean(axis=(1, 2, 3)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert len(set(first)) > 1


def test_low_frequencies_come_from_the_target_and_high_ones_stay(images, one_target):
    out = swap_amplitudes(images, one_target, share=0.1).astype(float)
    waves = [np.abs(np.fft.rfft2(x.astype(float), axes=(1, 2))) for x in (out, images, np.repeat(one_target, 4, axis=0))]
    new, old, target = (np.log(wave + 1) for wave in waves)
    assert np.abs(new - target)[:, 0, 0].max() < 0.05
    assert np.abs(new - target)[:, 1, 1].mean() < 0.3 * np.abs(old - target)[:, 1, 1].mean() + 0.05
    assert np.abs(new - old)[:, 8, 8].mean() < 0.1


def test_a_share_of_zero_swaps_only_the_mean(images, one_target):
    out = swap_amplitudes(images, one_target, share=0.0).astype(float)
    expected = images - images.mean(axis=(1, 2), keepdims=True) + one_target.mean(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(out, np.clip(expected, 0, 255), atol=1.0)


def test_an_image_with_its_own_amplitudes_is_itself(images):
    np.testing.assert_allclose(swap_amplitudes(images[:1], images[:1], share=0.5).astype(int), images[:1], atol=1)


def test_style_refuses_other_shapes(images):
    with pytest.raises(ValueError, match="same size"):
        swap_amplitudes(images, images[:, :8])
    with pytest.raises(ValueError, match="target_images"):
        match_colours(images, images[:0])
    with pytest.raises(ValueError, match="share"):
        swap_amplitudes(images, images, share=0.7)


def coded(count=6):
    """Images whose colour says the class of the mask: class c is painted 40 c + 40."""
    masks = np.random.default_rng(2).integers(0, 4, (count, 12, 18)).astype(np.uint8)
    return np.repeat((40 * masks + 40)[..., None], 3, axis=-1).astype(np.uint8), masks


def test_the_mask_moves_as_the_image_does():
    images, masks = coded()
    moved, classes = randomise_scenes(images, masks, move=0.4, light=0.0, seed=3)
    np.testing.assert_array_equal(moved[..., 0], 40 * classes + 40)
    assert (classes != masks).mean() > 0.3
    assert classes.dtype == masks.dtype


def test_some_are_mirrored_and_some_are_not():
    images, masks = coded(40)
    _, classes = randomise_scenes(images, masks, move=1e-9, seed=0)
    kept, mirrored = ((classes == masks).all(axis=(1, 2)), (classes == masks[:, :, ::-1]).all(axis=(1, 2)))
    assert (kept | mirrored).all()
    assert 8 < mirrored.sum() < 32


def test_light_changes_no_mask_and_no_input():
    images, masks = coded()
    before = images.copy()
    relit, classes = randomise_scenes(images, masks, move=0.0, light=1.0)
    np.testing.assert_array_equal(classes, masks)
    np.testing.assert_array_equal(images, before)
    assert np.abs(relit.astype(int) - images).mean() > 10
    assert len(np.unique(relit.mean(axis=(1, 2, 3)).round())) > 3


def test_scenes_without_fitting_masks_are_refused():
    images, masks = coded()
    with pytest.raises(ValueError, match="one mask for each"):
        randomise_scenes(images, masks[:, :6])


def test_every_predicted_class_keeps_its_share():
    rng = np.random.default_rng(0)
    values = rng.dirichlet((4.0, 3.0, 2.0), 1000)
    predicted, confidence = values.argmax(1), values.max(1)
    positions, labels = class_balanced(values, 0.3)
    np.testing.assert_array_equal(labels, predicted[positions])
    assert (np.diff(positions) > 0).all()
    for label in range(3):
        kept = positions[labels == label]
        assert len(kept) == np.ceil(0.3 * (predicted == label).sum() - 1e-9)
        left = np.setdiff1d(np.flatnonzero(predicted == label), kept)
        assert confidence[kept].min() >= confidence[left].max()


def test_all_rows_are_kept_at_one_and_one_of_a_class_at_the_least():
    values = np.array([[0.9, 0.1], [0.8, 0.2], [0.4, 0.6]])
    assert class_balanced(values, 1.0)[0].tolist() == [0, 1, 2]
    assert class_balanced(values, 0.01)[0].tolist() == [0, 2]
    with pytest.raises(ValueError, match="share"):
        class_balanced(values, 0.0)
