"""LEEP, NCE, H-score and the probes: bounds, order of arguments, what must not change them, and placebos."""

import numpy as np
import pytest

from tlcourse import select
from tlcourse.select import h_score, knn_score, leep, linear_probe_score, log_me, nce


@pytest.fixture(params=range(4))
def rng(request):
    return np.random.default_rng(request.param)


def probabilities(rng, examples=60, sources=5, sharp=2.0):
    logits = sharp * rng.normal(size=(examples, sources))
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


def blobs(rng, examples=120, width=10, classes=3):
    labels = np.arange(examples) % classes
    return rng.normal(size=(examples, width)) + 2 * rng.normal(size=(classes, width))[labels], labels


def by_the_book(rows, labels):
    """LEEP as the paper writes it, one example and one class at a time."""
    n, total = len(labels), 0.0
    for row, label in zip(rows, labels, strict=True):
        expected = 0.0
        for z in range(rows.shape[1]):
            joint = sum(rows[i, z] for i in range(n) if labels[i] == label) / n
            expected += joint / (rows[:, z].sum() / n) * row[z]
        total += np.log(expected)
    return total / n


def test_leep_is_what_the_paper_writes(rng):
    rows, labels = probabilities(rng, 20, 4), rng.integers(0, 3, 20)
    assert leep(rows, labels) == pytest.approx(by_the_book(rows, labels))


def test_leep_is_never_above_zero_and_zero_where_the_source_tells_all(rng):
    rows, labels = probabilities(rng), rng.integers(0, 3, 60)
    assert leep(rows, labels) < 0
    assert leep(np.eye(6)[labels + 3 * rng.integers(0, 2, 60)], labels) == pytest.approx(0, abs=1e-12)


def test_nce_is_leep_of_certain_predictions_and_minus_a_conditional_entropy(rng):
    seen, labels = rng.integers(0, 4, 80), rng.integers(0, 3, 80)
    entropy = 0.0
    for z in np.unique(seen):
        shares = np.bincount(labels[seen == z]) / np.sum(seen == z)
        entropy -= np.mean(seen == z) * sum(p * np.log(p) for p in shares if p > 0)
    assert nce(seen, labels) == pytest.approx(leep(np.eye(4)[seen], labels))
    assert nce(seen, labels) == pytest.approx(-entropy)


def test_nce_lies_between_minus_the_entropy_of_the_labels_and_zero(rng):
    seen, labels = rng.integers(0, 4, 80), rng.integers(0, 3, 80)
    shares = np.bincount(labels) / 80
    lowest = (shares * np.log(shares)).sum()
    assert lowest <= nce(seen, labels) <= 0
    assert nce(np.zeros(80, int), labels) == pytest.approx(lowest)
    assert nce(10 * labels, labels) == pytest.approx(0, abs=1e-12)


def test_the_order_of_the_arguments_matters():
    coarse, fine = np.arange(12) // 6, np.arange(12) // 3  # the fine classes tell the coarse ones, not the other way round
    assert nce(fine, coarse) == pytest.approx(0)
    assert nce(coarse, fine) == pytest.approx(-np.log(2))


def test_leep_does_not_care_how_source_classes_are_ordered_or_split(rng):
    rows, labels = probabilities(rng), rng.integers(0, 3, 60)
    assert leep(rows[:, ::-1], labels) == pytest.approx(leep(rows, labels))
    split = np.column_stack([rows[:, :1] * 0.25, rows[:, :1] * 0.75, rows[:, 1:]])
    assert leep(split, labels) == pytest.approx(leep(rows, labels))


def test_the_h_score_ignores_invertible_linear_maps_and_shifts(rng):
    features, labels = blobs(rng)
    score = h_score(features, labels)
    mapped = features @ rng.normal(size=(10, 10)) + rng.normal(size=10)
    assert 0 < score < 2
    assert h_score(mapped, labels) == pytest.approx(score)
    assert h_score(np.column_stack([features, features[:, 0]]), labels) == pytest.approx(score)  # a copy adds nothing


def test_the_h_score_is_the_trace_of_two_covariances(rng):
    features, labels = blobs(rng)
    means = np.stack([features[labels == c].mean(axis=0) for c in labels])
    book = np.trace(np.linalg.solve(np.cov(features.T), np.cov(means.T)))
    assert h_score(features, labels) == pytest.approx(book)


