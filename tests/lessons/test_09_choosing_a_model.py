"""Lesson 09: what it writes out is what the package does, and task 9.3 finds what does not follow, on every seed."""

import numpy as np
import pytest
from scipy.stats import weightedtau

import tlcourse
from tests.lessons.sources import from_lesson
from tlcourse.tasks.tasks_09_choosing_a_model import _audit_case, _leep_case


@pytest.mark.parametrize("seed", [0, *range(1000, 1015)])
def test_three_published_tables_and_three_made_up_ones_do_not_follow(seed):
    inputs = _audit_case(seed).inputs
    tables, good = inputs["rows"]
    for rows, wanted in ((tables, {"Aircraft", "Pets", "DTD", "made up 0", "made up 1", "made up 2"}), (good, set())):
        gaps = {
            name: max(
                abs(weightedtau(table["accuracies"], values).statistic - table["weighted_tau"][score])
                for score, values in table["scores"].items()
            )
            for name, table in rows.items()
        }
        assert {name for name, gap in gaps.items() if gap > inputs["tolerance"]} == wanted
        assert all(gap < 0.026 or gap > 0.07 for gap in gaps.values()), gaps  # no case hangs on the last digit


@pytest.mark.parametrize("seed", [0, *range(1000, 1015)])
def test_the_cases_of_leep_hold_an_unseen_source_class_and_a_perfect_source(seed):
    soft, empty, certain, placebo = _leep_case(seed).inputs["rows"]
    assert (soft["probabilities"].sum(axis=0) > 0).all()
    assert (empty["probabilities"].sum(axis=0) == 0).sum() == 1
    assert np.array_equal(certain["probabilities"].argmax(axis=1), certain["labels"])
    assert sorted(placebo["labels"]) == sorted(soft["labels"])
    assert (placebo["labels"] != soft["labels"]).any()


@pytest.mark.parametrize(("n", "wide", "classes"), [(60, 8, 3), (30, 70, 2)])  # more images than features, and fewer
def test_the_log_me_of_lesson_09_is_that_of_the_package(rng, n, wide, classes):
    by_hand = from_lesson("09", "log_me")
    labels = np.arange(n) % classes
    features = rng.normal(size=(n, wide)) + rng.normal(size=(classes, wide))[labels]
    for own in (labels, rng.permutation(labels)):
        assert by_hand(features, own) == pytest.approx(tlcourse.select.log_me(features, own), abs=1e-4)
    assert by_hand(features, labels) > by_hand(features, rng.permutation(labels)) + 0.01


def test_the_nce_of_lesson_09_is_that_of_the_package(rng):
    by_hand = from_lesson("09", "nce")
    seen, labels = rng.integers(0, 6, 90), rng.integers(0, 4, 90)
    assert by_hand(seen, labels) == pytest.approx(tlcourse.select.nce(seen, labels))
    assert by_hand(seen, labels) < 0
