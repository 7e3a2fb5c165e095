"""Answers that are unfinished or wrong in the ways of beginners, and right ones with noise around them."""

from __future__ import annotations

from tests.submissions.corpus import RIGHT, WRONG, inserted, kind, place, released

_BODY = RIGHT["0.1"].split("\n", 1)[1]
_HEAD = "def group_split(groups, test_fraction, seed):\n"


@kind("NNN")
def nothing_filled_in():
    return released()


@kind("ENN")
def first_task_alone():
    notebook = released()
    notebook["cells"][place(notebook, "0.1")]["source"] = RIGHT["0.1"]
    return notebook


@kind("NEE")
def plainly_wrong():
    return {"a": WRONG}


@kind("NEE")
def syntax_error():
    return {"a": RIGHT["0.1"].replace("seed):", "seed)")}


@kind("NEE")
def mixed_tabs_and_spaces():
    return {"a": _HEAD + "\tplants = 1\n        return plants\n"}


@kind("NEE")
def cell_stops_before_its_definition():
    return {"a": "data = open('my_data.csv')\n" + RIGHT["0.1"]}


@kind("NEE")
def cell_that_only_raises():
    return {"a": "raise ValueError('<script>alert(1)</script>')"}


@kind("EEE")
def cell_stops_after_its_definition():
    return {"a": RIGHT["0.1"] + "\n\nprint(group_split(undefined_groups, 0.3, 0))"}


@kind("NEE")
def returns_nothing():
    return {"a": RIGHT["0.1"].replace("return ", "result = ")}


@kind("NEE")
def prints_the_result():
    return {"a": RIGHT["0.1"].replace("return np.flatnonzero(~in_test), ", "print(").replace("(in_test)", "(in_test))")}


@kind("NEE")
def result_in_place_of_the_function():
    return {"a": RIGHT["0.1"] + "\ngroup_split = group_split(np.arange(9) // 3, 0.3, 0)"}


@kind("NEE")
def wrong_number_of_arguments():
    return {"a": RIGHT["0.1"].replace("groups, test_fraction, seed", "groups")}


@kind("NEE")
def name_missing_inside():
    return {"a": RIGHT["0.1"].replace("np.random", "nump.random")}


@kind("UEE")
def package_that_is_not_installed():
    return {"a": "import a_package_that_nobody_has\n" + RIGHT["0.1"]}


@kind("UEE")
def package_that_is_not_installed_inside_the_function():
    return {"a": _HEAD + "    import another_package_that_nobody_has\n" + _BODY}


@kind("EEE")
def warnings_and_errors_on_stderr():
    noise = "    import sys, warnings\n    warnings.warn('careful')\n    print('ERROR: failed', file=sys.stderr)\n"
    return {"a": _HEAD + noise + _BODY}


@kind("EEE")
def prints_a_hundred_megabytes():
    return {"c": RIGHT["0.3"].replace(":\n", ":\n    print('x' * 10_000_000)\n", 1)}


@kind("EEE")
def writes_to_standard_output_by_hand():
    return inserted(4, "import os, sys\nos.write(1, b'TLC1' + bytes(1000))\nsys.__stdout__.write('x')\nsys.stdout.flush()")


@kind("EEE")
def standard_output_closed():
    return inserted(4, "import sys\nsys.stdout.close()\nsys.stderr.close()\nsys.stdin.close()")


@kind("NEE")
def unseeded_split():
    return {"a": RIGHT["0.1"].replace("default_rng(seed)", "default_rng()")}


@kind("EEE")
def global_random_state_used():
    return inserted(4, "np.random.seed(1)\nimport random\nrandom.seed(2)\nrandom.random()")


@kind("NEE")
def recursion_without_end():
    return {"a": _HEAD + "    return group_split(groups, test_fraction, seed)"}


@kind("NEE")
def two_arrays_of_other_lengths():
    return {"a": _HEAD + "    return np.arange(3), np.arange(5)"}


@kind("NEE")
def floats_in_place_of_positions():
    return {"a": RIGHT["0.1"].replace("np.flatnonzero(in_test)", "np.flatnonzero(in_test) * 1.0")}


@kind("NEE")
def nan_everywhere():
    return {"a": _HEAD + "    return np.full(5, np.nan), np.full(5, np.inf)"}


@kind("NEE")
def ragged_lists():
    return {"a": _HEAD + "    return [[1], [2, 3]], [[4, [5]]]"}


@kind("NEE")
def lazy_generator():
    return {"a": _HEAD + "    yield 1\n    yield 2"}


@kind("NEE")
def generator_without_end_as_array():
    return {"a": _HEAD + "    return (i for i in range(10**7)), [1]"}


@kind("EEN")
def visible_case_only():
    stored = "from tlcourse.tasks import find_task\n_known = find_task('0.3').make_case(0)\n"
    body = (
        "    for run, truth in zip(_known.inputs['runs'], _known.secret['misaligned']):\n"
        "        if np.array_equal(run['labels'], labels) and np.array_equal(run['predicted'], predicted):\n"
        "            return truth\n    return False\n"
    )
    return {"c": stored + "def lost_their_order(labels, predicted, reported_accuracy):\n" + body}
