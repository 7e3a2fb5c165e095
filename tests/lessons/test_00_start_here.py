"""Lesson 00: what it and its exercise write out is what the package does from the next lesson on."""

from __future__ import annotations

from tests.lessons.sources import from_lesson
from tlcourse import evaluate


def test_the_interval_of_lesson_00_is_that_of_the_package(rng):
    by_hand = from_lesson("00", "bootstrap_90")
    flags = rng.random(400) < rng.uniform(0.3, 0.9)
    low, high = by_hand(flags, rng, resamples=20_000)
    theirs = evaluate.bootstrap_interval(flags, confidence=0.9, resamples=20_000, seed=1)
    one_image = 1 / len(flags)  # both draw at random: their ends may lie one image apart, an interval of 90 % is 32 wide
    assert abs(low - theirs.low) <= one_image + 1e-9
    assert abs(high - theirs.high) <= one_image + 1e-9
