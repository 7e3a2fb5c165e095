"""Tables of people by name: made applicants in both profiles, and a census in the full one."""

from __future__ import annotations

import numpy as np

from tlcourse.arguments import require_whole
from tlcourse.config import profile
from tlcourse.datasets.table import Table


def load_applicants(count: int = 4000, seed: int = 0, **knobs: float) -> Table:
    """Draw applicants for a job, in two groups A and B that stand for no real people; the same in both profiles.

    `labels` is who was hired in the past, by people who were prejudiced against B. `truth` is who would do the job well, which only a
    made world can say. `rows` is what the form says (the group is not on it), `representation` what a pretrained text encoder
    makes of the letter.

    Args:
        count: Applicants, 2 or more.
        seed: 0 or more. Take another one for the applicants to test on.
        knobs: `prejudice`, `association`, `leak`, `blur` and `skill_gap`, as in `tlcourse.worlds.draw_applicants`.

    Raises:
        ValueError: If an argument is out of range.
        TypeError: If there is no such knob.

    Example:
        >>> people = tlcourse.load_applicants(100)
        >>> people.rows.shape, people.group_names
        ((100, 5), ('A', 'B'))
    """
    from tlcourse.worlds import APPLICANT_COLUMNS, draw_applicants

    drawn = draw_applicants(count, seed, **knobs)
    return Table(
        "applicants",
        APPLICANT_COLUMNS,
        drawn.form,
        drawn.hired,
        ("turned down", "hired"),
        drawn.groups,
        ("A", "B"),
        representation=drawn.representation,
        truth=drawn.suited,
        licence="CC0",
        origin="drawn by tlcourse",
        profile=profile(),
    )


def load_adult(split: str = "train", *, group: str = "sex", count: int | None = None, seed: int = 0) -> Table:
    """Load Adult, the census data of 1994 on which many papers on fairness rest; full profile only.

    Labels say who earned more than 50,000 dollars a year. That is a number of the questionnaire, no merit and no decision, and it was
    a high income in 1994. Some columns nearly give the group away (relationship: Husband, Wife). Ding et al. 2021, "Retiring Adult",
    say why results on it should not be carried over to decisions of today.

    Args:
        split: "train" (32,561 rows) or "test" (16,281), as the owners split them.
        group: "sex" or "race", as the census named them; that column is taken out of the rows.
        count: Rows drawn at random; all if None.
        seed: Of that draw.

    Raises:
        ValueError: If an argument is out of range, or the profile is embedded.
        FetchError: If the data are not there and cannot be downloaded.

    Example:
        >>> tlcourse.load_adult(count=1000)  # doctest: +SKIP
        <Adult: 1000 rows of 9 columns, groups Female, Male, full>
        >>> tlcourse.load_adult(count=1000)  # in the embedded profile
        Traceback (most recent call last):
        ValueError: Adult belongs to the full profile. ...
    """
    if profile() == "embedded":
        raise ValueError(
            'Adult belongs to the full profile. Either switch with tlcourse.use_profile("full"), or use the made applicants: '
            "tlcourse.load_applicants()."
        )
    from tlcourse.datasets.adult import read_adult
    from tlcourse.fetch import fetch

    columns, rows, labels, groups, names = read_adult(fetch("adult"), split, group)
    table = Table(
        f"Adult, {split}",
        tuple(columns),
        rows,
        labels,
        ("up to 50,000", "above 50,000"),
        groups,
        names,
        licence="CC BY 4.0",
        origin="UCI Adult (Becker, Kohavi 1996)",
        profile="full",
    )
    if count is None:
        return table
    require_whole("count", count, 1, len(table))
    return table.subset(np.random.default_rng(seed).permutation(len(table))[:count])
