"""Cells that were moved, copied, split, joined, deleted, renamed, or that hold what is no Python."""

from __future__ import annotations

from tests.submissions.corpus import RIGHT, WRONG, answered, code, inserted, kind, place, released

_OWN_SPLIT = RIGHT["0.1"].replace("group_split", "my_own_split")


@kind("EEE")
def answer_cell_copied():
    return inserted(-1, RIGHT["0.1"])


@kind("EEE")
def unfilled_copy_below_the_answer():
    stub = "".join(released()["cells"][place(released(), "0.1")]["source"])
    return inserted(place(answered(), "0.1") + 1, stub)


@kind("EEE")
def unfilled_cell_left_above_the_answer():
    notebook = released()
    notebook["cells"] = notebook["cells"][: notebook["cells"].index(notebook["cells"][place(notebook, "0.4")])]
    for task, source in RIGHT.items():
        notebook["cells"].insert(place(notebook, task) + 1, code(source))
    return notebook


@kind("EEE")
def cells_in_reverse():
    notebook = answered()
    notebook["cells"].reverse()
    return notebook


@kind("EEE")
def imports_at_the_end():
    notebook = answered()
    imports = next(c for c in notebook["cells"] if "import numpy as np" in "".join(c["source"]))
    notebook["cells"].remove(imports)
    notebook["cells"].append(imports)
    return notebook


@kind("EEE")
def imports_and_an_unfilled_copy_at_the_end():
    stub = "".join(released()["cells"][place(released(), "0.1")]["source"])
    notebook = inserted(-1, stub)
    imports = next(c for c in notebook["cells"] if "import numpy as np" in "".join(c["source"]))
    notebook["cells"].remove(imports)
    notebook["cells"].append(imports)
    return notebook


@kind("EEE")
def helper_defined_far_below():
    source = "def group_split(groups, test_fraction, seed):\n    return my_helper(groups, test_fraction, seed)"
    return inserted(-1, RIGHT["0.1"].replace("group_split", "my_helper"), notebook=answered(a=source))


@kind("EEE")
def definition_split_over_two_cells():
    head, *body = RIGHT["0.1"].splitlines(keepends=True)
    notebook = answered(a=head)
    notebook["cells"].insert(place(notebook, "0.1") + 1, code("".join(body)))
    return notebook


@kind("EEE")
def everything_in_one_cell():
    notebook = answered()
    text = "import numpy as np\n\n" + "\n\n".join(RIGHT.values())
    notebook["cells"] = [notebook["cells"][0], code(text)]
    return notebook


@kind("EEE")
def checks_deleted():
    notebook = answered()
    notebook["cells"] = [c for c in notebook["cells"] if not "".join(c["source"]).startswith("check(")]
    return notebook


@kind("EEE")
def check_cells_doubled():
    notebook = answered()
    notebook["cells"] = [
        twin for c in notebook["cells"] for twin in ([c, c] if "".join(c["source"]).startswith("check(") else [c])
    ]
    return notebook


@kind("EEE")
def headings_deleted():
    notebook = answered()
    notebook["cells"] = [c for c in notebook["cells"] if c["cell_type"] == "code"]
    return notebook


@kind("EEE")
def setup_deleted():
    notebook = answered()
    notebook["cells"] = [c for c in notebook["cells"] if "setup" not in c["metadata"].get("tags", [])]
    return notebook


@kind("NEE")
def one_answer_deleted():
    notebook = answered()
    del notebook["cells"][place(notebook, "0.1")]
    return notebook


@kind("EEE")
def renamed_with_its_check():
    notebook = answered(a=_OWN_SPLIT)
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"]).replace('check("0.1", group_split)', 'check("0.1", my_own_split)')
    return notebook


@kind("EEE")
def renamed_without_its_check():
    return answered(a=_OWN_SPLIT)


@kind("EEE")
def renamed_and_without_metadata():
    notebook = answered(a=_OWN_SPLIT)
    for cell in notebook["cells"]:
        cell["metadata"] = {}
    return notebook


@kind("EEE")
def renamed_without_metadata_headings_and_checks():
    notebook = answered(
        a=_OWN_SPLIT.replace(":\n", ':\n    """Return (positions for training, positions for testing)."""\n', 1)
    )
    keep = [c for c in notebook["cells"] if c["cell_type"] == "code" and not "".join(c["source"]).startswith("check(")]
    notebook["cells"] = [{"cell_type": "code", "source": c["source"]} for c in keep]
    return notebook


@kind("EEE")
def answer_cell_turned_into_text():
    notebook = answered()
    notebook["cells"][place(notebook, "0.1")]["cell_type"] = "markdown"
    return notebook


@kind("EEE")
def answer_cell_turned_into_raw():
    notebook = answered()
    notebook["cells"][place(notebook, "0.2")]["cell_type"] = "raw"
    return notebook


@kind("EEE")
def wrong_attempt_above_the_right_one():
    return inserted(place(answered(), "0.1"), WRONG)


@kind("NEE")
def wrong_attempt_below_the_right_one():
    return inserted(-1, WRONG)


