"""Training on two views, what is thrown away, and the detector of a collapse."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import ops

from tlcourse import evaluate, selfsup


class NoisyViews(keras.layers.Layer):
    """Two views of vectors: the first half of the numbers stays, the other half is noise that is drawn for each view."""

    def call(self, x):
        both = ops.concatenate([x, x], axis=0)
        noise = keras.random.normal(ops.shape(both), seed=self.seeds)
        keep = ops.cast(ops.arange(x.shape[1]) < x.shape[1] // 2, x.dtype)
        return both * keep + 3.0 * noise * (1 - keep)

    def build(self, shape):
        self.seeds = keras.random.SeedGenerator(0)


def world(seed):
    """Classes in a few directions, beside as many directions of noise, all mixed by a rotation in `encoder`."""
    rng = np.random.default_rng(seed)
    labels = np.arange(240) % 6
    signal = np.random.default_rng(7).normal(size=(6, 8))[labels] + 0.4 * rng.normal(size=(240, 8))
    return np.concatenate([signal, 3 * rng.normal(size=(240, 8))], axis=1).astype("float32"), labels


def trained(loss, seed, epochs=15):
    keras.utils.set_random_seed(seed)
    encoder = keras.Sequential([keras.Input((16,)), keras.layers.Dense(12)])
    projector = selfsup.new_projector(8, 16)
    rows, _ = world(seed)
    before = probe(encoder, seed)
    options = {"projector": projector, "views": NoisyViews(), "epochs": epochs, "batch_size": 60, "learning_rate": 0.01}
    losses = selfsup.fit_two_views(encoder, rows, loss, **options)
    return encoder, projector, losses, before


def probe(encoder, seed):
    (rows, labels), (others, answers) = world(seed + 100), world(seed + 200)
    features = [np.asarray(encoder(part)) for part in (rows[:30], others)]
    return evaluate.linear_probe(features[0], labels[:30], features[1], answers)


def agreement(first, second):
    return ops.mean((ops.normalize(first, axis=1) - ops.normalize(second, axis=1)) ** 2)


@pytest.mark.parametrize("seed", range(2))
def test_simclr_learns_what_views_share_and_only_agreement_collapses(seed):
    encoder, projector, losses, before = trained(selfsup.nt_xent, seed)
    assert losses[-1] < losses[0]
    assert probe(encoder, seed) > before + 0.05
    rows, _ = world(seed + 300)
    healthy = selfsup.detect_collapse(np.asarray(projector(encoder(rows))))
    assert not healthy.collapsed, healthy
    encoder, projector, losses, _ = trained(agreement, seed)
    found = selfsup.detect_collapse(np.asarray(projector(encoder(rows))))
    assert losses[-1] < 0.01
    assert found.collapsed, found


def test_outside_training_the_model_gives_the_encoders_features_of_the_images_as_they_are():
    encoder = keras.Sequential([keras.Input((16,)), keras.layers.Dense(12)])
    model = selfsup.TwoViewModel(encoder, views=NoisyViews())
    rows, _ = world(0)
    np.testing.assert_allclose(np.asarray(model(rows)), np.asarray(encoder(rows)), rtol=1e-5)
    assert model(rows, training=True).shape == (480, 64)
    with pytest.raises(ValueError, match="one vector an image"):
        selfsup.TwoViewModel(keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(2, 3)]))
    with pytest.raises(ValueError, match="fewer images than a batch"):
        selfsup.fit_two_views(encoder, rows, batch_size=300)


def test_effective_rank_of_known_spectra():
    rng = np.random.default_rng(0)
    basis = np.linalg.qr(rng.normal(size=(50, 6)) - rng.normal(size=(50, 6)).mean(axis=0))[0]
    basis = np.linalg.qr(basis - basis.mean(axis=0))[0]
    for values in ([1, 1, 1, 0, 0, 0], [1, 0, 0, 0, 0, 0], [4, 2, 1, 1, 1, 1]):
        shares = np.array(values, float) / sum(values)
        expected = np.exp(-sum(p * np.log(p) for p in shares if p))
        assert selfsup.effective_rank(basis * values + 5.0) == pytest.approx(expected, rel=1e-6)
    assert selfsup.effective_rank(np.full((10, 4), 3.3)) == 0.0


def test_the_detector_fires_on_points_and_few_directions_and_not_on_health():
    rng = np.random.default_rng(0)
    healthy = rng.normal(size=(300, 32))
    assert not selfsup.detect_collapse(healthy).collapsed
    assert selfsup.detect_collapse(healthy).spread == pytest.approx(1.0, abs=0.03)
    point = selfsup.detect_collapse(1000 + healthy)
    assert point.collapsed
    assert "direction" in point.reason
    plane = selfsup.detect_collapse(rng.normal(size=(300, 2)) @ rng.normal(size=(2, 32)))
    assert plane.collapsed
    assert plane.rank < 2.1
    assert selfsup.detect_collapse(np.ones((20, 8))).collapsed
    gaps = selfsup.detect_collapse(np.concatenate([healthy, np.zeros((300, 32))], axis=1))
    assert gaps.empty == 0.5
    for scale in (1e-6, 1e6):  # the scale says nothing
        assert selfsup.detect_collapse(scale * healthy).spread == pytest.approx(1.0, abs=0.03)
    assert "healthy" in str(selfsup.detect_collapse(healthy))
