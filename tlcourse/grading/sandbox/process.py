"""Workers as processes: started fresh in a sandbox, or forked by a fork server inside one. Learners' code can do the same in both.

Importing NumPy, or TensorFlow, takes most of the time of a short submission. A fork server did that once; see
`inside/worker_fork_server.py`.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import socket
import subprocess
from typing import IO, Any

from tlcourse.fork_server import READY, REFUSED, send_request
from tlcourse.grading.sandbox.backends import BUBBLEWRAP, Sandbox, readable_places

_IMPORT_SECONDS = 120.0  # importing on a cold disk
_END_SECONDS = 10.0
_LEAVE_SECONDS = 0.1  # a worker that has sent its last event ends by itself


class Fresh:
    """A worker that was started for one submission.

    Args:
        sandbox: The back end.
        name: A name that no other running worker has.
        files: Job, reply and standard error of the worker, open files.
        scratch: An empty folder.
    """

    def __init__(self, sandbox: Sandbox, name: str, files: tuple[IO[bytes], int, IO[bytes]], scratch: str) -> None:
        environment = sandbox.environment()
        if not sandbox.own_pids:
            environment |= {"HOME": scratch, "TMPDIR": scratch, "TLCOURSE_HOME": scratch}
        self._sandbox, self._name = sandbox, name
        self._process = subprocess.Popen(
            sandbox.command(name),
            stdin=files[0],
            stdout=files[1],
            stderr=files[2],
            env=environment,
            cwd=None if sandbox.own_pids else scratch,
            start_new_session=True,
        )

    def family(self) -> list[int]:
        """Return the process ids of the worker and its descendants."""
        return descendants(self._process.pid)

    def status(self) -> str:
        """Wait for its end and return the exit status."""
        return str(self._process.wait())

    def end(self) -> None:
        """End the worker and its descendants: a namespace ends with its first process, a plain worker with its process group."""
        self._sandbox.kill(self._name)  # even where the process is over: that of a container may be without it
        family = self.family()
        if hasattr(os, "killpg"):
            with contextlib.suppress(OSError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        kill_all(family)
        self._process.wait()


class ForkServer:
    """A sandbox with a fork server in it, which runs one worker at a time.

    Raises:
        OSError: If this machine does not allow it, or its process may not be forked.
    """

    def __init__(self, sandbox: Sandbox, frameworks: bool) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                sandbox.server_command(theirs.fileno(), frameworks),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=sandbox.environment(),
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        if self._answer(_IMPORT_SECONDS) != READY:
            self.close()
            raise OSError("No fork server can be started here.")
        self._pid = descendants(self._process.pid)[-1]

    def start(self, sandbox: Sandbox, files: tuple[IO[bytes], int, IO[bytes]]) -> None:
        """Start a worker."""
        request = {"file_mib": sandbox.limits.file_mib, "kept": readable_places()}
        send_request(self._control, request, [file if isinstance(file, int) else file.fileno() for file in files])

    def family(self) -> list[int]:
        """Return the process ids of the worker and its descendants, without the two processes that only wait for it."""
        return descendants(self._pid)[2:]

    def status(self) -> bytes:
        """Wait for the end of the worker and return what the fork server says about it; b"" when it is lost."""
        return self._answer(_END_SECONDS)

    def clear(self) -> bool:
        """End the worker, with all that it started; tell whether the fork server can be used again."""
        if answer := self._answer(_LEAVE_SECONDS):
            return answer != REFUSED
        for _ in range(3):
            # Not the process that waits outside for the first one of the namespace: its answer says that nothing in there is left.
            kill_all(descendants(self._pid)[1:])
            answer = self._answer(_END_SECONDS)
            if answer:
                return answer != REFUSED
        return False

    def alive(self) -> bool:
        """Tell whether it is there."""
        return self._process.poll() is None

    def close(self) -> None:
        """End it."""
        self._control.close()  # which ends it, if it is not waiting for a worker
        try:
            self._process.wait(timeout=0 if descendants(self._process.pid)[2:] else 5)
        except subprocess.TimeoutExpired:
            kill_all([*descendants(self._process.pid), self._process.pid])
            self._process.wait()

    def _answer(self, seconds: float) -> bytes:
        self._control.settimeout(seconds)
        try:
            return self._control.recv(100)
        except OSError:
            return b""


class Forked:
    """A worker that a fork server forked for one submission. After its end the fork server is free for the next one."""

    def __init__(self, key: tuple[Any, ...], server: ForkServer) -> None:
        self._key, self._server, self._over = key, server, False

    def family(self) -> list[int]:
        """Return the process ids of the worker and its descendants."""
        return self._server.family()

    def status(self) -> str:
        """Wait for its end and return the exit status."""
        answer = self._server.status()
        self._over = answer not in (b"", REFUSED)
        return answer.decode() or "lost"

    def end(self) -> None:
        """End the worker and its descendants."""
        if (self._over or self._server.clear()) and not _idle.get(self._key):
            _idle.setdefault(self._key, []).append(self._server)
        else:
            self._server.close()


_idle: dict[tuple[Any, ...], list[ForkServer]] = {}
_impossible: set[tuple[Any, ...]] = set()


def start_worker(
    sandbox: Sandbox, name: str, files: tuple[IO[bytes], int, IO[bytes]], scratch: str, *, frameworks: bool
) -> Fresh | Forked:
    """Start a worker, forked where this machine allows it. `TLCOURSE_WARM=0` in the environment makes all of them fresh.

    Args:
        sandbox: The back end.
        name: A name that no other running worker has.
        files: Job, reply and standard error of the worker, open files.
        scratch: An empty folder, for a worker without walls.
        frameworks: True where the worker will need TensorFlow.
    """
    key = (frameworks, *sandbox.command(""))
    if sandbox.kind == BUBBLEWRAP and key not in _impossible and os.environ.get("TLCOURSE_WARM") != "0":
        try:
            server = _take(key) or ForkServer(sandbox, frameworks)
            server.start(sandbox, files)
            return Forked(key, server)
        except OSError:
            _impossible.add(key)
    return Fresh(sandbox, name, files, scratch)


def _take(key: tuple[Any, ...]) -> ForkServer | None:
    servers = _idle.get(key, [])
    while servers:
        server = servers.pop()
        if server.alive():
            return server
        server.close()
    return None


@atexit.register
def close_fork_servers() -> None:
    """End all fork servers that wait for a request."""
    for servers in _idle.values():
        while servers:
            servers.pop().close()


def descendants(pid: int) -> list[int]:
    """Return the process ids of all descendants. Empty where the system has no `/proc`."""
    found, queue = [], [pid]
    while queue:
        parent = queue.pop()
        try:
            threads = os.listdir(f"/proc/{parent}/task")
            for thread in threads:
                with open(f"/proc/{parent}/task/{thread}/children") as file:
                    queue += [int(word) for word in file.read().split()]
        except OSError:
            continue
        found.append(parent)
    return found[1:]


def kill_all(family: list[int]) -> None:
    """Kill the processes that are still there."""
    for pid in family:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
