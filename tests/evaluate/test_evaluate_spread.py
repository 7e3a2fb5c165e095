"""Intervals hold the truth as often as they say; pairing removes what seeds share."""

import numpy as np
import pytest

from tlcourse.evaluate import bootstrap_interval, mean_and_spread, paired_difference


@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_bootstrap_interval_of_flags_holds_the_truth_as_often_as_promised(confidence):
    rng = np.random.default_rng(0)
    repetitions, truth = 300, 0.7
    held = sum(
        truth in bootstrap_interval(rng.random(200) < truth, confidence, seed=i, resamples=300) for i in range(repetitions)
    )
    four_sigma = 4 * (confidence * (1 - confidence) / repetitions) ** 0.5
    assert abs(held / repetitions - confidence) < four_sigma + 0.015  # 0.015: 200 flags take steps of 0.005


@pytest.mark.parametrize("n", [3, 5])
def test_t_interval_of_few_seeds_holds_the_truth_as_often_as_promised(n):
    rng = np.random.default_rng(1)
    held = np.mean([0.0 in mean_and_spread(rng.standard_normal(n)).interval for _ in range(1000)])
    assert abs(held - 0.95) < 4 * (0.95 * 0.05 / 1000) ** 0.5


def test_bootstrap_interval_shrinks_with_the_root_of_n_and_repeats():
    values = np.random.default_rng(2).standard_normal(6400)
    small, large = bootstrap_interval(values[:400]), bootstrap_interval(values)
    assert (small.high - small.low) / (large.high - large.low) == pytest.approx(4.0, rel=0.25)
    assert small == bootstrap_interval(values[:400])
    assert small != bootstrap_interval(values[:400], seed=1)
    assert small.low < values[:400].mean() < small.high


@pytest.mark.parametrize(("confidence", "quantile"), [(0.8, 1.2816), (0.95, 1.96)])
def test_both_ends_of_the_bootstrap_interval_lie_where_the_normal_distribution_puts_them(confidence, quantile):
    values = np.random.default_rng(4).standard_normal(1000)
    interval = bootstrap_interval(values, confidence, resamples=8000)
    margin = quantile * values.std() / 1000**0.5
    assert interval.high - values.mean() == pytest.approx(margin, rel=0.08)
    assert values.mean() - interval.low == pytest.approx(margin, rel=0.08)


def test_mean_and_spread_by_hand():
    summary = mean_and_spread([1.0, 2.0, 3.0])
    assert (summary.mean, summary.standard_deviation, summary.n) == (2.0, 1.0, 3)
    assert summary.interval.high - 2.0 == pytest.approx(4.302653 / 3**0.5, rel=1e-5)  # t(0.975, 2 degrees) = 4.302653
    assert str(summary) == "2.000 +- 1.000 (n=3, 95% interval [-0.484, 4.484])"


def test_pairing_finds_a_small_difference_under_a_large_common_swing():
    rng = np.random.default_rng(3)
    common = rng.normal(0.0, 0.2, 6)
    a, b = common + 0.02 + rng.normal(0, 0.002, 6), common
    assert 0.0 not in paired_difference(a, b).interval
    assert mean_and_spread(a).interval.low < mean_and_spread(b).mean
    assert paired_difference(a, b).mean == pytest.approx(-paired_difference(b, a).mean)


def test_summaries_are_frozen():
    with pytest.raises(AttributeError):
        mean_and_spread([1, 2]).mean = 3


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mean_and_spread([0.5]), "one value shows no spread"),
        (lambda: bootstrap_interval([]), "must not be empty"),
        (lambda: bootstrap_interval([1, 2], confidence=95), "confidence=95"),
        (lambda: bootstrap_interval([1, 2], resamples=5), "resamples=5"),
        (lambda: bootstrap_interval([1, np.nan]), "1 missing"),
        (lambda: mean_and_spread([[1, 2]]), r"shape=\(1, 2\)"),
        (lambda: mean_and_spread(["a", "b"]), "must hold numbers"),
        (lambda: paired_difference([1, 2], [1, 2, 3]), r"len\(values_a\)=2, len\(values_b\)=3"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
