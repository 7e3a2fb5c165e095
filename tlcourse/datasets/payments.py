"""Drawn card payments as a labelled table."""

from __future__ import annotations

from tlcourse.arguments import require_one_of
from tlcourse.datasets.table import Table
from tlcourse.worlds.payments import COLUMNS, FRAUD_KINDS, draw_payments

_CHANNELS = {"shop": (0.0, 0.02), "online": (1.0, 0.04)}  # shift, share of fraud


def load_payments(channel: str = "shop", count: int = 4000, seed: int = 0) -> Table:
    """Load drawn payments of one channel; 2 % of those in shops are fraud, 4 % of those online.

    Honest payments and fraud both differ between the channels (`tlcourse.worlds.draw_payments`).

    Args:
        channel: "shop" (card present) or "online".
        count: Number of payments, 4 or more.
        seed: 0 or more.

    Returns:
        The table; `groups` is 0 for honest payments, otherwise the kind of fraud.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> online = tlcourse.load_payments("online", 1000)
        >>> int(online.labels.sum()), online.group_names
        (40, ('honest', 'stolen card', 'card testing', 'account takeover'))
    """
    require_one_of("channel", channel, _CHANNELS)
    shift, rate = _CHANNELS[channel]
    drawn = draw_payments(count, 2 * seed + (channel == "online"), shift=shift, fraud_rate=rate)
    return Table(
        name=f"drawn payments, {channel}",
        columns=COLUMNS,
        rows=drawn.rows,
        labels=drawn.labels,
        class_names=("honest", "fraud"),
        groups=drawn.kinds + 1,
        group_names=("honest", *FRAUD_KINDS),
        truth=drawn.labels,
        origin="drawn by tlcourse",
        profile="embedded",
    )
