"""Far worlds by name: drawn in both profiles, because only a drawn world has a knob for its distance."""

from __future__ import annotations

from tlcourse.config import profile
from tlcourse.datasets.dataset import Dataset

_SIZE = {"embedded": 64, "full": 128}


def load_far_world(
    kind: str = "scans", per_class: int = 100, seed: int = 0, size: int | None = None, *, similarity: float = 0.0
) -> Dataset:
    """Draw scans, fields from above or spectrograms, from the look of a photograph to that of an instrument.

    Args:
        kind: "scans", "fields" or "spectrograms"; six classes each.
        per_class: Images of each class.
        seed: 0 or more; other seeds give other images.
        size: Side in pixels. None: 64 embedded, 128 full.
        similarity: Similarity of the look to photographs, 0 (what the instrument shows) to 1.

    Raises:
        ValueError: If an argument is out of range; the message lists the kinds.

    Example:
        >>> tlcourse.load_far_world("scans", per_class=3)
        <far world: scans: 18 images of 64 x 64, 6 classes, embedded>
    """
    from tlcourse.worlds import draw_far_world

    images, labels, names = draw_far_world(kind, per_class, seed, size or _SIZE[profile()], similarity=similarity)
    return Dataset(f"far world: {kind}", images, labels, names, licence="CC0", origin="drawn by tlcourse", profile=profile())
