"""Pages that are made of sources: README's table of lessons, the glossary, the API reference."""

from __future__ import annotations

import pytest

from tlcourse.authoring import SourceError
from tlcourse.authoring.opening import BEGIN_LESSONS, END_LESSONS, read_opening, with_table
from tlcourse.authoring.reference import find_definition, public_names, signature
from tlcourse.authoring.vocabulary import avoided, definitions

LESSON = """\
# %% [markdown]
# # 07 · Data bias
#
# Why.
#
# **After this lesson you can**
# - find the group
#   that an average hides;
# - lift it.
#
# **Time:** 40 minutes. **It presumes** lesson 00. A **group
# shift** is a change of the shares of groups (of all kinds). It comes next.
"""


@pytest.fixture
def course(tmp_path):
    for name, text in {
        "content/lessons/07_bias.py": LESSON,
        "content/vocabulary.toml": '[terms]\n"group shift" = "07"\n"leakage" = "07"\n[avoid]\n',
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_title_minutes_and_abilities_come_from_the_first_cell(course):
    opening = read_opening(course / "content/lessons/07_bias.py")
    assert (opening.title, opening.minutes) == ("Data bias", 40)
    assert opening.abilities == ("find the group that an average hides;", "lift it.")


@pytest.mark.parametrize("gone", ["# # 07 · Data bias", "**After this lesson you can**", "**Time:** 40 minutes"])
def test_a_first_cell_that_lacks_one_of_them_is_named(course, gone):
    path = course / "content/lessons/07_bias.py"
    path.write_text(LESSON.replace(gone, "# Text"))
    with pytest.raises(SourceError, match=r"07_bias.py: expected `# 07 · Title`.* Received:"):
        read_opening(path)


def test_the_table_is_put_between_its_marks_and_nothing_else_changes():
    readme = f"before\n{BEGIN_LESSONS}\nold\n{END_LESSONS}\nafter\n"
    new = with_table(readme, "| new |")
    assert new == f"before\n{BEGIN_LESSONS}\n\n| new |\n\n{END_LESSONS}\nafter\n"
    assert with_table(new, "| new |") == new
    with pytest.raises(SourceError, match="expected one line"):
        with_table(readme.replace(END_LESSONS, ""), "| new |")


def test_a_term_is_defined_by_the_first_sentence_that_has_it_in_bold(course):
    assert definitions(course) == {"group shift": "A **group shift** is a change of the shares of groups (of all kinds)."}


def test_avoided_words_are_found_in_prose_over_line_ends_and_not_in_code():
    avoid = {r"\bby lot\b": "at random"}
    text = "# drawn by\n# lot, see `by lot`\n```\nby lot\n```\nand By lot\n"
    assert list(avoided(text, avoid)) == ["line 1: 'by # lot'; write: at random", "line 6: 'By lot'; write: at random"]


def test_the_reference_follows_a_name_to_its_definition_and_shows_how_it_is_called(tmp_path):
    room = tmp_path / "tlcourse" / "room"
    room.mkdir(parents=True)
    (room / "__init__.py").write_text('from tlcourse.room.work import Row, run\n\n__all__ = ["Row", "run"]\n')
    (room / "work.py").write_text(
        "class Row:\n    name: str\n    size: int = 3\n\n"
        "def run(rows: list[Row], /, *rest: int, seed: int = 0, **options: str) -> Row:\n    ...\n"
    )
    names = public_names(room / "__init__.py")
    shown = [signature(find_definition(room / "__init__.py", name)) for name in names]
    assert shown == ["Row(name, size=3)", "run(rows, /, *rest, seed=0, **options)"]
