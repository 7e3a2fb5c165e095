"""Splits that keep each speaker on one side, and the split that does not, for comparison."""

from __future__ import annotations

from typing import Any

import numpy as np

from tlcourse.arguments import require_number


def split_by_speaker(speakers: Any, test_fraction: float = 0.3, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Split clips so no speaker is on both sides.

    Args:
        speakers: `(n,)`, the speaker of each clip: numbers or names.
        test_fraction: Share of the *speakers* in the test split, above 0 and below 1; at least one speaker is on each side.
        seed: Which speakers.

    Returns:
        Positions of the training and of the test clips, each in increasing order.

    Raises:
        ValueError: If there are fewer than two speakers, or the fraction is out of range.

    Example:
        >>> train, test = tlcourse.audio.split_by_speaker(["ann", "bob", "ann", "cy"], test_fraction=0.34)
        >>> len(train) + len(test)
        4
    """
    require_number("test_fraction", test_fraction, above=0, below=1)
    names, of = np.unique(np.asarray(speakers), return_inverse=True)
    if len(names) < 2:
        raise ValueError(f"A split by speaker needs two speakers or more. Received: speakers={names.tolist()}.")
    held = int(np.clip(round(test_fraction * len(names)), 1, len(names) - 1))
    chosen = np.random.default_rng(seed).permutation(len(names))[:held]
    test = np.isin(of, chosen)
    return np.flatnonzero(~test), np.flatnonzero(test)
