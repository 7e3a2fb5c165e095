"""Lesson 11: what it and its exercise write out is what the package does from the next lesson on."""

from __future__ import annotations

import numpy as np
import pytest

from tests.lessons.sources import from_lesson


@pytest.fixture
def shifted(rng):
    """Two clouds in three columns of one unit, the second moved."""
    source = rng.normal(size=(180, 3))
    return source / source.std(axis=0), rng.normal(size=(90, 3)) + np.array([0.8, -0.4, 0.0])


def _logistic_pieces():
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return {
        "LogisticRegression": LogisticRegression,
        "make_pipeline": make_pipeline,
        "StandardScaler": StandardScaler,
    }


@pytest.mark.parametrize("draw", [0, 7])
def test_the_two_sample_test_of_lesson_11_is_that_of_the_package(shifted, draw):
    from tlcourse import adapt

    by_hand = from_lesson("11", "two_sample_test", **_logistic_pieces())
    hits, rows = by_hand(*shifted, np.random.default_rng(draw))
    theirs = adapt.classifier_two_sample_test(*shifted, seed=draw)
    assert (hits / rows, rows) == (theirs.accuracy, theirs.rows)
    assert 0.5 < hits / rows < 0.9


def test_the_weights_of_lesson_11_are_those_of_the_package(shifted):
    from tlcourse import adapt

    by_hand = from_lesson("11", "importance_weights", **_logistic_pieces())(*shifted)
    assert by_hand.max() > 2
    np.testing.assert_allclose(by_hand, adapt.classifier_weights(*shifted))


def test_kliep_of_lesson_11_is_that_of_the_package(shifted):
    from tlcourse import adapt

    source, target = shifted
    spread = np.sqrt((source.var(axis=0) + target.var(axis=0)) / 2)
    source, target = source / spread, target / spread  # the package does so itself
    gaps = np.square(target[:, None] - target).sum(axis=2)
    unit = np.sqrt(np.median(gaps[gaps > 0]))  # the package takes its width in this unit
    by_hand = from_lesson("11", "kliep")(source, target, width=0.5 * unit)
    assert by_hand.max() > 2
    np.testing.assert_allclose(by_hand, adapt.kliep_weights(source, target, width=0.5), rtol=1e-6)


def test_the_shares_of_lesson_11_are_those_of_the_package(rng):
    from tlcourse import adapt

    labels = rng.choice(3, 900, p=(0.5, 0.3, 0.2))
    target = rng.choice(3, 700, p=(0.1, 0.2, 0.7))
    said, target_said = (np.where(rng.random(len(v)) < 0.7, v, rng.integers(0, 3, len(v))) for v in (labels, target))
    by_hand = from_lesson("11", "target_shares")(labels, said, target_said)
    np.testing.assert_allclose(by_hand, adapt.label_shift(labels, said, target_said).target_priors)
    np.testing.assert_allclose(by_hand, (0.1, 0.2, 0.7), atol=0.1)
