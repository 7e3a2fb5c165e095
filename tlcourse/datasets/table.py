"""One frozen type for labelled tables of people: rows, decisions, groups and, in a made world, the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True, eq=False)
class Table:
    """A labelled table that nothing can change by accident.

    Args:
        name: What figures and messages call it.
        columns: Names of the columns of `rows`. The group is never among them.
        rows: `(n, len(columns))` float32.
        labels: `(n,)` int64, 0 or 1: what was decided or recorded.
        class_names: Two.
        groups: `(n,)` int64, from 0.
        group_names: One for each group.
        representation: `(n, d)` float32 that a pretrained model made from something else about each person, or None.
        truth: `(n,)` int64, what the labels should have been; None in all real data.
        licence: Of the data.
        origin: Where they come from.
        profile: "embedded" or "full".

    Raises:
        ValueError: If shapes or values do not fit each other.

    Example:
        >>> people = tlcourse.load_applicants(100)
        >>> group_b = people.subset(np.flatnonzero(people.groups == 1))
        >>> {group_b.group_names[group] for group in group_b.groups}
        {'B'}
    """

    name: str
    columns: tuple[str, ...]
    rows: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...]
    groups: np.ndarray
    group_names: tuple[str, ...]
    representation: np.ndarray | None = None
    truth: np.ndarray | None = None
    licence: str = ""
    origin: str = ""
    profile: str = ""

    def __post_init__(self) -> None:
        rows = np.asarray(self.rows)
        if rows.ndim != 2 or rows.shape[1] != len(self.columns):
            raise ValueError(
                f"Expected rows of shape (n, {len(self.columns)}), one column a name. Received: shape={rows.shape}."
            )
        for field, names in (("labels", self.class_names), ("truth", self.class_names), ("groups", self.group_names)):
            values = getattr(self, field)
            if values is None:
                continue
            if np.shape(values) != (len(rows),):
                raise ValueError(f"Expected {field} of shape ({len(rows)},). Received: shape={np.shape(values)}.")
            if len(rows) and not (0 <= np.min(values) and np.max(values) < len(names)):
                raise ValueError(
                    f"Expected {field} from 0 to {len(names) - 1}. Received: {field}={np.min(values)} to {np.max(values)}."
                )
        if self.representation is not None and np.shape(self.representation)[:1] != (len(rows),):
            raise ValueError(f"Expected a representation of {len(rows)} rows. Received: shape={np.shape(self.representation)}.")
        for field in ("rows", "labels", "groups", "representation", "truth"):
            if getattr(self, field) is not None:
                view = np.asarray(getattr(self, field)).view()
                view.flags.writeable = False
                object.__setattr__(self, field, view)

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        groups = ", ".join(self.group_names)
        return f"<{self.name}: {len(self):,} rows of {len(self.columns)} columns, groups {groups}, {self.profile}>"

    def subset(self, indices: Sequence[int] | np.ndarray) -> Table:
        """Return some of the rows, in this order.

        Args:
            indices: Positions or a mask.
        """
        picked = np.asarray(indices)
        if picked.size == 0:
            picked = picked.astype(np.int64)
        arrays = {field: getattr(self, field) for field in ("rows", "labels", "groups", "representation", "truth")}
        return replace(self, **{field: array[picked] for field, array in arrays.items() if array is not None})
