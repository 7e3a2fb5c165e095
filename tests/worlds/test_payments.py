"""Payments: shares as asked, what misleads and what does not, and the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest

import tlcourse
from tlcourse.worlds import FRAUD_KINDS, PAYMENT_COLUMNS, draw_payments


def gap(drawn, column):
    """How far fraud lies above honest payments in a column."""
    values = drawn.rows[:, PAYMENT_COLUMNS.index(column)]
    return values[drawn.labels == 1].mean() - values[drawn.labels == 0].mean()


@pytest.mark.parametrize("seed", range(3))
def test_distance_tells_fraud_in_shops_only_and_velocity_in_both(seed):
    shop, online = (draw_payments(20_000, seed, shift=shift, fraud_rate=0.05) for shift in (0, 1))
    assert gap(shop, "distance") > 1.2
    assert abs(gap(online, "distance")) < 0.5
    assert min(gap(shop, "velocity"), gap(online, "velocity")) > 0.6
    assert gap(online, "device age") < -0.8


def test_shares_are_as_asked_and_seeds_repeat():
    drawn = draw_payments(1000, 4, fraud_rate=0.03)
    assert drawn.labels.sum() == 30
    assert set(np.unique(drawn.kinds)) <= {-1, *range(len(FRAUD_KINDS))}
    assert ((drawn.kinds >= 0) == (drawn.labels == 1)).all()
    np.testing.assert_array_equal(drawn.rows, draw_payments(1000, 4, fraud_rate=0.03).rows)
    assert draw_payments(10, fraud_rate=0.001).labels.sum() == 2  # never only one class
    shop, online = (tlcourse.load_payments(channel, 500, seed=1) for channel in ("shop", "online"))
    assert (int(shop.labels.sum()), int(online.labels.sum())) == (10, 20)
    assert not np.array_equal(shop.rows, online.rows)


@pytest.mark.parametrize("wrong", [{"count": 3}, {"shift": 1.5}, {"fraud_rate": 0.0}])
def test_arguments_out_of_range_are_named(wrong):
    name, value = next(iter(wrong.items()))
    with pytest.raises(ValueError, match=f"{name}={value}"):
        draw_payments(**{"count": 100, **wrong})