@pytest.mark.parametrize("width", [10, 200])  # fewer features than examples, and more: both ways to invert
def test_the_shrunk_h_score_is_its_definition_and_ignores_rotation_and_scale(rng, width):
    from sklearn.covariance import LedoitWolf

    features, labels = blobs(rng, width=width)
    fitted = LedoitWolf().fit(features)
    means = np.stack([features[labels == c].mean(axis=0) for c in labels])
    between = np.cov(means.T, bias=True)
    book = (1 - fitted.shrinkage_) * np.trace(np.linalg.solve(fitted.covariance_, between))
    score = h_score(features, labels, shrinkage=True)
    assert score == pytest.approx(book)
    turn = np.linalg.qr(rng.normal(size=(width, width)))[0]
    assert h_score(50 * features @ turn, labels, shrinkage=True) == pytest.approx(score)


def test_too_few_examples_for_the_h_score_are_named_and_shrinkage_works(rng):
    features, labels = blobs(rng, examples=30, width=40)
    with pytest.raises(ValueError, match=r"classes - 1 = 2.*shrinkage=True.*features.shape=\(30, 40\)"):
        h_score(features, labels)
    assert h_score(features, labels, shrinkage=True) > h_score(features, rng.permutation(labels), shrinkage=True)


def test_neighbours_are_found_without_the_example_itself(rng):
    angles = np.array([0.0, 0.1, 0.2, 2.0, 2.1, 2.2])
    features = np.column_stack([np.cos(angles), np.sin(angles)]) * rng.uniform(1, 9, (6, 1))  # by angle: length is ignored
    assert knn_score(features, [0, 0, 0, 1, 1, 1], neighbours=2) == 1
    assert knn_score(features, [0, 1, 2, 3, 4, 5], neighbours=1) == 0


def test_of_labels_with_as_many_votes_the_nearest_wins():
    angles = np.array([0.0, 0.1, 0.3, 0.5, 0.7])
    features = np.column_stack([np.cos(angles), np.sin(angles)])
    # All others vote. The first two have two votes each way and a zero nearest: right. The next two are outvoted. The last has two
    # votes each way and a one nearest: wrong.
    assert knn_score(features, [0, 0, 1, 1, 0], neighbours=4) == pytest.approx(2 / 5)


@pytest.mark.parametrize("score", [log_me, h_score, knn_score, linear_probe_score])
def test_shuffled_labels_are_lowest(score, rng):
    features, labels = blobs(rng)
    true, placebo = score(features, labels), score(features, rng.permutation(labels))
    assert true > placebo
    assert score(features + 3 * rng.normal(size=features.shape), labels) > placebo


def test_shuffled_labels_are_lowest_for_scores_of_source_classes(rng):
    labels = np.arange(90) % 3
    rows = probabilities(rng, 90, 6) + 2 * np.eye(6)[labels]
    rows /= rows.sum(axis=1, keepdims=True)
    mixed = rng.permutation(labels)
    assert leep(rows, labels) > leep(rows, mixed) + 0.1
    assert nce(rows.argmax(axis=1), labels) > nce(rows.argmax(axis=1), mixed) + 0.1


def test_the_probe_is_cross_validated_so_that_noise_scores_like_guessing(rng):
    noise = rng.normal(size=(90, 200))  # more features than examples: on its own data a straight line fits anything
    assert linear_probe_score(noise, np.arange(90) % 3) < 0.55


FEATURE_SCORES = [log_me, lambda f, y: h_score(f, y, shrinkage=True), lambda f, y: knn_score(f, y, neighbours=1)]


@pytest.mark.parametrize("score", [*FEATURE_SCORES, linear_probe_score])
@pytest.mark.parametrize(
    ("features", "labels", "message"),
    [
        (np.ones((12, 2, 2, 3)), np.arange(12) % 2, r"features\.mean\(axis=\(1, 2\)\)"),
        (np.arange(12) % 2, np.ones((12, 3)), "look exchanged"),
        (np.ones((12, 3)), np.zeros(12, int), "two classes or more"),
        (np.ones((12, 3)), np.eye(2)[np.arange(12) % 2], "one-hot"),
        (np.ones((12, 3)), np.arange(10) % 2, r"len\(features\)=12, len\(labels\)=10"),
        (np.full((12, 3), np.nan), np.arange(12) % 2, "36 missing or infinite"),
        (np.zeros((12, 3)), np.arange(12) % 2, r"features.max\(\)=0"),
        (np.ones((12, 3)), np.arange(12) / 2, "whole numbers"),
    ],
)
def test_bad_input_is_named(score, features, labels, message):
    with pytest.raises(ValueError, match=message):
        score(features, labels)


