"""Sources to notebooks: markers, ids, metadata, and committed notebooks that equal their sources."""

from __future__ import annotations

import json
import re
import subprocess

import nbformat
import pytest

from tlcourse.authoring import REPAIR, SourceError, build_notebook, lint_source, stale_files
from tlcourse.authoring.markers import make_stub
from tlcourse.config import REPOSITORY

EXERCISE = """# %% [markdown]
# # Exercise
# Text.

# %% [markdown]
# ## Task 0.1: a "careful" split
# Why.

# %%
def split(groups):
    ### BEGIN SOLUTION
    return groups
    ### END SOLUTION


# %% tags=["solution"]
print("for instructors")

# %%
check("0.1", split)
"""


def build(text, folder="exercises"):
    return json.loads(build_notebook(text, "content/exercises/00_x.py", "00_x", folder))


def sources(notebook):
    return ["".join(cell["source"]) for cell in notebook["cells"]]


def test_a_solution_becomes_a_stub_that_names_its_task_at_its_indent():
    text = sources(build(EXERCISE))[4]
    assert text == 'def split(groups):\n    raise NotImplementedError("Task 0.1: a \\"careful\\" split")'
    space = {}
    exec(text, space)
    with pytest.raises(NotImplementedError, match=r'Task 0\.1: a "careful" split'):
        space["split"]([])


def test_a_class_becomes_one_that_can_be_defined_but_not_used():
    code = 'class Layer(Base):\n    """One."""\n\n    ### BEGIN SOLUTION\n    def call(self, x):\n        return x\n\n    ### END SOLUTION'
    stub = make_stub(code, "Task 0.1: a layer")
    assert stub == (
        'class Layer(Base):\n    """One."""\n\n    def __init__(self, *args, **kwargs):\n'
        '        raise NotImplementedError("Task 0.1: a layer")'
    )
    inside = code.replace(
        "    ### BEGIN SOLUTION\n    def call(self, x):\n        return x\n\n    ### END SOLUTION",
        "    def call(self, x):\n        ### BEGIN SOLUTION\n        return x\n        ### END SOLUTION",
    )
    assert make_stub(inside, "Task 0.1: a layer").endswith(
        '    def call(self, x):\n        raise NotImplementedError("Task 0.1: a layer")'
    )


def test_a_value_becomes_one_that_is_not_filled_in():
    code = "### BEGIN SOLUTION\nx = 1\nfirst, rate = x, 3\n### END SOLUTION\nprint(rate)"
    stub = "x = ...  # Task 0.1: a rate\nfirst = ...  # Task 0.1: a rate\nrate = ...  # Task 0.1: a rate\nprint(rate)"
    assert make_stub(code, "Task 0.1: a rate") == stub


def test_the_solution_keeps_the_answer_and_loses_the_markers():
    text = "\n".join(sources(build(EXERCISE, "solutions")))
    assert "return groups" in text
    assert "for instructors" in text
    assert "SOLUTION" not in text


def test_cells_tagged_solution_stay_out_of_the_exercise():
    assert "for instructors" not in "\n".join(sources(build(EXERCISE)))


def test_the_same_source_gives_the_same_bytes_and_a_valid_notebook():
    arguments = (EXERCISE, "content/exercises/00_x.py", "00_x", "exercises")
    assert build_notebook(*arguments) == build_notebook(*arguments)
    nbformat.validate(nbformat.reads(build_notebook(*arguments), as_version=4))


def test_a_new_cell_changes_no_id_of_the_others_and_ids_are_unique():
    before = [cell["id"] for cell in build(EXERCISE)["cells"]]
    more = EXERCISE.replace("# %%\ncheck", "# %%\nx = 1\n\n# %%\nx = 1\n\n# %%\ncheck")
    after = [cell["id"] for cell in build(more)["cells"]]
    assert [i for i in after if i in before] == before
    assert len(after) == len(set(after)) == len(before) + 2


def test_answers_and_checks_carry_the_metadata_of_nbgrader():
    marks = [cell["metadata"]["nbgrader"] for cell in build(EXERCISE)["cells"] if "nbgrader" in cell["metadata"]]
    assert [(m["solution"], m["grade"], m["grade_id"]) for m in marks] == [
        (True, False, "task-0-1"),
        (False, True, "check-0-1"),
    ]
    assert marks[1]["points"] > 0
    assert {m["schema_version"] for m in marks} == {3}


def test_the_badge_and_the_setup_cell_come_after_the_title():
    notebook = build(EXERCISE)
    assert "github/tlcourse/tlcourse/blob/main/exercises/00_x.ipynb" in sources(notebook)[1]
    assert notebook["cells"][2]["metadata"]["tags"] == ["setup"]
    assert 'tlcourse.start("00_x")' in sources(notebook)[2]


def test_only_a_solution_keeps_its_checks_out_of_the_learners_progress():
    off = 'os.environ["TLCOURSE_PROGRESS"] = "off"'
    found = {folder: off in sources(build(EXERCISE, folder=folder))[2] for folder in ("exercises", "solutions")}
    assert found == {"exercises": False, "solutions": True}


@pytest.fixture
def setup_cell(monkeypatch):
    """Run the setup cell where the package is or is not installed, and pip ends as given. Returns the calls that it made."""

    def run(installed, pip=None):
        calls = []
        monkeypatch.setattr("importlib.util.find_spec", lambda name: object() if installed else None)
        monkeypatch.setattr("subprocess.run", lambda command, **options: calls.append(command[1:]) or pip)
        monkeypatch.setattr("tlcourse.start", lambda topic: calls.append(topic))
        exec(sources(build(EXERCISE))[2], {})
        return calls

    return run


