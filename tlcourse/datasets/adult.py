"""UCI Adult in its owners' format: who earned more than 50,000 dollars a year in the US census of 1994."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tlcourse.arguments import require_one_of
from tlcourse.files import lines_of

COLUMNS = (
    "age workclass fnlwgt education education-num marital-status occupation relationship race sex capital-gain capital-loss "
    "hours-per-week native-country income"
).split()
NUMBERS = ("age", "education-num", "capital-gain", "capital-loss", "hours-per-week")
_LEFT_OUT = ("fnlwgt", "education", "income")  # a weight of the survey; the same as education-num; the label
_FILES = {"train": "adult.data", "test": "adult.test"}


def read_adult(folder: Path, split: str, group: str) -> tuple[list[str], np.ndarray, np.ndarray, np.ndarray, tuple[str, ...]]:
    """Read one split of Adult: numbers as they are, one column of 0 and 1 for each other value.

    The columns follow from both files, so both splits have the same ones.

    Args:
        folder: Holds `adult.data` and `adult.test`.
        split: "train" or "test", as the owners split them.
        group: "sex" or "race": that column becomes the groups and is left out of the rows.

    Returns:
        Names of the columns, rows `(n, columns)` float32, labels `(n,)` int64 (1: above 50,000), groups `(n,)` int64, names of the
        groups.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If a line has another form, or `split` or `group` is unknown.
    """
    require_one_of("split", split, _FILES)
    require_one_of("group", group, ("sex", "race"))
    tables = {name: _read(folder / file) for name, file in _FILES.items()}
    own = tables[split]
    names, columns = [], []
    for place, column in enumerate(COLUMNS):
        if column in NUMBERS:
            names.append(column)
            columns.append(np.array([row[place] for row in own], np.float32))
        elif column not in (*_LEFT_OUT, group):
            for value in sorted({row[place] for table in tables.values() for row in table}):
                names.append(f"{column}: {'unknown' if value == '?' else value}")
                columns.append(np.array([row[place] == value for row in own], np.float32))
    kinds = sorted({row[COLUMNS.index(group)] for table in tables.values() for row in table})
    groups = np.array([kinds.index(row[COLUMNS.index(group)]) for row in own], np.int64)
    labels = np.array([row[-1] == ">50K" for row in own], np.int64)
    return names, np.stack(columns, axis=1), labels, groups, tuple(kinds)


def _read(path: Path) -> list[list[str]]:
    if not path.is_file():
        raise FileNotFoundError(f"There is no {path.name} in {path.parent}. Remove the folder, and it is fetched again.")
    rows = []
    for number, line in enumerate(lines_of(path), 1):
        if not line.strip() or line.startswith("|"):  # adult.test opens with a remark
            continue
        row = [value.strip() for value in line.split(",")]
        row[-1] = row[-1].rstrip(".")  # labels of adult.test end in a full stop
        if len(row) != len(COLUMNS) or row[-1] not in ("<=50K", ">50K"):
            raise ValueError(
                f"{path.name}, line {number}: expected {len(COLUMNS)} values, the last <=50K or >50K. Received: line={line[:80]!r}."
            )
        rows.append(row)
    if not rows:
        raise ValueError(
            f"{path.name} holds no line of data. Remove {path.parent}, and it is fetched again. Received: rows={rows}."
        )
    return rows
