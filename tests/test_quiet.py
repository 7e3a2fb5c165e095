"""What a framework says at its start is left out; whatever else is written to standard error arrives, even from a dying process."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys

import pytest

from tlcourse.quiet import REMARKS, without_retracing_hints

SEEN = """\
WARNING: All log messages before absl::InitializeLog() is called are written to STDERR
I0000 00:00:1796096789.398484    6239 port.cc:153] oneDNN custom operations are on. You may see slightly different results.
I0000 00:00:1796096789.399138    6239 cudart_stub.cc:31] Could not find cuda drivers on your machine, GPU will not be used.
E0000 00:00:1796096771.515925    4839 cuda_platform.cc:52] failed call to cuInit: INTERNAL: CUDA error: UNKNOWN ERROR (303)
E0000 00:00:1796096771.515925    4839 computation_placer.cc:177] computation placer already registered. Please check linkage.
2026-01-01 00:00:00.000000: W tensorflow/compiler/tf2tensorrt/utils/py_utils.cc:38] TF-TRT Warning: Could not find TensorRT
"""
ERROR = "E0000 00:00:1796096771.515925    4839 gpu_device.cc:1] CUDA_ERROR_OUT_OF_MEMORY: failed to allocate 2.0G\n"


def run(body, **environment):
    """Run a block inside `quiet_start()` in a process of its own, which writes to the descriptor as C++ does."""
    program = (
        f"import os, sys\nfrom tlcourse.quiet import quiet_start\nwith quiet_start():\n    {body}\nos.write(2, b'after\\n')\n"
    )
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env={**os.environ, **environment})


def written(text):
    return f"os.write(2, {text.encode()!r})"


def test_remarks_are_left_out_and_an_error_among_them_arrives():
    done = run(written(SEEN + ERROR + SEEN), TF_CPP_MIN_LOG_LEVEL="2")
    assert done.stderr == ERROR + "after\n"


@pytest.mark.parametrize("remark", REMARKS)
def test_no_pattern_hides_a_real_error(remark):
    real = (ERROR, "F0000 cuda_dnn.cc:1] Check failed: status", "RuntimeError: cuDNN was not found", "Could not find a version")
    assert not [line for line in real if re.search(remark, line)]


def test_what_a_dying_process_wrote_last_arrives():
    done = run(f"{written(SEEN + ERROR)}; os.abort()")
    assert done.returncode != 0
    assert ERROR in done.stderr
    assert "cuInit" not in done.stderr


def test_an_exception_passes_and_standard_error_is_as_before():
    done = run("raise ImportError('libfoo.so is missing')")
    assert "ImportError: libfoo.so is missing" in done.stderr


def test_a_reader_who_asks_for_all_of_it_gets_all_of_it():
    assert run(written(SEEN), TF_CPP_MIN_LOG_LEVEL="0").stderr == SEEN + "after\n"


def test_tensorflow_itself_starts_in_silence():
    program = "import tlcourse; tlcourse.start('x'); import tensorflow as tf; print(float(tf.constant(1.0)))"
    environment = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.endswith("1.0\n")
    assert done.stderr == ""


def test_the_doctor_on_the_command_line_says_only_what_it_does(tmp_path):
    (tmp_path / "train.py").write_text(
        "import keras, numpy as np\nmodel = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])\n"
        "model.compile('sgd', 'mse')\nmodel.fit(np.ones((64, 4)), np.ones(64), verbose=0)\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    command = [sys.executable, "-m", "tlcourse.cli", "doctor", str(tmp_path / "train.py")]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.stderr == "... fit at line 4: examining\n"


def test_the_paragraph_on_retracing_is_dropped_and_other_warnings_stay():
    without_retracing_hints()
    without_retracing_hints()
    logger, seen = logging.getLogger("tensorflow"), []
    handler = logging.Handler()
    handler.emit = lambda record: seen.append(record.getMessage())
    logger.addHandler(handler)
    try:
        logger.warning("5 out of the last 9 calls to %s triggered tf.function retracing. Tracing is expensive", "<function>")
        logger.warning("a real warning")
    finally:
        logger.removeHandler(handler)
    assert seen == ["a real warning"]