@kind("EEE")
def name_used_again_after_the_check():
    position = place(answered(), "0.2")
    return inserted(position, "group_split = group_split(np.array([1, 1, 2, 3]), 0.5, 0)\nprint(group_split)")


@kind("EEE")
def global_of_one_task_changed_by_the_next():
    source = RIGHT["0.1"].replace("np.unique", "pick")
    notebook = inserted(place(answered(), "0.1"), "pick = np.unique", notebook=answered(a=source))
    return inserted(place(notebook, "0.2"), "pick = 'something else'", notebook=notebook)


@kind("EEE")
def decorated_in_a_cell_of_its_own():
    return inserted(place(answered(), "0.1") + 1, "import functools\ngroup_split = functools.wraps(group_split)(group_split)")


@kind("EEE")
def lambda_answer():
    return {"c": "lost_their_order = lambda labels, predicted, acc: abs(np.mean(labels == predicted) - acc) > 0.001"}


@kind("EEE")
def callable_object():
    body = RIGHT["0.3"].replace("def lost_their_order(", "def __call__(self, ").replace("\n", "\n    ")
    return {"c": f"class Detector:\n    {body}\n\nlost_their_order = Detector()"}


@kind("EEE")
def names_made_by_running():
    return {
        "a": f"exec({RIGHT['0.1']!r})",
        "c": "globals()['lost_' + 'their_order'] = lambda a, b, acc: abs(np.mean(a == b) - acc) > 1e-3",
    }


@kind("NEE")
def walrus_answer():
    return {"a": "print(group_split := lambda groups, test_fraction, seed: ([], []))"}


@kind("EEE")
def threads_left_running():
    loop = "def work():\n    end = time.monotonic() + 120\n    while time.monotonic() < end: pass\n\n"
    return inserted(4, f"import threading, time\n{loop}threading.Thread(target=work, daemon=True).start()")


@kind("EEE")
def processes_of_its_own():
    return inserted(4, "from multiprocessing import Pool\nwith Pool(2) as pool:\n    print(pool.map(abs, [1, -2]))")


@kind("NEE")
def cell_becomes_another_program():
    return {"a": "import os, sys\nos.execv(sys.executable, ['python', '-c', 'print(1)'])\n" + RIGHT["0.1"]}


@kind("NEE")
def typographic_brackets():
    return {"a": RIGHT["0.1"].replace("(", "（", 1)}


@kind("EEE")
def magics_and_shell_lines():
    return inserted(
        3, "%matplotlib inline\n!pip install -q numpy\nfiles = !ls\nimport numpy as np", "%load_ext autoreload", "!nvidia-smi"
    )


@kind("EEE")
def answer_with_timing_magic():
    return {"a": "%%time\n" + RIGHT["0.1"], "b": RIGHT["0.2"] + "\n%timeit -n 1 1 + 1\n!echo done"}


@kind("EEE")
def cells_of_other_languages():
    return inserted(4, "%%bash\nls everything\nfor i in 1 2; do echo $i; done", "%%html\n<b>x</b>", "%%writefile x.py\nprint(")


@kind("EEE")
def help_lines():
    return inserted(-1, "?np.unique", "np.unique?", "group_split??")


@kind("EEE")
def percent_sign_that_is_no_magic():
    return {"c": RIGHT["0.3"].replace("0.001", "(7\n        % 2) / 1000")}


@kind("EEE")
def await_at_the_top():
    return inserted(4, "import asyncio\nawait asyncio.sleep(0)\nready = True")


@kind("EEE")
def future_import_and_annotations():
    return {"a": "from __future__ import annotations\n" + RIGHT["0.1"].replace("groups,", "groups: Unknown | None,", 1)}


@kind("EEE")
def functions_of_the_notebook_front_end():
    return inserted(4, "display(1)\nget_ipython().run_line_magic('matplotlib', 'inline')\nget_ipython().system('ls')")


@kind("EEE")
def questions_to_the_reader():
    return inserted(4, "name = input('your name? ')")


@kind("EEE")
def upload_from_colab():
    return inserted(3, "from google.colab import files\nfiles.upload()")


@kind("EEE")
def cell_with_an_error_that_has_nothing_to_do_with_it():
    return inserted(
        4, "1 / 0", "undefined_name", "raise KeyboardInterrupt", "import sys; sys.exit(3)", "raise BaseException('x')"
    )


@kind("EEE")
def check_shadowed():
    return inserted(4, "def check(*a):\n    raise RuntimeError('my own check')", "hint = None", "tlcourse = 5")


@kind("EEE")
def ten_thousand_functions():
    return inserted(4, "\n".join(f"def f{i}(): pass" for i in range(10_000)))


@kind("EEE")
def expressions_too_deep_to_compile():
    return inserted(
        4, "x = " + "(" * 5000 + ")" * 5000, "x = " + "-" * 100_000 + "1", "x = 1" + "+1" * 100_000, "a" + ".b" * 100_000
    )


@kind("NEE")
def text_in_place_of_code():
    return {"a": "I would first list the plants and then draw some of them at random."}
