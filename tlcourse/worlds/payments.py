"""Card payments, some of them fraud: in shops (card present) and online, where honest payments look like fraud in a shop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

COLUMNS = ("amount", "night", "distance", "velocity", "device age", "account age")
# Means of honest payments, and what each kind of fraud adds to them. Standard deviations are 1, but for velocity, 0.7.
_SHOP, _ONLINE = np.array([3.2, 0.0, 1.5, 0.6, 4.0, 6.0]), np.array([3.4, 0.9, 3.4, 0.8, 2.6, 5.6])
_SPREAD = np.array([1.0, 1.0, 1.0, 0.7, 1.2, 1.0])
_KINDS = {
    "stolen card": np.array([1.3, 1.3, 2.2, 0.6, 0.0, 0.0]),
    "card testing": np.array([-1.6, 0.2, 0.3, 2.2, -0.4, 0.0]),
    "account takeover": np.array([1.0, 0.2, 0.0, 0.4, -2.4, 0.3]),
}
_SHARES_SHOP, _SHARES_ONLINE = np.array([0.65, 0.35, 0.0]), np.array([0.05, 0.50, 0.45])
FRAUD_KINDS = tuple(_KINDS)


@dataclass(frozen=True)
class Payments:
    """Payments of one channel.

    Args:
        rows: `(n, 6)` float32, in the order of `COLUMNS`: log euros; how late at night, in standard deviations; log kilometres
            between card holder and seller; log payments of the last day; log days since the device was first seen; log days
            since the account was opened.
        labels: `(n,)` int64, 1 for fraud.
        kinds: `(n,)` int64, position in `FRAUD_KINDS`, -1 where honest.
    """

    rows: np.ndarray
    labels: np.ndarray
    kinds: np.ndarray


def draw_payments(count: int, seed: int = 0, *, shift: float = 0.0, fraud_rate: float = 0.02) -> Payments:
    """Draw payments between a shop's (`shift` 0) and online ones (1).

    Two things differ online. Honest customers buy late at night, far from the seller, from newer devices: covariate shift, and what
    tells fraud in a shop misleads. And fraud is of other kinds: accounts are taken over, stolen cards are rare. Card testing, many
    small payments in a row, is the same in both.

    Args:
        count: Number of payments.
        seed: 0 or more.
        shift: 0 to 1.
        fraud_rate: Share of fraud, above 0 and below 1; at least two payments of each class are drawn.

    Raises:
        ValueError: If an argument is out of range.
    """
    if count < 4 or not 0.0 <= shift <= 1.0 or not 0.0 < fraud_rate < 1.0:
        raise ValueError(
            "`count` must be 4 or more, `shift` from 0 to 1 and `fraud_rate` above 0 and below 1. "
            f"Received: count={count}, shift={shift}, fraud_rate={fraud_rate}."
        )
    rng = np.random.default_rng([seed, 24])
    frauds = min(max(2, round(count * fraud_rate)), count - 2)
    labels = rng.permutation(np.repeat([1, 0], [frauds, count - frauds]))
    shares = (1.0 - shift) * _SHARES_SHOP + shift * _SHARES_ONLINE
    kinds = np.where(labels == 1, rng.choice(len(_KINDS), count, p=shares), -1)
    added = np.concatenate([np.stack(list(_KINDS.values())), np.zeros((1, len(COLUMNS)))])[kinds]
    honest = (1.0 - shift) * _SHOP + shift * _ONLINE
    rows = honest + added + _SPREAD * rng.normal(size=(count, len(COLUMNS)))
    return Payments(rows.astype(np.float32), labels.astype(np.int64), kinds.astype(np.int64))
