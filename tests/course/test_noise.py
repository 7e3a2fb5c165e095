"""Noise: an executed notebook shows nothing on standard error and no address of an object; nbval fails where it does."""

from __future__ import annotations

import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tlcourse.course.noise import noise_in, noise_of


@pytest.mark.parametrize(
    ("output", "words"),
    [
        (new_output("stream", name="stderr", text="E0000 failed call to cuInit"), "on standard error: E0000"),
        (new_output("stream", name="stderr", text="  3%|# | 1/30\r 50%|## | 15/30\nWARNING: retracing"), "retracing"),
        (new_output("stream", name="stdout", text="<keras.src.callbacks.History at 0x7f12>"), "an address: <keras"),
        (new_output("execute_result", data={"text/plain": "[<Line2D object at 0xABC>]"}), "an address: <Line2D"),
    ],
)
def test_noise_is_found(output, words):
    (found,) = noise_of([output])
    assert words in found
    notebook = new_notebook(cells=[new_code_cell("1"), new_code_cell("2", outputs=[output])])
    assert noise_in(notebook) == [f"cell 2: {found}"]


@pytest.mark.parametrize(
    "output",
    [
        new_output("stream", name="stdout", text="loss 0.31 at 0x"),
        new_output("stream", name="stderr", text="images:  3%|# | 1/30\rimages: 100%|####| 30/30\n"),
        new_output("display_data", data={"text/plain": "<Figure at 0x7f>", "image/png": ""}),
        new_output("error", ename="E", evalue="", traceback=[]),
    ],
)
def test_what_belongs_there_is_no_noise(output):
    assert noise_of([output]) == []


def test_the_plugin_fails_the_cell_that_makes_noise_and_no_other(tmp_path):
    cells = ["print('calm')", "import sys; print('loud', file=sys.stderr)", "object()", "1 + 1"]
    nbformat.write(new_notebook(cells=[new_code_cell(cell) for cell in cells]), tmp_path / "x.ipynb")
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "--nbval-lax",
            "-p",
            "tlcourse.course.noise",
            "-p",
            "no:cacheprovider",
            "-q",
            "x.ipynb",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert "2 failed, 2 passed" in run.stdout, run.stdout
    assert "The cell shows what a page should not" in run.stdout
