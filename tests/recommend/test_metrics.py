"""Ranking metrics: cases worked by hand, averages over all orders of ties, and scikit-learn where both must agree."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from sklearn.metrics import ndcg_score

from tlcourse.recommend import coverage_at_k, hit_rate_at_k, ndcg_at_k, recall_at_k

SCORES = [[0.9, 0.8, 0.7, 0.6]]
RELEVANT = [[False, True, False, True]]


def test_by_hand():
    assert recall_at_k(SCORES, RELEVANT, 1) == [0.0]
    assert recall_at_k(SCORES, RELEVANT, 2) == [0.5]
    assert hit_rate_at_k(SCORES, RELEVANT, 1) == [0.0]
    assert hit_rate_at_k(SCORES, RELEVANT, 2) == [1.0]
    best = 1 + 1 / np.log2(3)
    np.testing.assert_allclose(ndcg_at_k(SCORES, RELEVANT, 4), (1 / np.log2(3) + 1 / np.log2(5)) / best)
    np.testing.assert_allclose(ndcg_at_k(SCORES, RELEVANT, 2), (1 / np.log2(3)) / best)


def test_the_ideal_of_a_short_list_is_cut_at_k():
    assert ndcg_at_k([[3, 2, 1]], [[1, 1, 1]], 1) == [1.0]


def test_gains():
    scores, relevance = [[2.0, 1.0]], [[1, 3]]
    linear = (1 + 3 / np.log2(3)) / (3 + 1 / np.log2(3))
    exponential = (1 + 7 / np.log2(3)) / (7 + 1 / np.log2(3))
    np.testing.assert_allclose(ndcg_at_k(scores, relevance, 2), linear)
    np.testing.assert_allclose(ndcg_at_k(scores, relevance, 2, gain="exponential"), exponential)


@pytest.mark.parametrize("metric", [recall_at_k, hit_rate_at_k, ndcg_at_k])
def test_a_user_without_relevant_items_is_nan_and_no_warning(metric):
    found = metric([[2.0, 1.0], [2.0, 1.0]], [[False, False], [True, False]], 1)
    assert np.isnan(found[0])
    assert found[1] == 1.0


@pytest.mark.parametrize("metric", [recall_at_k, hit_rate_at_k, ndcg_at_k])
def test_k_beyond_the_list_takes_all_candidates(metric):
    np.testing.assert_array_equal(metric(SCORES, RELEVANT, 4), metric(SCORES, RELEVANT, 400))
    exclude = [[True, False, True, False]]
    assert metric(SCORES, RELEVANT, 4, exclude=exclude) == [1.0]


@pytest.mark.parametrize("metric", [recall_at_k, hit_rate_at_k, ndcg_at_k])
@pytest.mark.parametrize("k", [1, 2, 3, 5, 9])
def test_ties_are_the_mean_over_all_orders(metric, k):
    rng = np.random.default_rng(k)
    for _ in range(10):
        scores, relevant = rng.integers(0, 3, 5).astype(float), rng.random(5) < 0.5
        relevant[0] = True
        orders = [metric([scores + 1e-6 * np.array(order)], [relevant], k)[0] for order in permutations(range(5))]
        assert metric([scores], [relevant], k)[0] == pytest.approx(np.mean(orders))


@pytest.mark.parametrize("k", [1, 3, 10, 50])
def test_ndcg_with_linear_gain_is_scikit_learns_with_and_without_ties(k):
    rng = np.random.default_rng(k)
    relevance = rng.integers(0, 6, (40, 20))
    for scores in (rng.normal(size=(40, 20)), rng.integers(0, 4, (40, 20))):
        assert ndcg_at_k(scores, relevance, k).mean() == pytest.approx(ndcg_score(relevance, scores, k=k))


@pytest.mark.parametrize("metric", [recall_at_k, hit_rate_at_k, ndcg_at_k])
def test_neither_the_order_of_items_nor_a_rising_function_of_scores_matters(metric):
    rng = np.random.default_rng(0)
    scores, relevant = rng.integers(0, 5, (30, 12)), rng.random((30, 12)) < 0.3
    order, value = rng.permutation(12), metric(scores, relevant, 4)
    np.testing.assert_allclose(metric(scores[:, order], relevant[:, order], 4), value)
    np.testing.assert_allclose(metric(3.0 * scores - 7, relevant, 4), value)
    assert np.nanmin(value) >= 0
    assert np.nanmax(value) <= 1


def test_recall_grows_with_k_and_the_true_order_has_ndcg_1():
    rng = np.random.default_rng(0)
    scores, relevant = rng.normal(size=(30, 12)), rng.random((30, 12)) < 0.5
    values = [recall_at_k(scores, relevant, k) for k in range(1, 13)]
    assert (np.nan_to_num(np.diff(values, axis=0)) >= 0).all()
    np.testing.assert_allclose(ndcg_at_k(relevant.astype(float), relevant, 5), 1.0)


def test_excluded_items_are_not_recommended():
    assert recall_at_k(SCORES, RELEVANT, 1, exclude=[[True, False, False, False]]) == [0.5]
    with pytest.raises(ValueError, match="relevant and excluded"):
        recall_at_k(SCORES, RELEVANT, 1, exclude=RELEVANT)


def test_coverage():
    assert coverage_at_k([[1, 0, 0, 0], [0, 0, 0, 1]], 1) == 0.5
    assert coverage_at_k(np.zeros((5, 4)), 2) == 0.5  # everybody gets the same list
    assert coverage_at_k([[1, 0, 0, 0]], 9, exclude=[[True, True, False, False]]) == 0.5


@pytest.mark.parametrize(
    ("scores", "relevant", "k", "words"),
    [
        ([[1.0, np.nan]], [[1, 0]], 1, "finite"),
        ([[1.0, 2.0]], [[1, 0, 0]], 1, "one shape"),
        ([[1.0, 2.0]], [[5, 3]], 1, "ratings >= 4"),
        ([[1.0, 2.0]], [[1, 0]], 0, "1 or more"),
    ],
)
def test_what_cannot_be_ranked_is_refused(scores, relevant, k, words):
    with pytest.raises(ValueError, match=words):
        recall_at_k(scores, relevant, k)


def test_a_relevance_below_0_is_refused():
    with pytest.raises(ValueError, match="0 or more"):
        ndcg_at_k([[1.0, 2.0]], [[-1, 1]], 1)
