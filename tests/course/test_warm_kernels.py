"""Kernels forked from a process that has imported TensorFlow are what a fresh one is, and where they cannot be, a fresh one starts."""

from __future__ import annotations

import os
import signal
import sys
import threading
import types

import nbformat
import pytest

from tlcourse import fork_server
from tlcourse.course import execute, warm_kernels

pytestmark = [
    pytest.mark.notebook,
    pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="forked kernels need Linux"),
]
LOOK = """
import os, sys
print("tensorflow" in sys.modules, os.getppid(), os.environ["TLCOURSE_PROFILE"], os.environ.get("TLCOURSE_SEED"), os.listdir())
"""
DRAW = "import numpy as np\nprint(np.random.rand())"


def printed(tmp_path, *cells, **options):
    """What each cell of a notebook prints."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbformat.write(notebook, tmp_path / "notebook.ipynb")
    outcome = execute(tmp_path / "notebook.ipynb", profile="embedded", **options)
    assert outcome.ok, outcome.error
    return ["".join(o.get("text", "") for o in cell.outputs if o.get("name") == "stdout") for cell in outcome.notebook.cells]


def fork_servers():
    return [server.process.pid for server in warm_kernels._fork_servers.values()]


def test_a_kernel_starts_with_tensorflow_imported_and_with_its_own_variables_and_folder(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.endswith("_THREADS")]:
        monkeypatch.delenv(name)  # as in a terminal: threads of linear algebra would forbid to fork
    loaded, parent, profile, seed, files = printed(tmp_path, LOOK, seed=3)[0].split()
    assert (loaded, profile, seed, files) == ("True", "embedded", "3", "[]")
    assert int(parent) in fork_servers()


def test_two_kernels_do_not_draw_the_same_unseeded_numbers(tmp_path):
    assert printed(tmp_path, DRAW) != printed(tmp_path, DRAW)


def test_what_a_kernel_computes_with_keras_is_what_a_fresh_one_computes(tmp_path, monkeypatch):
    train = (
        "import numpy as np, keras\nkeras.utils.set_random_seed(1)\nx = np.random.rand(32, 4)\n"
        "model = keras.Sequential([keras.layers.Dense(3, activation='relu'), keras.layers.Dense(1)])\nmodel.compile('adam', 'mse')\n"
        "print(model.fit(x, x.sum(1), epochs=2, verbose=0).history)"
    )
    forked = printed(tmp_path, LOOK, train)
    monkeypatch.setenv("TLCOURSE_WARM", "0")
    fresh = printed(tmp_path, LOOK, train)
    assert forked[0].startswith("True")
    assert fresh[0].startswith("False")
    assert forked[1] == fresh[1]


def test_when_the_fork_server_was_killed_the_next_kernel_starts_all_the_same(tmp_path):
    printed(tmp_path, DRAW)
    for pid in fork_servers():
        os.kill(pid, signal.SIGKILL)
    for server in warm_kernels._fork_servers.values():
        server.process.wait()
    assert printed(tmp_path, LOOK)[0].startswith("True")


def test_where_a_fork_server_refuses_an_ordinary_kernel_starts(tmp_path, monkeypatch):
    monkeypatch.setattr(warm_kernels, "_ask", lambda place, request, files: None)
    assert printed(tmp_path, LOOK)[0].startswith("False")


def test_other_commands_and_pipes_are_left_to_ordinary_kernels():
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "x.json"]
    assert warm_kernels.fork_kernel(["R", "-m", "ipykernel_launcher"], {}) is None
    assert warm_kernels.fork_kernel([sys.executable, "-m", "another_kernel", "-f", "x"], {}) is None
    assert warm_kernels.fork_kernel(command, {"stdout": -1}) is None


def test_a_process_with_one_thread_may_fork_and_one_with_several_may_not(monkeypatch):
    monkeypatch.setattr(fork_server, "_tensorflow_started", lambda: False)
    monkeypatch.setattr(os, "listdir", lambda place: ["1"] if place.endswith("task") else [])
    assert fork_server.may_fork()
    monkeypatch.undo()
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        assert not fork_server.may_fork()
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize("device", ["/dev/nvidia0", "/dev/nvidiactl", "/dev/kfd", "/dev/dri/renderD128"])
def test_a_process_that_has_opened_a_gpu_may_not_fork(monkeypatch, device):
    monkeypatch.setattr(fork_server, "_tensorflow_started", lambda: False)
    monkeypatch.setattr(os, "listdir", lambda place: ["1"])
    monkeypatch.setattr(os, "readlink", lambda place: device)
    assert not fork_server.may_fork()


def test_a_process_in_which_tensorflow_has_started_may_not_fork(monkeypatch):
    monkeypatch.setattr(os, "listdir", lambda place: ["1"] if place.endswith("task") else [])
    for started in (False, True):
        fake = types.SimpleNamespace(_context=types.SimpleNamespace(_initialized=started))
        monkeypatch.setitem(sys.modules, "tensorflow.python.eager.context", fake)
        assert fork_server.may_fork() is not started
