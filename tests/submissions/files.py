"""Files that are damaged, or odd only in their form."""

from __future__ import annotations

import gzip
import json
import random

from tests.submissions.corpus import ROOT, answered, kind, to_bytes


@kind("UUU")
def empty_file():
    return b""


@kind("UUU")
def only_blanks():
    return b" \n\t\r\n" * 100


@kind("UUU")
def cut_in_the_middle():
    data = to_bytes(answered())
    return data[: len(data) // 2]


@kind("UUU")
def last_bracket_missing():
    return to_bytes(answered()).rstrip()[:-1]


@kind("UUU")
def a_script_instead():
    return b"import numpy as np\n\ndef group_split(groups, test_fraction, seed):\n    return [], []\n"


@kind("UUU")
def a_login_page_instead():
    return b"<!DOCTYPE html><html><body><form>Sign in</form><script>alert(1)</script></body></html>"


@kind("UUU")
def a_list_instead():
    return json.dumps(answered()["cells"]).encode()


@kind("UUU")
def no_cells_at_all():
    return b'{"metadata": {}, "nbformat": 4, "nbformat_minor": 5}'


@kind("UUU")
def empty_list_of_cells():
    return b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'


@kind("UUU")
def cells_is_text():
    return b'{"cells": "group_split", "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'


@kind("UUU")
def random_bytes():
    return random.Random(0).randbytes(5000)


@kind("UUU")
def compressed():
    return gzip.compress(to_bytes(answered()), mtime=0)


@kind("UUU")
def nested_without_end():
    return b'{"cells": ' + b"[" * 200_000


@kind("UUU")
def integer_with_a_million_digits():
    return b'{"cells": [], "nbformat": ' + b"9" * 1_000_000 + b"}"


@kind("UUU")
def too_many_cells():
    notebook = answered()
    notebook["cells"] = notebook["cells"][:1] * 6000
    return notebook


@kind("UUU")
def another_exercise():
    return (ROOT / "solutions/03_what_layers_know.ipynb").read_bytes()


@kind("UUU")
def a_lesson_instead_of_the_exercise():
    return {"cells": [{"cell_type": "code", "metadata": {}, "source": "print('hello')"}], "metadata": {}}


@kind("UUU")
def two_notebooks_in_one_file():
    return to_bytes(answered()) * 2


@kind("UUU")
def merge_conflict():
    return to_bytes(answered()).replace(b'"cells": [', b'"cells": [\n<<<<<<< HEAD\n')


@kind("EEE")
def right():
    return answered()


@kind("EEE")
def byte_order_mark():
    return b"\xef\xbb\xbf" + to_bytes(answered())


@kind("EEE")
def latin_1():
    notebook = answered()
    notebook["cells"][0]["source"] = ["# Lösung von Zoë\n"]
    return json.dumps(notebook, ensure_ascii=False).encode("latin-1", errors="replace")


@kind("EEE")
def utf_16():
    return to_bytes(answered()).decode().encode("utf-16")


@kind("EEE")
def carriage_returns():
    notebook = answered()
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"]).replace("\n", "\r\n")
    return json.dumps(notebook, indent=1).replace("\n", "\r\n").encode()


@kind("EEE")
def minor_version_0_without_ids():
    notebook = answered()
    notebook["nbformat_minor"] = 0
    for cell in notebook["cells"]:
        del cell["id"]
    return notebook


@kind("EEE")
def format_3():
    notebook = answered()
    cells = [
        {"cell_type": "code", "input": c["source"], "language": "python", "collapsed": False, "outputs": []}
        if c["cell_type"] == "code"
        else {"cell_type": "markdown", "source": c["source"]}
        for c in notebook["cells"]
    ]
    return json.dumps({"metadata": {}, "nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": cells}]}).encode()


@kind("EEE")
def all_ids_alike():
    notebook = answered()
    for cell in notebook["cells"]:
        cell["id"] = "same"
    return notebook


@kind("EEE")
def kernel_of_another_language():
    notebook = answered()
    notebook["metadata"]["kernelspec"] = {"display_name": "R", "language": "R", "name": "ir"}
    return notebook


@kind("EEE")
def kernel_that_does_not_exist():
    notebook = answered()
    notebook["metadata"]["kernelspec"] = {"display_name": "my env", "language": "python", "name": "conda-env-tf-py"}
    return notebook


@kind("EEE")
def no_metadata():
    notebook = answered()
    return {"cells": [{"cell_type": c["cell_type"], "source": c["source"]} for c in notebook["cells"]]}


@kind("EEE")
def metadata_of_wrong_types():
    notebook = answered()
    notebook["metadata"] = [1, None]
    for number, cell in enumerate(notebook["cells"]):
        cell["metadata"] = [None, 7, [], {"nbgrader": 3}, {"nbgrader": {"grade_id": 5}}][number % 5]
    return notebook


@kind("EEE")
def saved_by_colab():
    notebook = answered()
    notebook["metadata"]["colab"] = {"provenance": [], "name": "Copy of 00_start_here.ipynb"}
    notebook["nbformat_minor"] = 0
    for number, cell in enumerate(notebook["cells"]):
        cell.pop("id")
        cell["metadata"] = {"id": f"x{number}", "outputId": "y", "colab": {"base_uri": "https://localhost:8080/"}}
        cell["source"] = "".join(cell["source"])
    return notebook


@kind("EEE")
def some_cells_are_nonsense():
    notebook = answered()
    notebook["cells"][3:3] = [None, 5, "text", {"cell_type": "code", "source": 5}, {"cell_type": 3, "source": ["a", 1]}, {}]
    return notebook


@kind("EEE")
def outputs_full_of_scripts():
    notebook = answered()
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            page = {"text/html": ["<script>alert(1)</script>"], "application/javascript": "alert(2)"}
            cell["outputs"] = [{"output_type": "display_data", "data": page, "metadata": {}}]
    return notebook


@kind("EEE")
def null_bytes_and_lone_surrogates_in_text():
    notebook = answered()
    notebook["cells"][4:4] = [{"cell_type": "code", "metadata": {}, "source": "x = '\\ud800'\n"}]
    return json.dumps(notebook).replace("# 00", "\\ud800\\u0000# 00").encode()


@kind("EEE")
def a_cell_of_three_megabytes():
    notebook = answered()
    notebook["cells"].append({"cell_type": "code", "metadata": {}, "source": "x = 1  # " + "a" * 3 * 2**20})
    return notebook
