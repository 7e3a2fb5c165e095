"""Write the five files of a new lesson: each says what is still to be written, and nothing passes before it is."""

from __future__ import annotations

import re
from pathlib import Path

from tlcourse.files import write_whole

TO_WRITE = "To write:"  # no source with these words becomes a notebook

_LESSON = """\
# %% [markdown]
# # {number} · {title}
#
# {to_write} what the lesson is about, in at most five sentences.
#
# **After this lesson you can**
# - {to_write} what a learner can do;
# - {to_write} what else.
#
# **Time:** 40 minutes. **It presumes** lesson 00.

# %%
from tlcourse import evaluate

# %%
# Settings
per_class = 20  # images of each class to learn from

# %% [markdown]
# ## 1. {to_write} a heading for each step

# %% [markdown]
# ## What to remember
#
# - {to_write} three to five points.
#
# ## Quiz
#
# **1. {to_write} a question, three in all**
#
# <details><summary>{to_write} an option</summary>Why it is right.</details>
# <details><summary>{to_write} another option</summary>Why it is wrong.</details>
#
# ## Read on
#
# - {to_write} author (year): title. Where to find it.
"""
_EXERCISE = """\
# %% [markdown]
# # {number} · Exercise: {title_in_text}
#
# {to_write} what the tasks have in common. **Time:** 30 minutes. You need lesson {number}.

# %%
from tlcourse import check, hint

# %% [markdown]
# ## Task {lesson}.1: {to_write} a title
#
# {to_write} what the function gets, what it returns, and why that matters.


# %%
def answer(values):
    \"\"\"{to_write} what is returned.\"\"\"
    ### BEGIN SOLUTION
    return values
    ### END SOLUTION


# %%
check("{lesson}.1", answer)
"""
_BANK = '''\
"""Right and wrong answers to the tasks of lesson {number}. The form of this file: docs/checks.md."""

# %% task {lesson}.1

# %% right: to write
raise NotImplementedError("{to_write} at least three right answers, written differently, and four wrong ones.")
'''
_TASKS = '''\
"""Tasks of lesson {number}: {title_in_text}."""

from __future__ import annotations

from typing import Any

from tlcourse.checks import Case, Task, Verdict, call, earned


def _answer_case(seed: int) -> Case:
    raise NotImplementedError("{to_write} the case of task {lesson}.1, drawn from `seed`.")


def _answer_probe(answer: Any, inputs: Any) -> Any:
    return {{"result": call(answer, inputs["values"])}}


def _answer_judge(case: Case, evidence: Any) -> Verdict:
    return earned()


TASKS = (
    Task(
        id="{lesson}.1",
        title="{to_write} a title",
        points=1,
        hints=("{to_write} a nudge.", "{to_write} a pointer.", "{to_write} a line that works."),
        answer_name="answer",
        misconceptions={{}},
        make_case=_answer_case,
        probe=_answer_probe,
        judge=_answer_judge,
    ),
)
'''
_TEST = '''\
"""What belongs to lesson {number}: {title_in_text}."""

import pytest


def test_what_the_lesson_writes_out_agrees_with_the_package():
    pytest.fail("{to_write} what lesson {number} writes out and the package has too, on toys; or remove this file.")
'''
_FILES = {
    "content/lessons/{topic}.py": _LESSON,
    "content/exercises/{topic}.py": _EXERCISE,
    "content/banks/{topic}.py": _BANK,
    "tlcourse/tasks/tasks_{topic}.py": _TASKS,
    "tests/lessons/test_{topic}.py": _TEST,
}


def write_lesson(root: Path, topic: str) -> list[Path]:
    """Write the five files of a new lesson, to be filled by its author.

    Args:
        root: The repository.
        topic: Number and name, such as `17_speech`.

    Returns:
        The paths of the files.

    Raises:
        ValueError: If the name is malformed, or a file of a lesson with this number exists.
    """
    if not re.fullmatch(r"\d\d_[a-z][a-z0-9]*(_[a-z0-9]+)*", topic):
        raise ValueError(
            "A topic is two digits and lower-case words, joined by underscores, such as 17_speech: `make lesson TOPIC=17_speech`. "
            f"Received: topic={topic!r}."
        )
    number = topic[:2]
    taken = sorted(path.relative_to(root).as_posix() for name in _FILES for path in root.glob(name.format(topic=f"{number}_*")))
    if taken:
        raise ValueError(f"Lesson {number} exists: {', '.join(taken)}. Choose another number. Received: topic={topic!r}.")
    title = topic[3:].replace("_", " ")
    words = {
        "number": number,
        "lesson": int(number),
        "title": title.capitalize(),
        "title_in_text": title,
        "to_write": TO_WRITE,
    }
    written = []
    for name, text in _FILES.items():
        path = root / name.format(topic=topic)
        write_whole(path, text.format(**words))
        written.append(path)
    return written
