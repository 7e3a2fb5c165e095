"""What the first cell of a lesson says about it: title, minutes, and what one can do after it. README's table is made of that."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tlcourse.authoring.markers import SourceError
from tlcourse.authoring.notebooks import badge
from tlcourse.authoring.sources import read_source

BEGIN_LESSONS, END_LESSONS = "<!-- lessons: made by `make notebooks` -->", "<!-- end of lessons -->"


@dataclass(frozen=True)
class Opening:
    """The first cell of a lesson: `title` without its number, `minutes`, and `abilities`, one for each point of its list."""

    topic: str
    title: str
    minutes: int
    abilities: tuple[str, ...]


def read_opening(path: Path) -> Opening:
    """Read the first cell of `content/lessons/NN_topic.py`.

    Raises:
        SourceError: If the cell does not say title, abilities and minutes in the form that `make lesson` writes.
    """
    text = read_source(path.read_text(encoding="utf-8"), path.name)[0].text
    title = re.match(rf"# {path.stem[:2]} · (.+)", text)
    listed = re.search(r"\*\*After this lesson you can\*\*\n((?:- .+\n(?:  .+\n)*)+)", text)
    minutes = re.search(r"\*\*Time:\*\* (\d+) minutes", text)
    if not (title and listed and minutes):
        raise SourceError(
            f"{path.name}: expected `# {path.stem[:2]} · Title`, `**After this lesson you can**` with a list below it, and "
            f"`**Time:** N minutes` in the first cell. Received: {text[:80]!r}."
        )
    points = re.split(r"\n- ", "\n" + listed[1].strip())[1:]
    return Opening(path.stem, title[1].strip(), int(minutes[1]), tuple(" ".join(point.split()) for point in points))


def table_of_lessons(root: Path) -> str:
    """Return the table of lessons for the README: links, minutes, and what one can do after each lesson."""
    rows = ["| lesson | exercise | minutes | after it you can |", "|---|---|---|---|"]
    for path in sorted((root / "content" / "lessons").glob("*.py")):
        lesson = read_opening(path)
        name = f"{lesson.topic}.ipynb"
        rows.append(
            f"| [{lesson.topic[:2]} {lesson.title}](notebooks/{name}) {badge('notebooks', lesson.topic, 'Colab')} "
            f"| [exercise](exercises/{name}) | {lesson.minutes} | {' '.join(lesson.abilities)} |"
        )
    return "\n".join(rows)


def with_table(readme: str, table: str) -> str:
    """Return the README with `table` between its two marks.

    Raises:
        SourceError: If the README has not exactly one mark of each kind.
    """
    if readme.count(BEGIN_LESSONS) != 1 or readme.count(END_LESSONS) != 1:
        raise SourceError(f"README.md: expected one line {BEGIN_LESSONS!r} and, below the table, one line {END_LESSONS!r}.")
    before, rest = readme.split(BEGIN_LESSONS)
    return f"{before}{BEGIN_LESSONS}\n\n{table}\n\n{END_LESSONS}{rest.split(END_LESSONS)[1]}"