def test_the_setup_cell_installs_what_is_missing_and_nothing_else(setup_cell):
    installed, topic = setup_cell(False, subprocess.CompletedProcess([], 0))
    assert installed[:3] == ["-m", "pip", "install"]
    assert installed[-1] == f"git+https://{REPOSITORY}"
    assert topic == "00_x"
    assert setup_cell(True) == ["00_x"]


def test_without_internet_the_setup_cell_says_what_to_do_and_what_pip_said(setup_cell):
    failed = subprocess.CompletedProcess(
        [], 1, stderr="many lines\n" * 100 + "fatal: unable to access: Could not resolve host\n\n"
    )
    with pytest.raises(RuntimeError, match="not installed in this Python, and it could not be downloaded") as caught:
        setup_cell(False, failed)
    text = str(caught.value)
    assert text.index("With internet:") < text.index("Without internet:") < text.index("pip said:")
    assert "`make lab`" in text
    assert "`make course`" in text
    assert text.endswith("Could not resolve host")
    assert text.count("many lines") < 60


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("    ### END SOLUTION\n", "", "not closed"),
        ("    ### BEGIN SOLUTION\n", "", "without '### BEGIN SOLUTION'"),
        ("### BEGIN SOLUTION", "### BEGIN SOLUTIONS", "no marker"),
        ("### BEGIN SOLUTION", "### BEGIN HIDDEN TESTS", "no marker"),
        ("    return groups\n", "", "is empty"),
        ("return groups", "### BEGIN SOLUTION\n    return groups", "still open"),
        ('tags=["solution"]', 'tags=["hidden"]', "only tag"),
        ("## Task 0.1: a", "## A", "no task above"),
        ("# # Exercise", "# Exercise", "starts with the title"),
        ("# Why.\n\n# %%\n", "# Why.\n", "missing before the code"),
    ],
)
def test_a_faulty_source_is_refused_with_file_and_cell(old, new, words):
    assert old in EXERCISE
    with pytest.raises(SourceError, match=words) as caught:
        build(EXERCISE.replace(old, new))
    assert "content/exercises/00_x.py, cell" in str(caught.value)


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("\n".join(f"x{i} = {i}" for i in range(16)), "at most 15 lines"),
        ("from numpy import *", "come from nowhere"),
        ('path = "C:\\\\x"', "one machine"),
        ('path = r"C:\\x"', "one machine"),
        ('path = "/data/flowers"', "one machine"),
        ('check("0.1", split)', "every task has one check cell"),
        ("model.fit(x, y)", "prints as `<History at"),
        ("x = 1\nhistory = fit(\n    3\n)\nfit(3)", "prints as `<History at"),
    ],
)
def test_the_lint_names_habits_that_are_broken(cell, words):
    with pytest.raises(SourceError, match=words):
        lint_source(EXERCISE + f"\n# %%\n{cell}\n", "content/exercises/00_x.py")


@pytest.mark.parametrize("line", ["x = 1  # " + "long " * 19, "# # " + "words " * 17])
def test_a_line_has_at_most_100_characters_and_is_named(line):
    with pytest.raises(SourceError, match=r"00_x.py, line 1: a line has at most 100 .* Received: length=1\d\d"):
        lint_source(f"{line}\n{EXERCISE}", "content/exercises/00_x.py")


def test_rows_of_tables_and_lone_links_may_be_longer():
    longer = f"# | {'cell | ' * 20}\n# - https://example.org/{'x' * 100}\n"
    lint_source(f"{EXERCISE}\n# %% [markdown]\n{longer}", "content/exercises/00_x.py")


@pytest.mark.parametrize("order", [("Quiz", "What to remember", "Read on"), ("What to remember", "Read on", "Quiz")])
def test_a_lesson_ends_in_the_promised_order(order):
    quiz = "\n# ".join(["<details><summary>option</summary>explanation</details>"] * 6)
    parts = [f"# %% [markdown]\n# ## {heading}\n# {quiz if heading == 'Quiz' else 'Text.'}\n" for heading in order]
    opening = "# %% [markdown]\n# # Title\n# After this lesson you can x. 5 minutes. It presumes nothing.\n\n"
    with pytest.raises(SourceError, match="in this order"):
        lint_source(opening + "\n".join(parts), "content/lessons/00_x.py")


def test_committed_notebooks_and_pages_equal_their_sources(root):
    assert stale_files(root) == [], f"Write them again with: {REPAIR}"


def test_a_notebook_links_the_contents_its_neighbours_and_the_other_notebook_of_its_lesson(root):
    for folder, other in (("notebooks", "exercises"), ("exercises", "notebooks"), ("solutions", "notebooks")):
        names = [path.name for path in sorted((root / folder).glob("*.ipynb"))]
        for at, name in enumerate(names):
            cells = json.loads((root / folder / name).read_text(encoding="utf-8"))["cells"]
            (links,) = ["".join(cell["source"]) for cell in cells if "links" in cell["metadata"].get("tags", ())]
            led = re.findall(r"\]\((\.\./[^)#]+)", links)
            neighbours = [f"../notebooks/{n}" for n in names[max(0, at - 1) : at + 2] if n != name]
            assert sorted(led) == sorted(["../README.md", f"../{other}/{name}", *neighbours])
            assert all((root / folder / place).exists() for place in led)
