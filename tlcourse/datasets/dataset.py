"""One frozen type for every labelled set of images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tlcourse.datasets.drawing import draw_positions_per_class, frozen_view
from tlcourse.transparency import LAY_ON_WHITE


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled images that nothing can change by accident.

    Args:
        name: What figures and messages call it.
        images: `(n, height, width, 3)` uint8, RGB.
        labels: `(n,)` whole numbers from 0 to the number of classes - 1.
        class_names: One for each label.
        groups: `(n,)` or None; images of one group (a plant, a patient) always stay on one side of a split.
        licence: Of the images.
        origin: Where they come from.
        profile: "embedded", "full", or "own" for images of the reader's own.

    Raises:
        TypeError: If images are no uint8 array, or labels no whole numbers.
        ValueError: If shapes or values do not fit each other.

    Example:
        >>> images = np.zeros((4, 32, 32, 3), "uint8")
        >>> data = tlcourse.Dataset("mine", images, np.array([0, 1, 0, 1]), ("cat", "dog"))
        >>> train, test = data.split(test_fraction=0.5)
        >>> len(train), len(test)
        (2, 2)
    """

    name: str
    images: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...]
    groups: np.ndarray | None = None
    licence: str = ""
    origin: str = ""
    profile: str = ""

    def __post_init__(self) -> None:
        images, labels = np.asarray(self.images), np.asarray(self.labels)
        if images.dtype != np.uint8:
            hint = " They look scaled to 0..1; keep the raw pixels." if images.size and images.max() <= 1 else ""
            raise TypeError(f"Expected images of dtype uint8, 0 to 255.{hint} Received: images.dtype={images.dtype}.")
        if images.ndim != 4 or images.shape[-1] != 3:
            hint = f" {LAY_ON_WHITE}" if images.ndim == 4 and images.shape[-1] == 4 else ""
            raise ValueError(f"Expected images (n, height, width, 3).{hint} Received: images.shape={images.shape}.")
        if labels.shape != (len(images),):
            hint = " One-hot labels: pass labels.argmax(axis=1)." if labels.ndim == 2 else ""
            raise ValueError(
                f"Expected one label an image, shape ({len(images)},).{hint} Received: labels.shape={labels.shape}."
            )
        if not np.issubdtype(labels.dtype, np.integer):
            raise TypeError(f"Expected labels that are whole numbers. Received: labels.dtype={labels.dtype}.")
        if labels.size and not (0 <= labels.min() and labels.max() < len(self.class_names)):
            raise ValueError(
                f"Expected labels from 0 to {len(self.class_names) - 1}. Received: labels={labels.min()} to {labels.max()}."
            )
        groups = None if self.groups is None else np.asarray(self.groups)
        if groups is not None and groups.shape != labels.shape:
            raise ValueError(f"Expected one group an image, shape {labels.shape}. Received: groups.shape={groups.shape}.")
        for field, value in (("images", images), ("labels", labels.astype(np.int64)), ("groups", groups)):
            object.__setattr__(self, field, None if value is None else frozen_view(value))
        object.__setattr__(self, "class_names", tuple(str(name) for name in self.class_names))

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        height, width = self.image_shape[:2]
        groups = "" if self.groups is None else f", {len(np.unique(self.groups))} groups"
        return f"<{self.name}: {len(self):,} images of {height} x {width}, {self.num_classes} classes{groups}, {self.profile}>"

    @property
    def num_classes(self) -> int:
        """Number of classes, drawn or not."""
        return len(self.class_names)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """`(height, width, 3)`."""
        return self.images.shape[1:]

    def subset(self, indices: Sequence[int] | np.ndarray) -> Dataset:
        """Return some of the images, in this order.

        Args:
            indices: Positions or a mask.
        """
        picked = np.asarray(indices)
        if picked.size == 0:
            picked = picked.astype(np.int64)
        groups = None if self.groups is None else self.groups[picked]
        return replace(self, images=self.images[picked], labels=self.labels[picked], groups=groups)

    def positions_per_class(self, count: int, seed: int | Sequence[int] = 0) -> tuple[np.ndarray, np.ndarray]:
        """Draw `count` images of each class at random and say where they and the others are.

        For features, which are rows in the order of the images: `learn, rest = ds.positions_per_class(10)`, then
        `features[learn]`. The same seed with a smaller `count` draws a part of the same images.

        Args:
            count: Images of each class.
            seed: The same seed gives the same draw; several numbers, such as `[seed, draw]`, are one seed.

        Returns:
            `(learn, rest)`, positions, disjoint: `learn` `(count * classes,)`, one class after the other; `rest` ascending.
            Where there are groups, images whose group was drawn from are in neither.

        Raises:
            ValueError: If a class has too few images, so nothing of it would be left in `rest`.
        """
        learn, rest = draw_positions_per_class(self.labels, self.class_names, count, seed, what="images")
        if self.groups is not None:
            rest = rest[~np.isin(self.groups[rest], self.groups[learn])]
        return learn, rest

    def pick_per_class(self, count: int, seed: int | Sequence[int] = 0) -> tuple[Dataset, Dataset]:
        """Draw `count` images of each class at random, as `positions_per_class` does, and return data sets.

        Args:
            count: Images of each class.
            seed: The same seed gives the same draw.

        Returns:
            `(picked, rest)`, disjoint, `picked` shuffled. Where there are groups, images whose group was drawn from are in
            neither.

        Raises:
            ValueError: If a class has too few images, so nothing of it would be left in `rest`.
        """
        learn, rest = self.positions_per_class(count, seed)
        return self.subset(np.random.default_rng(seed).permutation(learn)), self.subset(rest)

    def split(self, test_fraction: float, seed: int = 0) -> tuple[Dataset, Dataset]:
        """Split at random: stratified by class, or by group where there are groups.

        Args:
            test_fraction: Share of the images (of the groups) in the second part, between 0 and 1.
            seed: The same seed gives the same split.

        Returns:
            `(train, test)`.
        """
        if not 0 < test_fraction < 1:
            raise ValueError(f"`test_fraction` must lie between 0 and 1. Received: test_fraction={test_fraction!r}.")
        from sklearn.model_selection import GroupShuffleSplit, StratifiedShuffleSplit

        kind = StratifiedShuffleSplit if self.groups is None else GroupShuffleSplit
        splitter = kind(n_splits=1, test_size=test_fraction, random_state=seed)
        train, test = next(splitter.split(self.labels, self.labels, self.groups))
        return self.subset(train), self.subset(test)
