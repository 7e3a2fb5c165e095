"""Execute one notebook in a new kernel, and return what happened, whatever it was."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from tlcourse.course.warm_kernels import use_warm_kernels

CELL_LIMIT = 900
"""Seconds that one cell may take before it counts as endless."""


@dataclass(frozen=True)
class Outcome:
    """How one run ended.

    Args:
        notebook: The notebook, with outputs as far as it came.
        seconds: Wall time in seconds, with the start of the kernel.
        peak_mib: Largest memory of the kernel in MiB. None where the system does not say.
        error: "" or what failed, in one paragraph.
    """

    notebook: Any
    seconds: float
    peak_mib: int | None
    error: str

    @property
    def ok(self) -> bool:
        """True when the notebook ran to its end."""
        return not self.error


def execute(
    path: Path,
    *,
    profile: str,
    seed: int | None = None,
    strict: bool = True,
    cell_limit: int = CELL_LIMIT,
    on_cell: Callable[[int, int], None] = lambda done, total: None,
) -> Outcome:
    """Run a notebook from top to bottom, in a scratch folder, and stop at the first error.

    A kernel that dies and a cell that does not end are reported, never raised.

    Args:
        path: The notebook.
        profile: "embedded" or "full".
        seed: Used instead of the notebook's own seed. None keeps that.
        strict: Whether a check that is not earned fails the run. False: as when a learner runs it.
        cell_limit: Seconds that a cell may take.
        on_cell: Called with (cells done, cells in all).

    Raises:
        FileNotFoundError: If there is no such notebook.
        ValueError: If the file is not a notebook.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    use_warm_kernels()
    notebook = read_notebook(path)
    started, error, peak, number = time.perf_counter(), "", None, 0
    with tempfile.TemporaryDirectory(prefix="tlcourse-") as scratch:
        client = NotebookClient(notebook, timeout=cell_limit, kernel_name="python3", resources={"metadata": {"path": scratch}})
        client.extra_arguments = [
            "--IPKernelApp.log_level=40"
        ]  # errors; not a warning for each kernel that TCP is not encrypted
        try:
            with client.setup_kernel(env=kernel_environment(profile, seed, strict=strict)):
                for number, cell in enumerate(notebook.cells, start=1):
                    client.execute_cell(cell, number - 1)
                    peak = _peak_mib(client) or peak
                    on_cell(number, len(notebook.cells))
        except CellExecutionError as failure:
            error = _located(notebook, number, f"{failure.ename}: {failure.evalue}")
        except CellTimeoutError:
            error = _located(notebook, number, f"did not end within {cell_limit} s. Is there a loop that never stops?")
        except DeadKernelError:
            error = _located(notebook, number, "the kernel died. Out of memory, or the code ended the process?")
        except RuntimeError as failure:  # nbclient's word for a kernel that never answered
            if number:
                raise
            error = f"the kernel did not start: {failure}. Does `python -m ipykernel --version` work here?"
    return Outcome(notebook, time.perf_counter() - started, peak, error)


def read_notebook(path: Path) -> Any:
    """Read a notebook, format 4.

    Args:
        path: The file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is not a notebook.
    """
    if not path.is_file():
        raise FileNotFoundError(f"There is no notebook {str(path)!r}.")
    try:
        return nbformat.read(path, as_version=4)
    except Exception as error:
        raise ValueError(f"{str(path)!r} is no notebook that can be read ({type(error).__name__}: {error}).") from error


def kernel_environment(profile: str, seed: int | None = None, *, strict: bool = True) -> dict[str, str]:
    """Build the environment of the kernel: the caller's variables without MPLBACKEND, so figures get into the page, and ours.

    Linear algebra has one thread from the start, which `runtime.start` would set anyway: a process with more threads may not be
    forked, and every kernel would import TensorFlow again. TensorFlow's informational lines are left out from the start, too.
    """
    inherited = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    ours = {"TLCOURSE_PROFILE": profile, "TLCOURSE_CHECK": "raise" if strict else ""}
    return (
        {"OMP_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "2"}
        | inherited
        | ours
        | ({} if seed is None else {"TLCOURSE_SEED": str(seed)})
    )


def _located(notebook: Any, number: int, what: str) -> str:
    source = notebook.cells[number - 1].source.strip() if number else ""
    return f"cell {number} of {len(notebook.cells)}: {what}\n--- the cell ---\n{source}"


def _peak_mib(client: Any) -> int | None:
    """Return the largest memory of the kernel, as Linux says it. Other systems do not."""
    pid = getattr(client.km.provisioner, "pid", None)
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    line = next((line for line in status.splitlines() if line.startswith("VmHWM")), None)
    return int(line.split()[1]) // 1024 if line else None
