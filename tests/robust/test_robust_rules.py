"""Remedies that need no training: weights, a new last layer, thresholds, and lots for equalised odds."""

import numpy as np
import pytest

from tlcourse.evaluate import equalized_odds_difference, group_rates, selection_rate_difference, worst_group_accuracy
from tlcourse.robust import (
    decide,
    equal_opportunity_thresholds,
    equal_selection_thresholds,
    fit_equal_odds,
    group_weights,
    retrain_last_layer,
)


def tied(seed, n, tie, dimensions=20):
    """Features of which one says the class a little and one the background clearly; background and class agree in a share `tie`."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, n)
    places = np.where(rng.random(n) < tie, labels, 1 - labels)
    features = rng.standard_normal((n, dimensions))
    features[:, 0] += 3.0 * labels - 1.5
    features[:, 1] += 10.0 * places - 5.0
    return 100.0 + 7.0 * features, labels, 2 * labels + places


def judged(seed, n=3000):
    """Scores of two groups, of which the second's tell less and whose good ones are rarer."""
    rng = np.random.default_rng(seed)
    groups = rng.integers(0, 2, n)
    labels = (rng.random(n) < np.where(groups == 0, 0.5, 0.3)).astype(int)
    return np.where(groups == 0, 2.0, 1.0) * labels + rng.standard_normal(n), labels, groups


# ---------------------------------------------------------------- weights


def test_weights_make_every_group_count_the_same_and_have_mean_one():
    groups = np.repeat([0, 3, 5], [90, 9, 1])
    weights = group_weights(groups)
    assert np.bincount(groups, weights)[[0, 3, 5]] == pytest.approx(100 / 3)
    assert weights.mean() == pytest.approx(1)
    assert group_weights(np.repeat([0, 1], 10)).tolist() == [1.0] * 20


# ---------------------------------------------------------------- the last layer


def plain(features, labels):
    return retrain_last_layer(features, labels, np.zeros_like(labels))


@pytest.mark.parametrize("seed", range(3))
def test_a_balanced_last_layer_lifts_the_worst_group_and_balance_by_lot_does_not(seed):
    features, labels, groups = tied(seed, 1200, 0.97)
    test, truth, members = tied(seed + 10, 2000, 0.5)
    lots = np.random.default_rng(seed).permutation(groups)
    erm, placebo, balanced = (
        worst_group_accuracy(truth, head.predict(test), members)
        for head in (
            plain(features, labels),
            retrain_last_layer(features, labels, lots),
            retrain_last_layer(features, labels, groups),
        )
    )
    assert balanced > erm + 0.15
    assert placebo < erm + 0.1


def test_the_head_is_the_logistic_regression_of_scikit_learn_where_all_groups_are_equally_large():
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    for classes in (2, 3):
        rng = np.random.default_rng(classes)
        labels = np.arange(300) % classes
        features = rng.normal(3, 2, (300, 6)) + 2 * np.eye(classes, 6)[labels]
        head = retrain_last_layer(features, labels, labels)
        theirs = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000)).fit(features, labels)
        ours = np.exp(head.logits(features))
        np.testing.assert_allclose(ours / ours.sum(axis=1, keepdims=True), theirs.predict_proba(features), atol=1e-3)


