"""Collect facts on tokens while a split is read: the range of the ids of each input, and what the mask hides."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tlcourse.audit.data.sources import Batch, Split
from tlcourse.audit.data.structures import leaves
from tlcourse.audit.model.arrivals import has_tables

TOKENS = "tokens"


@dataclass
class MaskCounts:
    """Numbers of tokens in all texts of one split.

    Args:
        ids: Name of the input with the ids.
        mask: Name of the input with the mask.
        words: Tokens before the padding.
        hidden: Words that the mask hides.
        padding: Tokens of padding.
        open: Padding that the mask leaves visible.
    """

    ids: str
    mask: str
    words: int = 0
    hidden: int = 0
    padding: int = 0
    open: int = 0


@dataclass
class TokenPrints:
    """Keeps a few numbers for each input, however many texts there are."""

    low: dict[str, float] = field(default_factory=dict)
    high: dict[str, float] = field(default_factory=dict)
    masks: MaskCounts | None = None
    _padding_id: float | None = None

    def update(self, batch: Batch, pass_number: int) -> None:
        if pass_number > 1:
            return
        found = {
            name: leaf
            for name, leaf in leaves(batch.inputs)
            if isinstance(leaf, np.ndarray)
            and leaf.ndim == 2
            and leaf.size
            and (leaf.dtype == bool or leaf.dtype.kind in "iuf")
        }
        for name, leaf in found.items():
            self.low[name] = min(self.low.get(name, np.inf), float(leaf.min()))
            self.high[name] = max(self.high.get(name, -np.inf), float(leaf.max()))
        self._count(found)

    def _count(self, found: dict[str, np.ndarray]) -> None:
        mask = next((name for name in found if "mask" in name.lower() and "position" not in name.lower()), None)
        ids = next((name for name in found if mask and holds_ids(name) and found[name].shape == found[mask].shape), None)
        if mask is None or ids is None:
            return
        if self._padding_id is None:
            self._padding_id = padding_id(found[ids])
        if self._padding_id is None:
            return
        counts = self.masks = self.masks or MaskCounts(ids, mask)
        padding, seen = at_the_end(found[ids] == self._padding_id), found[mask] != 0
        counts.padding += int(padding.sum())
        counts.open += int((padding & seen).sum())
        counts.words += int((~padding).sum())
        counts.hidden += int((~padding & ~seen).sum())


def padding_id(ids: np.ndarray) -> float | None:
    """Return the id that fills the ends of rows: 0 if any row ends with it, else the id that ends most rows at least twice."""
    if (ids[:, -1] == 0).any():
        return 0.0
    if ids.shape[1] < 2:
        return None
    doubled = ids[ids[:, -1] == ids[:, -2], -1]
    values, counts = np.unique(doubled, return_counts=True)
    return float(values[counts.argmax()]) if len(values) and counts.max() >= 2 else None


def at_the_end(padding: np.ndarray) -> np.ndarray:
    """Keep only the run of True at the end of each row: `(batch, length)` bool -> the same shape."""
    return np.logical_and.accumulate(padding[:, ::-1], axis=1)[:, ::-1]


def make_token_prints(split: Split, model: Any) -> TokenPrints | None:
    """Return the collector for a model that looks up tokens; None for other models."""
    return TokenPrints() if has_tables(model) else None


def holds_ids(name: str) -> bool:
    """Tell, by the name of an input, whether it holds the ids of words."""
    lowered = name.lower()
    return (
        "mask" not in lowered
        and ("token" in lowered or "word" in lowered or "ids" in lowered)
        and not any(other in lowered for other in ("segment", "type", "position"))
    )
