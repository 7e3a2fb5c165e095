"""Episodes: disjoint, different classes, every image reachable; and the nearest centroid against a plain loop."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import NearestCentroid

from tlcourse.fewshot import Interval, centroid_accuracies, interval, prototypes, sample_episodes


@settings(max_examples=60, deadline=None)
@given(
    counts=st.lists(st.integers(4, 12), min_size=3, max_size=9),
    ways=st.integers(2, 3),
    shots=st.integers(1, 2),
    queries=st.integers(1, 2),
    seed=st.integers(0, 2**31),
)
def test_an_episode_is_what_it_says(counts, ways, shots, queries, seed):
    numbers = np.random.default_rng(seed).permutation(100)[: len(counts)]
    labels = np.random.default_rng(seed).permutation(np.repeat(numbers, counts))
    drawn = sample_episodes(labels, ways, shots, queries=queries, episodes=7, seed=seed)
    assert (len(drawn), drawn.ways, drawn.shots) == (7, ways, shots)
    both = np.concatenate([drawn.support, drawn.query], axis=2)
    assert both.shape == (7, ways, shots + queries)
    assert (labels[both] == drawn.classes[..., None]).all()
    for classes, places in zip(drawn.classes, both, strict=True):
        assert len(set(classes)) == ways
        assert len(set(places.ravel())) == places.size  # none twice, none on both sides
    again = sample_episodes(labels, ways, shots, queries=queries, episodes=7, seed=seed)
    np.testing.assert_array_equal(both, np.concatenate([again.support, again.query], axis=2))


def test_classes_and_images_are_drawn_evenly():
    labels = np.repeat(np.arange(6), [8, 8, 8, 20, 20, 20])
    drawn = sample_episodes(labels, 3, 2, queries=2, episodes=6000, seed=0)
    share = np.bincount(drawn.classes.ravel(), minlength=6) / 6000
    np.testing.assert_allclose(share, 0.5, atol=0.03)
    for side in (drawn.support, drawn.query):
        hits = np.bincount(side.ravel(), minlength=len(labels))
        for label in range(6):
            mine = hits[labels == label]
            assert np.all(np.abs(mine - mine.mean()) < 5 * math.sqrt(mine.mean()))  # Poisson, five standard deviations
    assert len(np.unique(drawn.support[:, 0, 0])) == len(labels)


def test_all_images_of_a_class_can_be_used_up():
    drawn = sample_episodes(np.repeat([0, 1], 3), 2, 2, queries=1, episodes=50)
    assert {tuple(sorted({*s, *q})) for s, q in zip(drawn.support[:, 0], drawn.query[:, 0], strict=True)} == {
        (0, 1, 2),
        (3, 4, 5),
    }


@pytest.mark.parametrize(
    ("labels", "arguments", "words"),
    [
        (np.zeros(9, int), {}, "2 ways need 2 classes, and `labels` has 1"),
        (np.array([0, 0, 0, 1, 1]), {"shots": 2}, "Class 1 has 2"),
        (np.array([0.5, 1.0]), {}, "whole numbers"),
        (np.eye(3, dtype=int), {}, r"labels \(n,\)"),
        (np.repeat([0, 1], 9), {"ways": 1}, "ways"),
        (np.repeat([0, 1], 9), {"queries": 0}, "queries"),
        (np.repeat([0, 1], 9), {"seed": -1}, "seed"),
    ],
)
def test_what_cannot_be_drawn_is_said(labels, arguments, words):
    with pytest.raises(ValueError, match=words):
        sample_episodes(labels, **{"ways": 2, "shots": 1, "queries": 1, "episodes": 3, **arguments})


def world(shift=2.0, width=6, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(8), 15)
    return shift * rng.normal(size=(8, width))[labels] + rng.normal(size=(120, width)), labels


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")  # scikit-learn, of classes with equal examples
@pytest.mark.parametrize("shots", [1, 4])
def test_accuracies_are_those_of_a_loop(shots):
    features, labels = world()
    drawn = sample_episodes(labels, 4, shots, queries=3, episodes=25, seed=2)
    found = centroid_accuracies(features, drawn)
    for support, query, accuracy in zip(drawn.support, drawn.query, found, strict=True):
        model = NearestCentroid().fit(features[np.repeat(support, 2)], np.repeat(np.arange(4), 2 * shots))
        right = model.predict(features[query.ravel()]) == np.repeat(np.arange(4), 3)
        assert accuracy == right.mean()


def test_cosine_ignores_lengths_and_euclid_does_not():
    features, labels = world()
    drawn = sample_episodes(labels, 4, 2, episodes=40, seed=1)
    longer = features * np.random.default_rng(3).uniform(0.1, 10, (len(features), 1))
    cosine = [centroid_accuracies(x, drawn, distance="cosine") for x in (features, longer)]
    np.testing.assert_array_equal(*cosine)
    assert (centroid_accuracies(features, drawn) != centroid_accuracies(longer, drawn)).any()


def test_many_episodes_are_cut_into_pieces_that_change_nothing(monkeypatch):
    features, labels = world()
    drawn = sample_episodes(labels, 4, 2, episodes=50)
    whole = centroid_accuracies(features, drawn)
    monkeypatch.setattr("tlcourse.fewshot.centroids._CHUNK", 700)
    np.testing.assert_array_equal(centroid_accuracies(features, drawn), whole)


def test_one_shot_prototypes_are_the_examples():
    support = np.random.default_rng(0).normal(size=(5, 1, 3))
    np.testing.assert_array_equal(prototypes(support), support[:, 0])


@pytest.mark.parametrize(
    ("features", "words"), [(np.ones((5, 2)), "at least"), (np.ones((200, 2, 2)), "n, d"), (np.full((200, 2), np.nan), "NaN")]
)
def test_features_that_do_not_fit_are_refused(features, words):
    drawn = sample_episodes(world()[1], 4, 1, episodes=3)
    with pytest.raises(ValueError, match=words):
        centroid_accuracies(features, drawn)


def test_the_interval_covers_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(0)
    easy = rng.beta(4, 2, (2000, 100))
    found = [interval(rng.binomial(25, row) / 25) for row in easy]
    covered = np.mean([abs(one.mean - 4 / 6) <= one.half_width for one in found])
    assert covered == pytest.approx(0.95, abs=0.015)
    assert str(Interval(0.5, 0.01, 600)) == "0.500 ± 0.010"
    for wrong in (np.array([0.5]), np.array([0.5, 1.5]), np.ones((2, 2))):
        with pytest.raises(ValueError, match=r"episodes|between"):
            interval(wrong)
