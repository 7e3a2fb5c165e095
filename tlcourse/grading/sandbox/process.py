"""Workers as processes: started fresh in a sandbox, or forked inside one that is kept warm. Learners' code can do the same in both.

Importing NumPy, or TensorFlow, takes most of the time of a short submission. In a warm room that was done once; see `nest`.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import signal
import socket
import subprocess
from typing import IO, Any

from tlcourse.grading.sandbox.backends import BUBBLEWRAP, Sandbox, readable_places

_IMPORT_SECONDS = 120.0  # importing on a cold disk
_END_SECONDS = 10.0
_LEAVE_SECONDS = 0.1  # a worker that has said its last word leaves by itself


class Fresh:
    """A worker that was started for one submission.

    Args:
        sandbox: the back end.
        name: a name that no other running worker has.
        files: the job, the reply, and the words of the worker, open files.
        scratch: an empty folder.
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
        """Return the process ids of the worker and of all that it started."""
        return descendants(self._process.pid)

    def status(self) -> str:
        """Wait for its end and return the exit status."""
        return str(self._process.wait())

    def end(self) -> None:
        """Leave nothing behind: the namespace ends with its first process, a plain worker with its process group."""
        self._sandbox.kill(self._name)  # even where the process is over: that of a container may be without it
        family = self.family()
        if hasattr(os, "killpg"):
            with contextlib.suppress(OSError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        kill_all(family)
        self._process.wait()


class Room:
    """A sandbox that is kept warm and runs one worker at a time.

    Raises:
        OSError: this machine does not allow it, or something in it may not be forked.
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
        if self._answer(_IMPORT_SECONDS) != b"ready":
            self.close()
            raise OSError("No warm room can be made here.")
        self._server = descendants(self._process.pid)[-1]

    def start(self, sandbox: Sandbox, files: tuple[IO[bytes], int, IO[bytes]]) -> None:
        """Start a worker."""
        request = {"file_mib": sandbox.limits.file_mib, "kept": readable_places()}
        numbers = [file if isinstance(file, int) else file.fileno() for file in files]
        socket.send_fds(self._control, [json.dumps(request).encode()], numbers)

    def family(self) -> list[int]:
        """Return the process ids of the worker and of all that it started, without the two that only wait for it."""
        return descendants(self._server)[2:]

    def status(self) -> bytes:
        """Wait for the end of the worker and return what the room says about it; b"" when it is lost."""
        return self._answer(_END_SECONDS)

    def clear(self) -> bool:
        """End the worker, with all that it started; tell whether the room can be used again."""
        if answer := self._answer(_LEAVE_SECONDS):
            return answer != b"refused"
        for _ in range(3):
            # Not the process that waits outside for the first one of the namespace: its word is that nothing in there is left.
            kill_all(descendants(self._server)[1:])
            answer = self._answer(_END_SECONDS)
            if answer:
                return answer != b"refused"
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


class Warm:
    """A worker forked in a warm room, for one submission. After its end the room is free for the next one."""

    def __init__(self, key: tuple[Any, ...], room: Room) -> None:
        self._key, self._room, self._over = key, room, False

    def family(self) -> list[int]:
        """Return the process ids of the worker and of all that it started."""
        return self._room.family()

    def status(self) -> str:
        """Wait for its end and return the exit status."""
        answer = self._room.status()
        self._over = answer not in (b"", b"refused")
        return answer.decode() or "lost"

    def end(self) -> None:
        """Leave nothing behind."""
        if (self._over or self._room.clear()) and not _idle.get(self._key):
            _idle.setdefault(self._key, []).append(self._room)
        else:
            self._room.close()


_idle: dict[tuple[Any, ...], list[Room]] = {}
_impossible: set[tuple[Any, ...]] = set()


def start_worker(
    sandbox: Sandbox, name: str, files: tuple[IO[bytes], int, IO[bytes]], scratch: str, *, frameworks: bool
) -> Fresh | Warm:
    """Start a worker, warm where this machine allows it. `TLCOURSE_WARM=0` in the environment makes all of them fresh.

    Args:
        sandbox: the back end.
        name: a name that no other running worker has.
        files: the job, the reply, and the words of the worker, open files.
        scratch: an empty folder, for a worker without walls.
        frameworks: True where the worker will need TensorFlow.
    """
    key = (frameworks, *sandbox.command(""))
    if sandbox.kind == BUBBLEWRAP and key not in _impossible and os.environ.get("TLCOURSE_WARM") != "0":
        try:
            room = _take(key) or Room(sandbox, frameworks)
            room.start(sandbox, files)
            return Warm(key, room)
        except OSError:
            _impossible.add(key)
    return Fresh(sandbox, name, files, scratch)


def _take(key: tuple[Any, ...]) -> Room | None:
    rooms = _idle.get(key, [])
    while rooms:
        room = rooms.pop()
        if room.alive():
            return room
        room.close()
    return None


@atexit.register
def close_rooms() -> None:
    """End all rooms that wait for a worker."""
    for rooms in _idle.values():
        while rooms:
            rooms.pop().close()


def descendants(pid: int) -> list[int]:
    """Return the process ids of all children and their children; empty where the system has no `/proc`."""
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
    """Kill processes, as far as they are there."""
    for pid in family:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
