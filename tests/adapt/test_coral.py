"""After CORAL the source has the target's mean and covariance; the loss is the distance of equation 1."""

from __future__ import annotations

import numpy as np
import pytest
from keras import ops

from tlcourse.adapt import coral, deep_coral_loss


def away(a, b):
    return np.linalg.norm(a - b) / np.linalg.norm(b)


def test_the_covariances_match_exactly_without_regularisation(two_domains):
    source, _, target = two_domains
    aligned = coral(source, target, regularisation=0)
    assert away(np.cov(source.T), np.cov(target.T)) > 0.3  # there is something to do
    assert away(np.cov(aligned.T), np.cov(target.T)) < 1e-10
    np.testing.assert_allclose(aligned.mean(axis=0), target.astype(float).mean(axis=0), atol=1e-10)


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
def test_with_the_default_they_match_within_a_percent_in_any_unit(two_domains, unit):
    source, _, target = two_domains
    aligned = coral(source * unit, target * unit)
    assert away(np.cov(aligned.T), np.cov(unit * target.astype(float).T)) < 0.01


def test_nothing_happens_where_both_domains_are_the_same(two_domains):
    source = two_domains[0].astype(float)
    np.testing.assert_allclose(coral(source, source, regularisation=0), source, atol=1e-8)


def test_it_undoes_a_symmetric_stretch_of_the_features(rng):
    """A symmetric positive definite sensor, on white features, is recovered exactly: C_T^(1/2) is the sensor itself."""
    source = rng.normal(size=(400, 5))
    source = (source - source.mean(axis=0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(source.T))).T  # covariance 1
    root = rng.normal(size=(5, 5))
    sensor = root @ root.T / 5 + 0.3 * np.eye(5)
    np.testing.assert_allclose(coral(source, source @ sensor, regularisation=0), source @ sensor, atol=1e-8)


def test_fewer_examples_than_features_need_the_regularisation(rng):
    source, target = rng.normal(size=(10, 30)), rng.normal(size=(12, 30)) * 2
    assert np.isfinite(coral(source, target)).all()
    with pytest.raises(ValueError, match=r"no inverse.*regularisation=1e-3"):
        coral(source, target, regularisation=0)


def test_the_inputs_stay_as_they_are(two_domains):
    source, _, target = two_domains
    kept = source.copy(), target.copy()
    coral(source, target)
    assert np.array_equal(source, kept[0])
    assert np.array_equal(target, kept[1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s, t: (s, t[:, :4]), r"same columns.*source_features.shape=\(120, 6\), target_features.shape=\(90, 4\)"),
        (lambda s, t: (s[:1], t), r"two rows or more. Received: len\(source_features\)=1, len\(target_features\)=90"),
        (lambda s, t: (s[:, 0], t), "`source_features` must have 2 dimensions"),
        (lambda s, t: (s, np.where(t > 4, np.nan, t)), "`target_features` must be finite"),
    ],
)
def test_what_does_not_fit_is_named(two_domains, change, message):
    source, _, target = two_domains
    with pytest.raises(ValueError, match=message):
        coral(*change(source, target))


def test_the_deep_loss_is_that_of_the_paper_by_hand(two_domains):
    source, _, target = two_domains
    by_hand = np.square(np.cov(source.T) - np.cov(target.T)).sum() / (4 * 6**2)
    assert float(ops.convert_to_numpy(deep_coral_loss(source, target))) == pytest.approx(by_hand, rel=1e-4)
    assert float(ops.convert_to_numpy(deep_coral_loss(source, source + 5))) == pytest.approx(
        0, abs=1e-6
    )  # means are not compared


def test_closed_form_and_loss_agree_after_coral_there_is_nothing_left_to_lose(two_domains):
    source, _, target = two_domains
    aligned = coral(source, target, regularisation=0).astype("float32")
    before, after = (float(ops.convert_to_numpy(deep_coral_loss(s, target))) for s in (source, aligned))
    assert after < 1e-6 * before


def test_a_step_along_the_gradient_of_the_loss_brings_the_covariances_nearer(two_domains, gradient_of):
    source, _, target = two_domains
    moved = source - 0.1 * gradient_of(lambda x: deep_coral_loss(x, ops.convert_to_tensor(target)), source)
    assert away(np.cov(moved.T), np.cov(target.T)) < away(np.cov(source.T), np.cov(target.T))
