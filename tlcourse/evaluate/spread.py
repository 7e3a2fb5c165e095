"""How sure a number is: bootstrap intervals, mean and spread over seeds, paired differences."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tlcourse.arguments import as_numbers, require_number, require_same_length, require_whole


@dataclass(frozen=True)
class Interval:
    """A confidence interval.

    Args:
        low: Lower limit.
        high: Upper limit.
        confidence: Share of repetitions in which it holds the true value.
    """

    low: float
    high: float
    confidence: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    def __str__(self) -> str:
        return f"[{self.low:.3f}, {self.high:.3f}]"


@dataclass(frozen=True)
class MeanAndSpread:
    """Mean and spread of several values.

    Args:
        mean: Their mean.
        standard_deviation: Their standard deviation, divided by `n - 1`.
        n: How many they are.
        interval: Confidence interval of the true mean.
    """

    mean: float
    standard_deviation: float
    n: int
    interval: Interval

    def __str__(self) -> str:
        low_high = f"{self.interval.confidence:.0%} interval {self.interval}"
        return f"{self.mean:.3f} +- {self.standard_deviation:.3f} (n={self.n}, {low_high})"


def bootstrap_interval(values: ArrayLike, confidence: float = 0.95, seed: int = 0, *, resamples: int = 2000) -> Interval:
    """Return the percentile bootstrap interval of the mean (Efron 1979).

    Hand over one value per test example, such as the right-or-wrong flags of `correct_flags`. It needs some thirty values or
    more: below that, and for flags that are all equal, it comes out too narrow. For a handful of seeds use `mean_and_spread`.

    Args:
        values: `(n,)` numbers or flags, 2 or more.
        confidence: Share of repetitions in which the interval holds the true mean.
        seed: The same seed gives the same interval.
        resamples: How many times `n` values are drawn with replacement, 100 or more.

    Returns:
        The interval, in the unit of `values`.

    Raises:
        ValueError: If there are fewer than 2 values, values are missing or an argument is out of range.
    """
    values = _at_least_two("values", values)
    require_number("confidence", confidence, above=0, below=1)
    require_whole("resamples", resamples, 100)
    rng = np.random.default_rng(seed)
    means = [values[rng.integers(len(values), size=len(values))].mean() for _ in range(resamples)]
    low, high = np.quantile(means, [(1.0 - confidence) / 2.0, (1.0 + confidence) / 2.0])
    return Interval(float(low), float(high), confidence)


def mean_and_spread(values: ArrayLike, confidence: float = 0.95) -> MeanAndSpread:
    """Sum up repetitions over seeds: mean, standard deviation and Student's t interval of the mean.

    Args:
        values: `(n,)` one number per seed, 2 or more. (The t interval holds for few values if they are roughly normal.)
        confidence: Share of repetitions in which the interval holds the true mean.

    Returns:
        The summary; its standard deviation divides by `n - 1`.

    Raises:
        ValueError: If there are fewer than 2 values, values are missing or an argument is out of range.
    """
    from scipy.stats import t

    values = _at_least_two("values", values)
    require_number("confidence", confidence, above=0, below=1)
    mean, deviation = float(values.mean()), float(values.std(ddof=1))
    margin = float(t.ppf((1.0 + confidence) / 2.0, len(values) - 1)) * deviation / len(values) ** 0.5
    return MeanAndSpread(mean, deviation, len(values), Interval(mean - margin, mean + margin, confidence))


def paired_difference(values_a: ArrayLike, values_b: ArrayLike, confidence: float = 0.95) -> MeanAndSpread:
    """Sum up `a - b` over seeds that both methods share; what the seeds have in common cancels out.

    Args:
        values_a: `(n,)` one number per seed, such as the accuracy with transfer.
        values_b: `(n,)` the other method on the same seeds in the same order.
        confidence: Share of repetitions in which the interval holds the true difference.

    Returns:
        Mean, standard deviation and interval of the differences. An interval without 0 speaks for a difference.

    Raises:
        ValueError: If the two differ in length, there are fewer than 2 values, values are missing or an argument is out of range.
    """
    values_a, values_b = _at_least_two("values_a", values_a), _at_least_two("values_b", values_b)
    require_same_length(values_a=values_a, values_b=values_b)
    return mean_and_spread(values_a - values_b, confidence)


def _at_least_two(name: str, values: ArrayLike) -> np.ndarray:
    array = as_numbers(name, values, 1)
    if len(array) < 2:
        raise ValueError(f"`{name}` must hold 2 values or more: one value shows no spread. Received: len({name})={len(array)}.")
    return array.astype(np.float64)
