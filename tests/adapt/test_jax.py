"""The tests of this folder pass on JAX as they do on TensorFlow."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import keras
import pytest

HERE = Path(__file__).resolve().parent
PROGRAM = """
import sys, pytest

class WithoutTensorFlow:  # it is installed where this runs; here it cannot be imported
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "tensorflow":
            raise ModuleNotFoundError("TensorFlow is switched off", name="tensorflow")

sys.meta_path.insert(0, WithoutTensorFlow())
sys.exit(pytest.main(sys.argv[1:]))
"""


@pytest.mark.slow
@pytest.mark.skipif(keras.backend.backend() == "jax", reason="this is the run on JAX")
def test_the_same_tests_pass_with_jax_and_without_tensorflow():
    if importlib.util.find_spec("jax") is None:
        pytest.skip('JAX is not installed: pip install "tlcourse[jax]"')
    options = ["-q", "-p", "no:cacheprovider", "--rootdir", str(HERE.parents[1]), str(HERE)]
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *options], cwd=HERE.parents[1], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
