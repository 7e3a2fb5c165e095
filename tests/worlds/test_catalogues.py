"""Two catalogues: each knob moves what it is named after, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from tlcourse.worlds import draw_catalogues


def test_shapes_and_the_same_seed_draws_the_same():
    first, again, other = (draw_catalogues(50, 30, seed, per_user=7)[1] for seed in (1, 1, 2))
    assert first.users.shape == first.items.shape == first.ratings.shape == (350,)
    assert first.opinions.shape == (50, 30)
    assert set(first.ratings.tolist()) <= {1, 2, 3, 4, 5}
    assert len(np.unique(first.users * 30 + first.items)) == 350  # nobody rates an item twice
    assert first.popularity.sum() == pytest.approx(1)
    for field in ("users", "items", "ratings", "opinions"):
        assert np.array_equal(getattr(first, field), getattr(again, field))
    assert not np.array_equal(first.opinions, other.opinions)


@pytest.mark.parametrize(("share", "both"), [(0.0, 0), (0.3, 30), (1.0, 100)])
def test_shared_says_how_many_rate_both(share, both):
    first, second = draw_catalogues(100, 20, per_user=5, shared=share)
    assert len(np.intersect1d(first.users, second.users)) == both
    assert np.array_equal(np.union1d(first.users, second.users), np.arange(100))
    assert abs(len(np.unique(first.users)) - len(np.unique(second.users))) <= 1


def neighbours_kept(**knobs):
    """Correlation of how alike two users are in both catalogues."""
    first, second = draw_catalogues(200, 100, **knobs)
    pairs = np.triu_indices(200, 1)
    return np.corrcoef(np.corrcoef(first.opinions)[pairs], np.corrcoef(second.opinions)[pairs])[0, 1]


def test_related_moves_how_far_tastes_agree():
    assert abs(neighbours_kept(related=0.0)) < 0.1
    assert neighbours_kept(related=0.0) + 0.1 < neighbours_kept(related=0.6) < neighbours_kept(related=1.0) - 0.1


def top_share(catalogue):
    counts = np.sort(np.bincount(catalogue.items, minlength=200))[::-1]
    return counts[:20].sum() / counts.sum()


def test_popularity_concentrates_ratings_and_leaves_opinions():
    even, steep = (draw_catalogues(popularity=value)[0] for value in (0.0, 1.2))
    assert top_share(steep) > top_share(even) + 0.15
    assert np.array_equal(even.opinions, steep.opinions)


def test_chosen_moves_which_ratings_exist_and_leaves_opinions():
    at_random, chosen = (draw_catalogues(chosen=value)[0] for value in (0.0, 1.0))
    gap = [c.opinions[c.users, c.items].mean() - c.opinions.mean() for c in (at_random, chosen)]
    assert abs(gap[0]) < 0.25  # what is offered more may be a little better or worse by chance
    assert gap[1] > gap[0] + 0.3
    assert np.array_equal(at_random.opinions, chosen.opinions)


@pytest.mark.parametrize("bad", [{"users": 5}, {"shared": 1.5}, {"related": -1}, {"per_user": 201}, {"chosen": np.nan}])
def test_what_is_out_of_range_is_refused(bad):
    with pytest.raises(ValueError, match=f"Received: {next(iter(bad))}="):
        draw_catalogues(**bad)
