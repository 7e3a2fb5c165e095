"""Kernels that start where a fresh one would be after importing TensorFlow: forked by `kernel_fork_server`, for jupyter_client.

`use_warm_kernels()` makes them the default of this process; as a plugin, `pytest -p tlcourse.course.warm_kernels`, that of nbval.
Where a kernel cannot be forked (another system, another Python, a fork server that refuses), an ordinary one starts.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner

from tlcourse.fork_server import READY, REFUSED, send_request

NAME = "tlcourse-warm"
_SHARED = "TLCOURSE_FORK_SERVERS"
_LAUNCHER = ["-m", "ipykernel_launcher"]
_READ_LATE = (
    "TLCOURSE_",
    "JPY_",
    "JUPYTER_",
    "PYTEST_",
)  # variables that no import reads: kernels that differ in them share a fork server
_PATIENCE = 300.0  # seconds for the import, on a machine that does much else
_MOST = 2  # fork servers kept


def use_warm_kernels() -> None:
    """Start this process's kernels warm from now on, where their kernelspec asks for nothing else."""
    factory = KernelProvisionerFactory.instance()
    factory.provisioners[NAME] = EntryPoint(NAME, f"{__name__}:WarmProvisioner", factory.GROUP_NAME)
    factory.default_provisioner_name = NAME


def pytest_configure(config: Any) -> None:
    """Be a plugin of pytest."""
    use_warm_kernels()


class WarmProvisioner(LocalProvisioner):
    """Fork a kernel by a fork server, or start an ordinary one where that is impossible."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the kernel and return how to connect to it."""
        kernel = fork_kernel(cmd, kwargs)
        if kernel is None:
            return await super().launch_kernel(cmd, **kwargs)
        self.process = kernel  # type: ignore[assignment]
        self.pid = self.pgid = kernel.pid  # type: ignore[assignment]
        self.cwd = kwargs.get("cwd") or os.getcwd()
        return self.connection_info


class ForkedKernel:
    """A kernel that is the child of another process, with the methods of `subprocess.Popen` that jupyter_client calls."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        try:
            self._handle: int | None = os.pidfd_open(pid)
        except ProcessLookupError:  # it has ended already
            self._handle, self.returncode = None, 1

    def poll(self) -> int | None:
        """Return None while it runs, then 1: only its parent knows its exit status."""
        if self._handle is not None and select.select([self._handle], [], [], 0)[0]:
            os.close(self._handle)
            self._handle, self.returncode = None, 1
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end."""
        if self._handle is not None and not select.select([self._handle], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired("a forked kernel", timeout or 0.0)
        return self.poll() or 1

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self._handle is not None:
            signal.pidfd_send_signal(self._handle, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


def fork_kernel(command: list[str], options: dict[str, Any]) -> ForkedKernel | None:
    """Start a kernel by a fork server, or return None where only an ordinary start is right.

    Args:
        command: As in the kernelspec, with the connection file filled in.
        options: As for `subprocess.Popen`.
    """
    ours = shutil.which(command[0]) in (sys.executable, shutil.which(sys.executable))
    at = next((i for i in range(1, len(command) - 1) if command[i : i + 2] == _LAUNCHER), None)
    if at is None or not ours or not hasattr(os, "pidfd_open") or os.environ.get("TLCOURSE_WARM") == "0":
        return None
    out, error = _file(options.get("stdout"), 1), _file(options.get("stderr"), 2)
    if out is None or error is None:
        return None
    environment = _with_backend(dict(options.get("env") or os.environ))
    folder = str(options.get("cwd") or os.getcwd())
    request = {"arguments": command[at + 2 :], "environment": environment, "folder": folder}
    try:
        pid = _ask(_socket_for(environment, command[1:at]), request, [out, error])
    except (OSError, ValueError):
        return None
    return None if pid is None else ForkedKernel(pid)


def _ask(place: Path, request: dict[str, Any], files: list[int]) -> int | None:
    """Return the process id of a new kernel, or None where the fork server refuses."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connection.settimeout(60)
        connection.connect(str(place))
        send_request(connection, request, files)
        said = connection.recv(32)
        return None if said == REFUSED else int(said)


def _file(value: Any, otherwise: int) -> int | None:
    """Return the number of an open file, or None for what has none (a pipe that the caller wants to have made)."""
    if value is None:
        return otherwise
    if isinstance(value, int):
        return value if value >= 0 else None
    return int(value.fileno())


class _ForkServer:
    """A running fork server, which ends with this process."""

    def __init__(self, place: Path, environment: dict[str, str], flags: list[str]) -> None:
        code = "from tlcourse.course.kernel_fork_server import main; main()"
        self.place = place
        self.process = subprocess.Popen(
            [sys.executable, *flags, "-c", code, str(place)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        assert self.process.stdout is not None
        ready = select.select([self.process.stdout], [], [], _PATIENCE)[0]
        if not ready or self.process.stdout.readline().strip() != READY:
            self.close()
            raise OSError("The process that kernels are forked from did not start.")

    def close(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        self.process.kill()
        self.process.wait()
        self.place.unlink(missing_ok=True)


_lock = threading.Lock()
_fork_servers: dict[str, _ForkServer] = {}
_folder: list[Path] = []  # where the sockets of this process's fork servers are, when there is one


def share_warm_kernels(environment: dict[str, str]) -> None:
    """Let processes that this one starts fork their kernels from one fork server of ours, made here for kernels with these variables."""
    from jupyter_client.kernelspec import KernelSpecManager

    command = KernelSpecManager().get_kernel_spec("python3").argv
    flags = command[1 : command.index("-m")] if "-m" in command else []
    with contextlib.suppress(OSError):
        _socket_for(_with_backend(environment), flags)
        os.environ[_SHARED] = str(_folder[0])


def _with_backend(environment: dict[str, str]) -> dict[str, str]:
    """Add the variable that ipykernel sets by itself, because Matplotlib reads it when it is imported."""
    return {"MPLBACKEND": "module://matplotlib_inline.backend_inline", **environment}


def _socket_for(environment: dict[str, str], flags: list[str]) -> Path:
    """Return the socket of the fork server with the same variables and flags. The oldest of several is closed for a new one."""
    seen = sorted(item for item in environment.items() if not item[0].startswith(_READ_LATE))
    name = hashlib.sha256(json.dumps([seen, flags]).encode()).hexdigest()[:16]
    shared = Path(os.environ.get(_SHARED, "/nowhere"), name)
    if shared.parent not in _folder and shared.exists():  # of the process that started this one; ours are looked after below
        return shared
    with _lock:
        if not _folder:
            _folder.append(Path(tempfile.mkdtemp(prefix="tlcourse-warm-")))
        known = _fork_servers.get(name)
        if known is None or known.process.poll() is not None:
            for old in [name] if known else list(_fork_servers)[: max(0, len(_fork_servers) - _MOST + 1)]:
                _fork_servers.pop(old).close()
            _fork_servers[name] = _ForkServer(_folder[0] / name, environment, flags)
        return _fork_servers[name].place


@atexit.register
def _close_all() -> None:
    while _fork_servers:
        _fork_servers.popitem()[1].close()
    for folder in _folder:
        shutil.rmtree(folder, ignore_errors=True)
