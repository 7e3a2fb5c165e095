"""Figures of groups: every group in its place, one mark a draw, and refusals in words."""

import matplotlib as mpl
import numpy as np
import pytest

mpl.use("Agg")

from tlcourse import plots
from tlcourse.evaluate import reliability_curve


@pytest.fixture
def ax():
    return mpl.figure.Figure().subplots()


def test_draws_are_small_marks_around_the_mean(ax):
    plots.group_scores({"plain": [[1.0, 0.25], [0.8, 0.35]]}, ["many", "few"], ax=ax)
    small, large = ax.collections
    np.testing.assert_allclose(large.get_offsets()[:, 1], [0.9, 0.3])
    np.testing.assert_allclose(sorted(small.get_offsets()[:, 1]), [0.25, 0.35, 0.8, 1.0])
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["many", "few"]


def test_bins_without_examples_are_not_drawn(ax):
    plots.reliability({"a": reliability_curve([0, 1], [0.15, 0.95], bins=10)}, ax=ax)
    np.testing.assert_allclose(ax.collections[0].get_offsets(), [[0.15, 0.0], [0.95, 1.0]])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plots.group_scores({}, ["a"]), "at least one method"),
        (lambda: plots.group_scores({"m": [0.5, 0.5]}, ["a"]), "each of 1 groups"),
        (lambda: plots.reliability({}), "at least one curve"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_words(call, message):
    with pytest.raises(ValueError, match=message):
        call()