def test_the_seed_decides_what_is_drawn_and_a_constant_feature_does_no_harm():
    features, labels, groups = tied(0, 300, 0.9)
    features[:, 5] = 4.0
    first, again, other = (retrain_last_layer(features, labels, groups, repeats=2, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first.kernel, again.kernel)
    assert not np.array_equal(first.kernel, other.kernel)
    assert np.isfinite(first.kernel).all()


def test_a_read_only_memory_map_is_left_alone(tmp_path):
    features, labels, groups = tied(0, 200, 0.9)
    np.save(tmp_path / "features.npy", features.astype("float32"))
    retrain_last_layer(np.load(tmp_path / "features.npy", mmap_mode="r"), labels, groups)
    assert np.array_equal(np.load(tmp_path / "features.npy"), features.astype("float32"))


# ---------------------------------------------------------------- thresholds


@pytest.mark.parametrize("rate", [0.1, 0.7, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_equal_opportunity_gives_every_group_the_rate_and_no_higher_threshold_would(seed, rate):
    scores, labels, groups = judged(seed)
    thresholds = equal_opportunity_thresholds(scores, labels, groups, rate)
    rates = group_rates(labels, decide(scores, groups, thresholds), groups).true_positive
    assert (rates >= rate - 1e-9).all()
    assert (rates < rate + 0.01).all()
    higher = {group: np.nextafter(threshold, np.inf) for group, threshold in thresholds.items()}
    assert (group_rates(labels, decide(scores, groups, higher), groups).true_positive < rate).all()


def test_equal_selection_gives_every_group_the_share_whatever_the_labels():
    scores, _, groups = judged(0)
    chosen = decide(scores, groups, equal_selection_thresholds(scores, groups, 0.25))
    assert selection_rate_difference(chosen, groups) < 0.002
    assert chosen.mean() == pytest.approx(0.25, abs=0.002)


def test_the_order_of_scores_is_kept_within_a_group():
    scores, labels, groups = judged(1)
    chosen = decide(scores, groups, equal_opportunity_thresholds(scores, labels, groups, 0.6))
    for group in (0, 1):
        own = groups == group
        assert scores[own & (chosen == 1)].min() > scores[own & (chosen == 0)].max()


# ---------------------------------------------------------------- equalised odds


@pytest.mark.parametrize("seed", range(3))
def test_the_rule_gives_both_groups_the_rates_that_it_promises(seed):
    scores, labels, groups = judged(seed)
    rule = fit_equal_odds(scores, labels, groups)
    chances = rule.chances(scores, groups)
    for group in (0, 1):
        own = groups == group
        assert chances[own & (labels == 1)].mean() == pytest.approx(rule.true_positive, abs=1e-9)
        assert chances[own & (labels == 0)].mean() == pytest.approx(rule.false_positive, abs=1e-9)
    assert ((chances >= 0) & (chances <= 1 + 1e-12)).all()
    assert rule.true_positive > rule.false_positive + 0.2


def test_drawing_the_lots_gives_nearly_equal_odds_on_new_people_where_one_threshold_does_not():
    rule = fit_equal_odds(*judged(0, 20_000))
    scores, labels, groups = judged(1, 20_000)
    assert equalized_odds_difference(labels, rule.decide(scores, groups, seed=3), groups) < 0.04
    assert equalized_odds_difference(labels, scores > 1.0, groups) > 0.2
    assert np.array_equal(rule.decide(scores, groups, 1), rule.decide(scores, groups, 1))
    assert not np.array_equal(rule.decide(scores, groups, 1), rule.decide(scores, groups, 2))


def test_no_pair_of_thresholds_with_equal_odds_is_more_accurate():
    scores, labels, groups = judged(2, 400)
    rule = fit_equal_odds(scores, labels, groups)
    chances = rule.chances(scores, groups)
    found = np.mean(np.where(labels == 1, chances, 1 - chances))
    rates = {}
    for group in (0, 1):
        own, steps = groups == group, np.append(np.unique(scores[groups == group]), np.inf)
        chosen = scores[own] >= steps[:, None]
        rates[group] = np.stack([chosen[:, labels[own] == y].mean(axis=1) for y in (0, 1)], axis=1)
    gaps = np.abs(rates[0][:, None] - rates[1][None]).max(axis=2)
    for a, b in np.argwhere(gaps < 1e-3):
        right = [np.where(labels[groups == g] == 1, 1.0, 0.0) for g in (0, 1)]
        accuracy = sum(
            (r * rates[g][i, 1] + (1 - r) * (1 - rates[g][i, 0])).sum() for g, i, r in ((0, a, right[0]), (1, b, right[1]))
        ) / len(labels)
        assert accuracy <= found + 2e-3


def test_scores_that_say_nothing_are_not_looked_at():
    rng = np.random.default_rng(0)
    groups, labels = np.repeat([0, 1], 2000), np.tile([0, 1], 2000)
    rule = fit_equal_odds(np.where(groups == 0, labels + 0.1 * rng.random(4000), 1.0), labels, groups)
    assert rule.true_positive == pytest.approx(rule.false_positive)  # the group of equal scores sets what the other gets


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: group_weights([]), "at least one"),
        (lambda: retrain_last_layer(np.ones((4, 2)), [0, 0, 0, 0], [0, 1, 0, 1]), "two or more"),
        (lambda: retrain_last_layer(np.ones((4, 2)), [0, 1, 0, 1], [0, 1, 0]), "equally long"),
        (lambda: retrain_last_layer(np.ones((4, 2)), [0, 1, 0, 1], [0, 1, 0, 1], strength=0), "strength=0"),
        (
            lambda: equal_opportunity_thresholds([0.1, 0.2], [1, 0], [0, 1], 0.5),
            "an example of label 1. Received: group without any=1",
        ),
        (lambda: equal_opportunity_thresholds([0.1, 0.2], [1, 1], [0, 1], 0.0), r"rate=0\.0"),
        (lambda: decide([0.1, 0.2], [0, 1], {0: 0.5}), r"without a threshold=\[1\]"),
        (lambda: fit_equal_odds([0.1, 0.2], [1, 0], [0, 1]), "label 0 and of label 1"),
        (lambda: fit_equal_odds(*judged(0)).chances([0.1], [4]), r"unknown groups=\[4\]"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(call, message):
    with pytest.raises(ValueError, match=message):
        call()
