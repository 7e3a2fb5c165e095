"""Accuracy and decisions group by group, on cases that can be counted by hand, and against fairlearn where that is installed."""

import numpy as np
import pytest

from tlcourse.evaluate import (
    bias_amplification,
    equalized_odds_difference,
    group_accuracies,
    group_rates,
    selection_rate_difference,
    worst_group_accuracy,
)

LABELS = np.array([1, 1, 0, 0, 1, 1, 0, 0, 0])
CHOSEN = np.array([1, 1, 1, 0, 1, 0, 0, 0, 0])
GROUPS = np.array([0, 0, 0, 0, 2, 2, 2, 2, 2])


def drawn(seed, groups=3, n=400):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 2, n), rng.integers(0, 2, n), rng.integers(0, groups, n)


def test_hand_count():
    assert group_accuracies(LABELS, CHOSEN, GROUPS)[[0, 2]].tolist() == [0.75, 0.8]
    assert np.isnan(group_accuracies(LABELS, CHOSEN, GROUPS, 4)[[1, 3]]).all()
    assert worst_group_accuracy(LABELS, CHOSEN, GROUPS) == 0.75
    rates = group_rates(LABELS, CHOSEN, GROUPS)
    assert rates.groups.tolist() == [0, 2]
    assert rates.counts.tolist() == [4, 5]
    assert rates.positive.tolist() == [0.5, 0.4]
    assert rates.selected.tolist() == [0.75, 0.2]
    assert rates.true_positive.tolist() == [1.0, 0.5]
    assert rates.false_positive.tolist() == [0.5, 0.0]
    assert selection_rate_difference(CHOSEN, GROUPS) == pytest.approx(0.55)
    assert equalized_odds_difference(LABELS, CHOSEN, GROUPS) == pytest.approx(0.5)
    assert bias_amplification(LABELS, CHOSEN, GROUPS) == pytest.approx(0.55 - 0.1)


def test_the_larger_of_the_two_gaps_counts():
    labels, groups = np.array([1] * 10 + [0] * 10 + [1] * 10 + [0] * 10), np.repeat([0, 1], 20)
    for true, false in ((3, 6), (6, 3)):
        chosen = np.zeros(40, int)
        chosen[20 : 20 + true], chosen[30 : 30 + false] = 1, 1
        assert equalized_odds_difference(labels, chosen, groups) == pytest.approx(0.6)


@pytest.mark.parametrize("seed", range(3))
def test_names_of_groups_and_order_of_examples_do_not_matter(seed):
    labels, chosen, groups = drawn(seed)
    order = np.random.default_rng(seed).permutation(len(labels))
    for measure in (equalized_odds_difference, bias_amplification, worst_group_accuracy):
        before = measure(labels, chosen, groups)
        assert measure(labels[order], chosen[order], 7 - groups[order]) == pytest.approx(before)
    assert selection_rate_difference(chosen, 7 - groups) == pytest.approx(selection_rate_difference(chosen, groups))


def test_the_truth_has_no_gap_in_errors_and_amplifies_nothing():
    labels, _, groups = drawn(0)
    assert equalized_odds_difference(labels, labels, groups) == 0
    assert bias_amplification(labels, labels, groups) == 0
    assert worst_group_accuracy(labels, labels, groups) == 1


def test_amplification_has_the_sign_of_its_direction():
    labels, groups = np.repeat([1, 0, 1, 0], [60, 40, 40, 60]), np.repeat([0, 1], 100)  # 0.6 and 0.4 are hired
    assert bias_amplification(labels, groups == 0, groups) == pytest.approx(0.8)  # decided by the group alone
    assert bias_amplification(labels, np.ones(200, int), groups) == pytest.approx(-0.2)  # no gap left
    assert bias_amplification(labels, groups == 1, groups) == pytest.approx(-1.2)  # turned round
    even = np.tile([0, 1], 100)
    assert bias_amplification(even, groups == 1, groups) == 1.0  # no gap in the labels: any is too much


def test_flags_and_scores_are_understood():
    labels, chosen, groups = drawn(1)
    assert equalized_odds_difference(labels == 1, chosen == 1, groups) == equalized_odds_difference(labels, chosen, groups)
    assert group_accuracies(labels, np.eye(2)[chosen], groups).tolist() == group_accuracies(labels, chosen, groups).tolist()


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("groups", [2, 4])
def test_the_differences_are_those_of_fairlearn(seed, groups):
    fairlearn = pytest.importorskip("fairlearn.metrics")
    labels, chosen, members = drawn(seed, groups)
    theirs = fairlearn.equalized_odds_difference(labels, chosen, sensitive_features=members)
    assert equalized_odds_difference(labels, chosen, members) == pytest.approx(theirs, abs=1e-12)
    theirs = fairlearn.demographic_parity_difference(labels, chosen, sensitive_features=members)
    assert selection_rate_difference(chosen, members) == pytest.approx(theirs, abs=1e-12)


@pytest.mark.parametrize(
    ("measure", "arguments", "message"),
    [
        (worst_group_accuracy, ([0, 1], [0, 1], [0]), "equally long"),
        (worst_group_accuracy, ([0, 1], [0, 1], [0.5, 1.0]), "whole numbers"),
        (group_accuracies, ([0, 1], [0, 1], [0, 3], 2), "num_groups=2"),
        (group_rates, ([0, 2], [0, 1], [0, 1]), "== class_number"),
        (group_rates, ([0, 1], [0.2, 0.9], [0, 1]), "whole numbers"),
        (equalized_odds_difference, ([0, 1, 1], [0, 1, 1], [0, 0, 1]), "undefined for group 1: no example there has label 0"),
        (equalized_odds_difference, ([0, 1, 0], [0, 1, 1], [0, 0, 1]), "undefined for group 1: no example there has label 1"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(measure, arguments, message):
    with pytest.raises(ValueError, match=message):
        measure(*arguments)
