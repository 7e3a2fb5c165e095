"""A bank is read, not run: cells become answers, and an answer may be another one with some statements replaced."""

import pytest

from tlcourse.checks.bank_file import load_bank, with_changes

BANK = '''"""Answers."""

# %% task 97.1

# %% right: numpy, by column
import numpy as np


def centre(features):
    mean = features.mean(axis=0)
    return features - mean


# %% wrong: one-mean: one "mean" for all
# As "numpy, by column", but:
mean = features.mean()

# %% wrong: changes-input
# As "numpy, by column", but:
features -= mean
return features

# %% task 97.2

# %% right: fails when run
raise SystemExit("an answer was run")
'''


@pytest.fixture
def load(tmp_path):
    def load_text(text):
        path = tmp_path / "97_example.py"
        path.write_text(text)
        return load_bank(path)

    return load_text


def test_cells_become_answers_and_none_of_them_is_run(load):
    banks = load(BANK).banks
    assert list(banks) == ["97.1", "97.2"]
    assert [answer.name for answer in banks["97.1"].right] == ["numpy, by column"]
    assert [(answer.name, answer.misconception) for answer in banks["97.1"].wrong] == [
        ('one "mean" for all', "one-mean"),
        ("changes input", "changes-input"),
    ]
    assert "SystemExit" in banks["97.2"].right[0].source


def test_changed_statements_take_the_place_of_those_that_begin_in_the_same_way(load):
    one_mean, in_place = load(BANK).banks["97.1"].wrong
    assert one_mean.source.endswith("    mean = features.mean()\n    return features - mean\n")
    assert in_place.source.endswith("    mean = features.mean(axis=0)\n    features -= mean\n    return features\n")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ("return 2", "def f(x):\n    if x:\n        return 1\n    return 2\n"),
        ("if x:\n    y = 1", "def f(x):\n    if x:\n        y = 1\n    return 0\n"),
        ("def f(y):\n    return y", "def f(y):\n    return y\n"),
        ("import re\ndef f(y):\n    return y", "import re\ndef f(y):\n    return y\n"),
    ],
)
def test_the_last_statement_that_begins_so_is_replaced_at_its_depth(changes, expected):
    assert with_changes("def f(x):\n    if x:\n        return 1\n    return 0\n", changes) == expected


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            ("mean = features.mean()", "average = 0"),
            r"line 14: The last change must begin like .* Received: changes='average = 0",
        ),
        (("mean = features.mean()", "mean = 0\nmean = 1"), r"line 14: Two changes begin in the same way"),
        (('"numpy, by column", but', '"numpi", but'), r"line 14: .*the name of an answer above, .* Received: name='numpi'"),
        (("wrong: one-mean:", "rong: one-mean:"), r"line 14: A cell starts with .* Received: heading='rong: one-mean"),
        (("wrong: changes-input", 'wrong: x: one "mean" for all'), r"Each answer of a task needs a name of its own"),
        (("# %% task 97.1\n", ""), r"line 4: An answer needs a cell `# %% task N.k` above it"),
    ],
)
def test_what_is_wrong_with_a_bank_is_said_with_its_line(load, changed, message):
    with pytest.raises(ValueError, match=message):
        load(BANK.replace(*changed, 1))


def test_a_hidden_cell_is_run_and_gives_the_seeds_of_the_grader(load):
    hidden = "# %% hidden\nfrom tlcourse.checks.bank import Hidden\n\nHIDDEN = Hidden(seeds=range(5, 9))\n"
    assert load(hidden).hidden.seeds == range(5, 9)
    assert load(BANK).hidden.seeds == range(1000, 2000)
