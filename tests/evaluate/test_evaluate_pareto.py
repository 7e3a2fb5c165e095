"""A choice is on the front unless another is no worse on both sides and better on one."""

import numpy as np
import pytest

from tlcourse.evaluate import pareto_front


@pytest.mark.parametrize("seed", range(5))
def test_it_is_the_definition(seed):
    rng = np.random.default_rng(seed)
    costs, scores = rng.integers(0, 6, 20), rng.integers(0, 6, 20)  # with many that are equal
    for i, kept in enumerate(pareto_front(costs, scores)):
        beaten = any(
            costs[j] <= costs[i] and scores[j] >= scores[i] and (costs[j], scores[j]) != (costs[i], scores[i])
            for j in range(20)
        )
        assert kept == (not beaten)


def test_the_cheapest_and_the_best_stay_and_twins_stay_together():
    assert pareto_front([1, 2, 3, 3], [0.1, 0.5, 0.4, 0.9]).tolist() == [True, True, False, True]
    assert pareto_front([1, 1, 2], [0.5, 0.5, 0.5]).tolist() == [True, True, False]


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"len\(costs\)=2, len\(scores\)=1"):
        pareto_front([1, 2], [1])
    with pytest.raises(ValueError, match="missing or infinite"):
        pareto_front([1, np.nan], [1, 2])
