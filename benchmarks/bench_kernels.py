"""A kernel that is forked from a process with TensorFlow imported, beside one that imports it: start to first trained model.

Both kinds take turns, in one run. What the process to fork from costs is said apart: it is paid once for a run of many notebooks.
"""

from __future__ import annotations

import os
import statistics
import tempfile
from pathlib import Path

import nbformat

from tlcourse.course import execute

REPEATS = 4
CELLS = (
    "import tlcourse\nseed = tlcourse.start('bench')",
    "import keras, numpy as np\nmodel = keras.Sequential([keras.layers.Dense(2)])\nmodel.compile('sgd', 'mse')\n"
    "history = model.fit(np.ones((8, 3)), np.ones((8, 2)), verbose=0)",
)


def seconds(path: Path, *, warm: bool) -> float:
    """Wall time of one notebook, start of its kernel included."""
    os.environ["TLCOURSE_WARM"] = "1" if warm else "0"
    outcome = execute(path, profile="embedded")
    assert outcome.ok, outcome.error
    return outcome.seconds


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "notebook.ipynb"
        nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS]), path)
        first = seconds(path, warm=True)
        pairs = [(seconds(path, warm=True), seconds(path, warm=False)) for _ in range(REPEATS)]
        warm, fresh = (statistics.median(column) for column in zip(*pairs, strict=True))
        print(f"fresh kernel {fresh:.1f} s; forked kernel {warm:.1f} s: {fresh / warm:.1f} times as long (aim: 2)")
        print(f"the first forked kernel, with the process that it is forked from: {first:.1f} s")
