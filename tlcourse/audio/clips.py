"""One frozen type for every set of labelled clips."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tlcourse.arguments import as_labels, require_same_length, require_whole


@dataclass(frozen=True, eq=False)
class Clips:
    """Labelled waveforms of one length that nothing can change by accident.

    Args:
        name: What figures and messages call it.
        waveforms: `(n, samples)` float32 in -1..1; shorter clips are padded with zeros.
        labels: `(n,)` whole numbers from 0 to the number of classes - 1.
        class_names: One for each label, such as words.
        sample_rate: Samples per second.
        groups: `(n,)` or None; the speaker of each clip.
        accents: `(n,)` or None; the accent of each clip.
        licence: Of the clips.
        origin: Where they come from.
        profile: "embedded", "full", or "own".

    Raises:
        TypeError: If the waveforms are no floats.
        ValueError: If shapes or values do not fit each other.
    """

    name: str
    waveforms: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...]
    sample_rate: int
    groups: np.ndarray | None = None
    accents: np.ndarray | None = None
    licence: str = ""
    origin: str = ""
    profile: str = ""

    def __post_init__(self) -> None:
        waveforms = as_waveforms(self.waveforms)
        labels = as_labels("labels", self.labels)
        require_same_length(waveforms=waveforms, labels=labels)
        if labels.size and not (0 <= labels.min() and labels.max() < len(self.class_names)):
            raise ValueError(
                f"Expected labels from 0 to {len(self.class_names) - 1}. Received: labels={labels.min()} to {labels.max()}."
            )
        for field, value in (
            ("waveforms", waveforms),
            ("labels", labels),
            ("groups", self.groups),
            ("accents", self.accents),
        ):
            if value is None:
                continue
            value = np.array(value)
            if len(value) != len(labels):
                raise ValueError(
                    f"Expected one of `{field}` a clip, {len(labels)} in all. Received: len({field})={len(value)}."
                )
            value.flags.writeable = False
            object.__setattr__(self, field, value)
        object.__setattr__(self, "class_names", tuple(str(name) for name in self.class_names))

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        speakers = "" if self.groups is None else f", {len(np.unique(self.groups))} speakers"
        seconds = self.waveforms.shape[1] / self.sample_rate
        words = f"{len(self.class_names)} classes{speakers}, {self.sample_rate} Hz"
        return f"<{self.name}: {len(self)} clips of {seconds:.2f} s, {words}, {self.profile}>"

    def subset(self, positions: Any) -> Clips:
        """Return the clips at these positions, in this order.

        Args:
            positions: Whole numbers, or one True or False for each clip.
        """
        at = np.asarray(positions)
        pick = lambda values: None if values is None else values[at]  # noqa: E731
        return replace(
            self,
            waveforms=self.waveforms[at],
            labels=self.labels[at],
            groups=pick(self.groups),
            accents=pick(self.accents),
        )

    def positions_per_class(self, per_class: int, seed: int = 0, *, among: Any = None) -> np.ndarray:
        """Draw the same number of clips of each class.

        Args:
            per_class: Clips of each class, 1 or more.
            seed: Which ones.
            among: Positions to draw from; None for all.

        Returns:
            `(classes * per_class,)` positions in random order.

        Raises:
            ValueError: If a class has too few clips.
        """
        require_whole("per_class", per_class, 1)
        places = np.arange(len(self)) if among is None else np.asarray(among)
        rng = np.random.default_rng(seed)
        drawn = []
        for label, name in enumerate(self.class_names):
            here = places[self.labels[places] == label]
            if len(here) < per_class:
                raise ValueError(
                    f"There are {len(here)} clips of {name!r}; draw fewer of each class. Received: per_class={per_class}."
                )
            drawn.append(rng.choice(here, per_class, replace=False))
        return rng.permutation(np.concatenate(drawn))


def as_waveforms(values: Any) -> np.ndarray:
    """Return waveforms as float32 after a look at what is commonly wrong with them.

    Args:
        values: `(n, samples)` floats in -1..1.

    Raises:
        TypeError: If they are whole numbers: samples of a file that were not scaled.
        ValueError: If the shape is another, values are missing, or far above 1.
    """
    waveforms = np.asarray(values)
    if waveforms.dtype.kind in "iu":
        largest = np.iinfo(waveforms.dtype).max + 1
        raise TypeError(
            f"Expected waveforms as floats in -1..1. Whole numbers are samples as a file stores them: divide by {largest}. "
            f"Received: waveforms.dtype={waveforms.dtype}."
        )
    if waveforms.ndim != 2:
        hint = " Two channels: take their mean first." if waveforms.ndim == 3 else ""
        raise ValueError(f"Expected waveforms (n, samples).{hint} Received: waveforms.shape={waveforms.shape}.")
    if not np.isfinite(waveforms).all():
        raise ValueError(f"Waveforms hold NaN or infinity. Received: missing={np.sum(~np.isfinite(waveforms))}.")
    if waveforms.size and np.abs(waveforms).max() > 8:
        raise ValueError(
            "Expected waveforms in -1..1. These look like 16-bit samples that were only cast to float: divide by 32768. "
            f"Received: largest absolute value={np.abs(waveforms).max():.4g}."
        )
    return waveforms.astype("float32", copy=False)
