"""Applicants for a job: their forms, their letters as a pretrained text encoder reads them, who was hired, and who should have been.

Only a made world can say who would have done the job well, and so who is harmed by an error of a model. The groups are called A and B.
They stand for no real group of people, and no number here says anything about one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tlcourse.arguments import require_number, require_whole

COLUMNS = ("test score", "school grade", "years in the trade", "months between jobs", "kilometres to work")
DIMENSIONS = 32  # of the representation


@dataclass(frozen=True)
class Applicants:
    """What `draw_applicants` returns; every array has one entry or row an applicant.

    Args:
        form: `(n, 5)` float32, the columns of `COLUMNS`. The group is not among them.
        representation: `(n, 32)` float32, what the pretrained encoder makes of the letter of application.
        groups: `(n,)` int64, 0 for A, 1 for B.
        hired: `(n,)` int64, what people decided in the past: the labels that a company has.
        suited: `(n,)` int64, who would do the job well: the truth, which no company has.
    """

    form: np.ndarray
    representation: np.ndarray
    groups: np.ndarray
    hired: np.ndarray
    suited: np.ndarray


def draw_applicants(
    count: int,
    seed: int = 0,
    *,
    prejudice: float = 0.8,
    association: float = 0.5,
    leak: float = 1.0,
    blur: float = 1.0,
    skill_gap: float = 0.0,
) -> Applicants:
    """Draw applicants of two groups of equal size on average.

    Skill has standard deviation 1 in both groups; applicants with more than 0 are suited. Past decisions saw skill with noise, and
    subtracted `prejudice` for group B. Form and letter are noisy signs of skill. A knob changes only what it is named after: the
    same seed gives the same applicants.

    Args:
        count: 2 or more.
        seed: 0 or more.
        prejudice: How many standard deviations more skill people of B had to have to be hired, 0 (none) to 3.
        association: How many standard deviations lower the encoder places the letters of B on its direction of skill, 0 to 3: what it
            learned from texts in which people of B are seldom praised.
        leak: How clearly the representation says which group somebody belongs to, 0 (not at all) to 3.
        blur: Standard deviation of the noise with which the encoder reads skill, 0 (a perfect reader) to 5.
        skill_gap: How many standard deviations lower the mean skill of B is, -2 to 2; for what happens when groups really differ.

    Returns:
        The applicants.

    Raises:
        ValueError: If an argument is out of range.
    """
    require_whole("count", count, 2)
    require_whole("seed", seed, 0)
    for name, value in (("prejudice", prejudice), ("association", association), ("leak", leak)):
        require_number(name, value, 0, 3)
    require_number("blur", blur, 0, 5)
    require_number("skill_gap", skill_gap, -2, 2)
    rng = np.random.default_rng(seed)
    group = (rng.random(count) < 0.5).astype(np.int64)
    skill = rng.standard_normal(count) - skill_gap * group
    noise = rng.standard_normal((count, 7))
    hired = skill + 0.4 * noise[:, 0] - prejudice * group > 0
    form = np.stack(
        [
            60 + 12 * (skill + 0.8 * noise[:, 1]),
            2.5 - 0.5 * (skill + 1.0 * noise[:, 2]),  # 1 is the best grade
            np.maximum(0, 6 + 2.0 * skill + 3.5 * noise[:, 3]),
            np.maximum(0, 5 + 5.0 * group + 5.0 * noise[:, 4]),  # shows the group, and nothing about skill
            np.maximum(1, 12 + 5.0 * group + 8.0 * noise[:, 5]),
        ],
        axis=1,
    )
    directions = np.linalg.qr(np.random.default_rng(20).standard_normal((DIMENSIONS, DIMENSIONS)))[
        0
    ]  # one encoder for all seeds
    read = skill + blur * noise[:, 6] - association * group
    letter = rng.standard_normal((count, DIMENSIONS)) * np.linspace(1.5, 0.3, DIMENSIONS)  # style, topic, length, ...
    letter[:, 3], letter[:, 9] = read, leak * (2.0 * group - 1.0) + 0.5 * letter[:, 9]
    return Applicants(
        form.astype(np.float32),
        (letter @ directions).astype(np.float32),
        group,
        hired.astype(np.int64),
        (skill > 0).astype(np.int64),
    )
