"""Applicants: each knob moves what it is named after, and nothing else."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tlcourse.worlds import draw_applicants


def share(flags, groups):
    return np.array([flags[groups == group].mean() for group in (0, 1)])


def told(features, target):
    """How often a straight line tells `target` on the second half."""
    half = len(target) // 2
    line = make_pipeline(StandardScaler(), LogisticRegression())
    return line.fit(features[:half], target[:half]).score(features[half:], target[half:])


def test_shapes_and_types_and_the_same_seed_draws_the_same():
    first, again, other = (draw_applicants(50, seed) for seed in (1, 1, 2))
    assert (first.form.shape, first.representation.shape) == ((50, 5), (50, 32))
    assert first.form.dtype == first.representation.dtype == np.float32
    for field in ("groups", "hired", "suited"):
        assert getattr(first, field).shape == (50,)
        assert set(getattr(first, field)) == {0, 1}
    assert np.array_equal(first.representation, again.representation)
    assert not np.array_equal(first.representation, other.representation)


def test_prejudice_moves_decisions_against_b_and_nothing_else():
    fair, unfair = draw_applicants(8000, prejudice=0), draw_applicants(8000, prejudice=0.8)
    assert np.ptp(share(fair.hired, fair.groups)) < 0.04
    high, low = share(unfair.hired, unfair.groups)
    assert high - low > 0.2
    assert np.ptp(share(unfair.suited, unfair.groups)) < 0.04
    for field in ("form", "representation", "groups", "suited"):
        assert np.array_equal(getattr(fair, field), getattr(unfair, field))


def test_the_leak_says_which_group_and_without_it_only_what_the_encoder_associates_is_left():
    assert told(draw_applicants(4000, leak=1).representation, draw_applicants(4000).groups) > 0.9
    nothing = draw_applicants(4000, leak=0, association=0)
    assert told(nothing.representation, nothing.groups) < 0.55
    association = draw_applicants(4000, leak=0, association=1.5)
    assert 0.6 < told(association.representation, association.groups) < 0.9


def test_association_lowers_b_for_a_reader_of_skill_although_skill_is_the_same():
    for association, low, high in ((0.0, -0.06, 0.06), (1.0, 0.1, 0.5)):
        drawn = draw_applicants(8000, association=association, leak=0)
        reader = make_pipeline(StandardScaler(), LogisticRegression()).fit(drawn.representation, drawn.suited)
        chances = reader.predict_proba(drawn.representation)[:, 1]
        assert low < -np.diff(share(chances, drawn.groups))[0] < high


def test_blur_hides_skill():
    scores = [told(draw_applicants(4000, blur=blur).representation, draw_applicants(4000).suited) for blur in (0, 1, 3)]
    assert scores[0] > 0.9
    assert scores[0] > scores[1] + 0.1 > scores[2] + 0.15


def test_skill_gap_lowers_the_share_of_suited_in_b():
    drawn = draw_applicants(8000, skill_gap=0.5)
    high, low = share(drawn.suited, drawn.groups)
    assert 0.14 < high - low < 0.25  # half a standard deviation around the middle: 0.19


def test_the_form_tells_the_group_no_better_than_where_one_lives_and_how_long_one_paused():
    drawn = draw_applicants(4000)
    assert told(drawn.form[:, :3], drawn.groups) < 0.55
    assert 0.65 < told(drawn.form, drawn.groups) < 0.85


@pytest.mark.parametrize(
    "changes",
    [{"count": 1}, {"seed": -1}, {"prejudice": -1}, {"association": 4}, {"leak": 9}, {"blur": 6}, {"skill_gap": 3}],
)
def test_arguments_out_of_range_are_refused_by_name(changes):
    with pytest.raises(ValueError, match=next(iter(changes))):
        draw_applicants(**{"count": 10, **changes})