def test_logits_and_exchanged_arguments_are_named(rng):
    labels = np.arange(12) % 2
    with pytest.raises(ValueError, match=r"softmax\(logits\)"):
        leep(rng.normal(size=(12, 4)), labels)
    with pytest.raises(ValueError, match="look exchanged"):
        leep(labels, np.full((12, 4), 0.25))
    with pytest.raises(ValueError, match="softmax"):
        leep(np.full((12, 4), 0.5), labels)
    with pytest.raises(ValueError, match="one-hot"):
        nce(np.full((12, 4), 0.25), labels)


def test_settings_out_of_range_are_named(rng):
    features, labels = blobs(rng, 12)
    with pytest.raises(ValueError, match="neighbours=12"):
        knn_score(features, labels, neighbours=12)
    with pytest.raises(ValueError, match="smallest class=4"):
        linear_probe_score(features, labels, folds=5)
    with pytest.raises(ValueError, match="all rows the same"):
        h_score(np.tile(features[:1], (12, 1)), labels, shrinkage=True)


def test_every_score_is_offered():
    assert {"log_me", "h_score", "leep", "nce", "knn_score", "linear_probe_score"} <= set(select.__all__)


@pytest.mark.parametrize("rows", range(2, 12))
@pytest.mark.parametrize("width", [1, 2, 5, 50])
@pytest.mark.parametrize("classes", [2, 3])
def test_few_rows_give_a_score_in_range_or_an_error_in_words(rows, width, classes, rng):
    features, labels = rng.normal(size=(rows, width)), np.arange(rows) % min(classes, rows)
    for shrinkage in (True, False):
        if (not shrinkage and rows <= width) or (shrinkage and rows == 2 <= width):
            with pytest.raises(ValueError, match=rf"features.shape=\({rows}, {width}\)"):
                h_score(features, labels, shrinkage=shrinkage)
        else:
            assert 0 <= h_score(features, labels, shrinkage=shrinkage) <= labels.max()
    assert 0 <= knn_score(features, labels, neighbours=1) <= 1
    assert np.isfinite(log_me(features, labels))


def test_two_rows_are_too_few_to_shrink():
    with pytest.raises(ValueError, match=r"not shrunk at all.*classes - 1 = 1.*features.shape=\(2, 50\)"):
        h_score(np.random.default_rng(0).normal(size=(2, 50)), [0, 1], shrinkage=True)


@pytest.mark.parametrize("shrinkage", [False, True])
def test_constant_columns_add_nothing_to_the_h_score(shrinkage, rng):
    features, labels = blobs(rng)
    score = h_score(features, labels, shrinkage=shrinkage)
    wide = np.column_stack([features, np.full(len(labels), 1e9)])
    assert h_score(wide, labels, shrinkage=shrinkage) == pytest.approx(score, rel=0.1 if shrinkage else 1e-9)


def test_the_h_score_does_not_lose_a_feature_because_another_is_large(rng):
    features, labels = blobs(rng)
    sizes = 10.0 ** np.linspace(-9, 9, 10)
    assert h_score(features * sizes, labels) == pytest.approx(h_score(features, labels))


@pytest.mark.parametrize("scale", [1e-150, 1e160])
@pytest.mark.parametrize("score", [*FEATURE_SCORES, h_score])
def test_huge_and_tiny_features_score_like_others(score, scale, rng):
    features, labels = blobs(rng)
    assert score(scale * features, labels) == pytest.approx(score(features, labels), rel=1e-6)


@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
def test_every_score_takes_16_bits(kind, rng):
    import ml_dtypes  # comes with TensorFlow

    kind = getattr(ml_dtypes, kind, kind)
    features, labels = blobs(rng)
    for score in (*FEATURE_SCORES, h_score, linear_probe_score):
        stored = features.astype(kind)
        assert score(stored, labels) == pytest.approx(score(stored.astype(float), labels))
    rows = probabilities(rng, 120, 30)
    assert np.abs(rows.astype(kind).astype(float).sum(axis=1) - 1).max() > 1e-4  # rounding shows
    assert leep(rows.astype(kind), labels) == pytest.approx(leep(rows, labels), abs=0.01)
