"""TrAdaBoost: its rounds by hand, what becomes of misleading examples, and bad input."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from tlcourse.adapt import TrAdaBoost


def two_domains(seed, targets=30, flipped=0.3):
    """Classes by the first column; a share of the source is labelled the other way, by the third column."""
    rng = np.random.default_rng(seed)
    source, target = rng.normal(size=(300, 3)), rng.normal(size=(targets, 3))
    misleading = source[:, 2] > np.quantile(source[:, 2], 1 - flipped)
    return source, (source[:, 0] > 0) ^ misleading, target, target[:, 0] > 0, misleading


def test_one_round_is_that_of_the_paper():
    source, labels, target, target_labels, _ = two_domains(0)
    rows, classes = np.concatenate([source, target]), np.concatenate([labels, target_labels]).astype(int)
    weights = np.full(330, 1 / 330)
    beta = 1 / (1 + np.sqrt(2 * np.log(300) / 2))
    for _ in range(2):
        weights = weights / weights.sum()
        tree = DecisionTreeClassifier(max_depth=1, random_state=0).fit(rows, classes, sample_weight=weights)
        wrong = np.abs(tree.predict_proba(rows)[:, 1] - classes)
        error = (weights[300:] * wrong[300:]).sum() / weights[300:].sum()
        weights = weights * np.concatenate([beta ** wrong[:300], (error / (1 - error)) ** -wrong[300:]])
    model = TrAdaBoost(DecisionTreeClassifier(max_depth=1), rounds=2).fit(source, labels, target, target_labels)
    np.testing.assert_allclose(model.source_weights_, (weights / weights.sum())[:300], rtol=1e-12)
    np.testing.assert_allclose(model.target_weights_, (weights / weights.sum())[300:], rtol=1e-12)


def test_only_the_second_half_of_the_rounds_votes():
    source, labels, target, target_labels, _ = two_domains(1)
    model = TrAdaBoost(DecisionTreeClassifier(max_depth=2), rounds=5).fit(source, labels, target, target_labels)
    rows = np.random.default_rng(2).normal(size=(50, 3))
    expected = sum(
        np.log(1 / odds) * (learner.predict_proba(rows)[:, 1] - 0.5)
        for odds, learner in list(zip(model._odds, model._learners, strict=True))[model.rounds_ // 2 :]
    )
    np.testing.assert_allclose(model.predict_score(rows), expected)
    np.testing.assert_array_equal(model.predict(rows), expected >= 0)


def test_misleading_examples_lose_weight_and_accuracy_rises():
    gains = []
    for seed in range(6):
        source, labels, target, target_labels, misleading = two_domains(seed, flipped=0.45)
        model = TrAdaBoost(LogisticRegression(C=100), rounds=15).fit(source, labels, target, target_labels)
        assert model.source_weights_[misleading].mean() < 0.5 * model.source_weights_[~misleading].mean()
        rows = np.random.default_rng(seed + 50).normal(size=(2000, 3))
        truth = rows[:, 0] > 0
        heap = LogisticRegression().fit(np.concatenate([source, target]), np.concatenate([labels, target_labels]))
        gains.append(np.mean(model.predict(rows) == truth) - heap.score(rows, truth))
    assert np.mean(gains) > 0.05


def test_balanced_weights_give_each_class_half_of_its_domain():
    rng = np.random.default_rng(0)
    source, target = rng.normal(size=(100, 2)), rng.normal(size=(40, 2))
    labels, target_labels = np.arange(100) < 5, np.arange(40) < 4

    class Watching(LogisticRegression):
        seen: list = []  # noqa: RUF012

        def fit(self, rows, classes, sample_weight=None):
            self.seen.append(sample_weight)
            return super().fit(rows, classes, sample_weight)

    TrAdaBoost(Watching(), rounds=2, balanced=True).fit(source, labels, target, target_labels)
    first = Watching.seen[0]
    parts = [first[:5], first[5:100], first[100:104], first[104:]]
    np.testing.assert_allclose([part.sum() for part in parts], [50 / 140, 50 / 140, 20 / 140, 20 / 140])


def test_a_learner_without_probabilities_votes_with_its_classes():
    source, labels, target, target_labels, _ = two_domains(3)
    model = TrAdaBoost(SVC(kernel="linear", C=1e4), rounds=4).fit(source, labels, target, target_labels)
    assert set(np.unique(model.predict(target))) <= {0, 1}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"target_labels": np.ones(30, int)}, r"both classes. Received: target_labels=\[1\]"),
        ({"labels": np.full(300, 2)}, r"Labels must be 0 or 1. Received: source_labels=\[2\]"),
        ({"target": np.zeros((30, 2))}, r"target_rows.shape=\(30, 2\)"),
        ({"labels": np.zeros(10)}, r"source_labels.shape=\(10,\)"),
    ],
)
def test_bad_input_is_named(change, message):
    names = ("source", "labels", "target", "target_labels")
    given = {**dict(zip(names, two_domains(0)[:4], strict=True)), **change}
    with pytest.raises(ValueError, match=message):
        TrAdaBoost().fit(*(given[name] for name in names))


def test_too_few_rounds_and_a_learner_that_guesses_are_refused():
    with pytest.raises(ValueError, match="rounds=1"):
        TrAdaBoost(rounds=1)
    source, _, target, target_labels, _ = two_domains(0)

    class Wrong(LogisticRegression):
        def predict_proba(self, rows):
            return 1 - super().predict_proba(rows)

    with pytest.raises(ValueError, match="no better than guessing on the target"):
        TrAdaBoost(Wrong()).fit(source, source[:, 0] > 0, target, target_labels)
