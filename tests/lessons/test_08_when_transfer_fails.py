"""Lesson 08: what it and its exercise write out is what the package does from the next lesson on."""

from __future__ import annotations

import pytest

from tests.lessons.sources import from_lesson
from tlcourse import evaluate


@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_the_gain_of_lesson_08_is_the_paired_difference_of_the_package(rng, confidence):
    from scipy import stats

    by_hand = from_lesson("08", "gain_over_draws", stats=stats)
    transfer, scratch = rng.random(5), rng.random(5)
    theirs = evaluate.paired_difference(transfer, scratch, confidence)
    assert by_hand(transfer, scratch, confidence) == pytest.approx((theirs.mean, theirs.interval.low, theirs.interval.high))
