"""Task 9.3 plants what it says that it plants, and finds in the published tables what does not follow, on every seed."""

import numpy as np
import pytest
from scipy.stats import weightedtau

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
