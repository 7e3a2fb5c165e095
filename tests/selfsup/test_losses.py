"""NT-Xent and VICReg against loops in NumPy, and the masked error against its definition."""

from __future__ import annotations

import math

import keras
import numpy as np
import pytest
from keras import ops

from tlcourse.selfsup import MaskedAutoencoder, masked_error, nt_xent, random_patch_mask, vicreg_loss


def pairs(seed=0, count=6, width=5):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, width)).astype("float32"), rng.normal(size=(count, width)).astype("float32")


def nt_xent_by_loop(first, second, temperature):
    views = [view / np.linalg.norm(view) for view in (*first, *second)]
    count, total = len(first), 0.0
    for i, view in enumerate(views):
        others = sum(math.exp(view @ other / temperature) for j, other in enumerate(views) if j != i)
        total -= math.log(math.exp(view @ views[(i + count) % (2 * count)] / temperature) / others)
    return total / (2 * count)


@pytest.mark.parametrize("temperature", [0.1, 0.5, 2.0])
def test_nt_xent_is_the_loop_over_views(temperature):
    first, second = pairs()
    assert float(nt_xent(first, second, temperature)) == pytest.approx(nt_xent_by_loop(first, second, temperature), rel=1e-4)


def test_nt_xent_is_symmetric_and_ignores_lengths_and_a_common_rotation():
    first, second = pairs()
    value = float(nt_xent(first, second))
    assert float(nt_xent(second, first)) == pytest.approx(value, rel=1e-5)
    assert float(nt_xent(7 * first, 0.1 * second)) == pytest.approx(value, rel=1e-5)
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(5, 5)))[0].astype("float32")
    assert float(nt_xent(first @ turn, second @ turn)) == pytest.approx(value, rel=1e-4)


def test_nt_xent_is_smallest_where_pairs_are_aligned():
    """Among pairs that start from the corners of a simplex, the most distant vectors there are."""
    corners = (np.eye(8) - 1 / 8).astype("float32")
    aligned = float(nt_xent(corners, corners))
    for seed in range(20):
        noise = 0.3 * np.random.default_rng(seed).normal(size=corners.shape).astype("float32")
        assert aligned < float(nt_xent(corners, corners + noise))
    assert aligned < float(nt_xent(corners, np.roll(corners, 1, axis=0)))


def test_a_collapse_costs_nt_xent_as_much_as_guessing():
    same = np.ones((6, 5), "float32")
    assert float(nt_xent(same, same)) == pytest.approx(math.log(11), rel=1e-5)
    assert float(vicreg_loss(same, same, variance=0.0)) == pytest.approx(0.0, abs=1e-6)
    assert float(vicreg_loss(same, same)) > 20


@pytest.mark.parametrize("loss", [nt_xent, vicreg_loss])
def test_the_gradient_is_finite_not_zero_and_leads_down(loss):
    first, second = pairs()
    variable = keras.Variable(first)
    optimizer = keras.optimizers.SGD(0.01)
    tf = pytest.importorskip("tensorflow")
    with tf.GradientTape() as tape:
        before = loss(ops.convert_to_tensor(variable), second)
    slope = tape.gradient(before, variable.value)
    assert np.isfinite(slope).all()
    assert np.abs(slope).max() > 0
    optimizer.apply([slope], [variable])
    assert float(loss(ops.convert_to_tensor(variable), second)) < float(before)


def test_vicreg_is_its_definition():
    first, second = pairs(count=9)
    expected = 3.0 * np.mean((first - second) ** 2)
    for view in (first, second):
        covariances = np.cov(view.T)
        expected += 5.0 * np.mean(np.maximum(0, 1 - np.sqrt(np.diag(covariances) + 1e-4))) / 2
        expected += 2.0 * sum(covariances[i, j] ** 2 for i in range(5) for j in range(5) if i != j) / 5
    found = float(vicreg_loss(first, second, invariance=3.0, variance=5.0, covariance=2.0))
    assert found == pytest.approx(expected, rel=1e-4)


def test_what_is_no_pair_is_refused():
    first, second = pairs()
    for loss in (nt_xent, vicreg_loss):
        with pytest.raises(ValueError, match="one shape"):
            loss(first, second[:3])
    with pytest.raises(ValueError, match="temperature"):
        nt_xent(first, second, 0.0)
    with pytest.raises(ValueError, match="variance"):
        vicreg_loss(first, second, variance=-1.0)


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
def test_each_image_hides_the_same_number_of_whole_patches(share):
    mask = np.asarray(random_patch_mask(6, 16, 4, share, seed=0))[..., 0]
    patches = mask.reshape(6, 4, 4, 4, 4).mean(axis=(2, 4))
    assert set(np.unique(patches)) == {0.0, 1.0}
    assert (patches.sum(axis=(1, 2)) == 16 * share).all()
    assert len(np.unique(patches.reshape(6, -1), axis=0)) > 1


def test_only_hidden_patches_count():
    rng = np.random.default_rng(0)
    images, mask = rng.normal(size=(3, 8, 8, 3)).astype("float32"), np.asarray(random_patch_mask(3, 8, 4, 0.5, seed=1))
    noise = rng.normal(size=images.shape).astype("float32")
    assert float(masked_error(images, images + (1 - mask) * noise, mask)) == 0.0
    assert float(masked_error(images, images + mask * 2.0, mask)) == pytest.approx(4.0)
    hidden = np.broadcast_to(mask, images.shape) == 1
    assert float(masked_error(images, images + noise, mask)) == pytest.approx((noise[hidden] ** 2).mean(), rel=1e-5)


def test_masks_that_hide_all_or_nothing_are_refused():
    for wrong in ({"side": 10}, {"share": 0.01}, {"share": 1.0}):
        with pytest.raises(ValueError, match="patch"):
            random_patch_mask(**({"count": 2, "side": 8, "patch": 4, "share": 0.5} | wrong))


def test_the_encoder_of_a_masked_autoencoder_never_sees_what_is_hidden():
    """Change hidden pixels only: the predictions stay."""
    images = keras.Input((8, 8, 3))
    encoder = keras.Model(images, keras.layers.Dense(6)(keras.layers.Flatten()(images)))
    inputs = np.random.default_rng(0).uniform(0, 255, (2, 8, 8, 3)).astype("float32")
    models = [MaskedAutoencoder(encoder, patch=4, share=0.5, seed=3) for _ in range(2)]
    before = np.asarray(models[0](inputs, training=True))
    models[1].build(inputs.shape)
    models[1].decoder.set_weights(models[0].decoder.get_weights())
    after = np.asarray(models[1](inputs + 100 * before[..., :1], training=True))
    np.testing.assert_array_equal(before[..., :1], after[..., :1])
    np.testing.assert_allclose(before, after, rtol=1e-5)
    seen = np.asarray(models[1](inputs + 100 * (1 - before[..., :1]), training=True))
    assert np.abs(seen - before).max() > 1
