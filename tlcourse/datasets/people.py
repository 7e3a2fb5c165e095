"""Tables of people by name: made applicants in both profiles, and a census in the full one."""

from __future__ import annotations

import numpy as np

from tlcourse.config import profile
from tlcourse.datasets.table import Table


def load_applicants(count: int = 4000, seed: int = 0, **knobs: float) -> Table:
    """Draw applicants for a job, in two groups A and B that stand for no real people; the same in both profiles.

    `labels` is who was hired in the past, by people who were prejudiced against B. `truth` is who would do the job well, which only a
    made world can say. `rows` is what the form says (the group is not on it), `representation` what a pretrained text encoder
    makes of the letter.

    Args:
        count: applicants, 2 or more.
        seed: 0 or more. Take another one for the applicants to test on.
        knobs: `prejudice`, `association`, `leak`, `blur` and `skill_gap`, as in `tlcourse.worlds.draw_applicants`.

    Raises:
        ValueError: an argument is out of range.
        TypeError: there is no such knob.
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

    Labels say who earned more than 50,000 dollars a year: a number of the questionnaire, no merit and no decision, and a line that
    was high in 1994. Some columns nearly give the group away (relationship: Husband, Wife). Ding et al. 2021, "Retiring Adult",
    say why results on it should not be carried over to decisions of today.

    Args:
        split: "train" (32,561 rows) or "test" (16,281), as the owners split them.
        group: "sex" or "race", as the census named them; that column is taken out of the rows.
        count: rows drawn at random; all if None.
        seed: of that draw.

    Raises:
        ValueError: an argument is out of range, or the profile is embedded.
        FetchError: the data are neither there nor to be had.
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
    if not 1 <= count <= len(table):
        raise ValueError(f"`count` must lie between 1 and {len(table)}. Received: count={count!r}.")
    return table.subset(np.random.default_rng(seed).permutation(len(table))[:count])
