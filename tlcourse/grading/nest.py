"""Inside the walls: a process that has imported what workers import, and forks one worker for each submission. Runs no learner's code.

Every worker gets namespaces of its own within those of the sandbox, for processes, mounts and shared memory: it cannot see, signal or
trace the process that it was forked from, and finds the scratch folders empty. It holds no privilege, as in a sandbox of its own.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import platform
import signal
import socket
import sys
import traceback
from collections.abc import Callable

from tlcourse.warm import import_frameworks, may_fork

from . import worker

READY, REFUSED = b"ready", b"refused"
SCRATCH = ("/scratch", "/tmp", "/dev/shm")
_NEW_MOUNTS, _NEW_IPC, _NEW_PIDS = 0x00020000, 0x08000000, 0x20000000
_BIND, _PRIVATE, _RECURSIVE, _READ_ONLY, _NO_SETUID, _NO_DEVICES = 1 << 12, 1 << 18, 1 << 14, 1, 2, 4
_PARENT_DEATH, _DUMPABLE, _CAPABILITIES_3 = 1, 4, 0x20080522


def main(control: int, frameworks: bool) -> None:
    """Answer requests on a socket, one after the other, until it is closed.

    A request is `{"file_mib": size of each scratch folder, "kept": folders below them that stay}` with three files: job, reply and
    words of a worker. The answer is the
    worker's exit status, or `REFUSED` where this process may not be forked any more.
    """
    _call("prctl", _DUMPABLE, 0)  # nobody reads this memory, whatever else fails
    if frameworks:
        import_frameworks()
    gc.collect()
    gc.freeze()  # so that copies do not write to what they share
    with socket.socket(fileno=control) as connection:
        connection.send(READY if may_fork() and _in_a_copy(lambda: _enter(control, 1, [], lambda: 0)) == 0 else REFUSED)
        while True:
            data, files, _, _ = socket.recv_fds(connection, 1000, 3)
            if not data:
                os._exit(0)
            request = json.loads(data)
            if may_fork():
                size, kept = request["file_mib"], request["kept"]
                status = _in_a_copy(lambda: _enter(control, size, kept, lambda: _work(files)))  # noqa: B023 - waits for it
                answer = str(status).encode()
            else:
                answer = REFUSED
            for file in files:
                os.close(file)
            connection.send(answer)


def _in_a_copy(work: Callable[[], int]) -> int:
    """Run something in a fork and return its exit status, 128 and the signal's number where one ended it."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = work()
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    return _status_of(child)


def _status_of(child: int) -> int:
    while True:
        done, status = os.wait()
        if done == child:
            return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


def _enter(control: int, file_mib: int, kept: list[str], work: Callable[[], int]) -> int:
    """Run something as second process of new namespaces, without privileges; the first one only clears up behind it."""
    os.close(control)
    _call("unshare", _NEW_PIDS | _NEW_MOUNTS | _NEW_IPC)
    return _in_a_copy(lambda: _first(file_mib, kept, work))


def _first(file_mib: int, kept: list[str], work: Callable[[], int]) -> int:
    _call("prctl", _PARENT_DEATH, signal.SIGKILL)
    _call("mount", None, b"/", None, _PRIVATE | _RECURSIVE, None)
    for place in SCRATCH:
        _empty(place, file_mib, [path for path in kept if path.startswith(f"{place}/")])
    older = [name for name in os.listdir("/proc") if name.isdigit()]  # the processes that learners' code must not look into
    for name in older:
        _call("mount", b"tmpfs", f"/proc/{name}".encode(), b"tmpfs", _READ_ONLY, b"size=4k,mode=555")
    _drop_privileges()
    return _in_a_copy(work)


def _empty(place: str, file_mib: int, kept: list[str]) -> None:
    """Put an empty folder over a place; what is kept, such as a package that is installed below it, is bound into that."""
    held = {path: os.open(path, os.O_PATH) for path in kept}
    _call("mount", b"tmpfs", place.encode(), b"tmpfs", _NO_SETUID | _NO_DEVICES, f"size={file_mib}m,mode=1777".encode())
    for path, handle in held.items():
        os.makedirs(path)
        _call("mount", f"/proc/self/fd/{handle}".encode(), path.encode(), None, _BIND | _RECURSIVE, None)
        os.close(handle)


def _drop_privileges() -> None:
    """Give up every capability for good: none can come back, since no program may grant any (no_new_privs)."""

    class Head(ctypes.Structure):
        _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))

    class Sets(ctypes.Structure):
        _fields_ = tuple((name, ctypes.c_uint32) for name in ("effective", "permitted", "inheritable"))

    _call("capset", ctypes.byref(Head(_CAPABILITIES_3, 0)), (Sets * 2)())
    _refuse_keyrings()


def _refuse_keyrings() -> None:
    """Refuse add_key, request_key and keyctl: the kernel keeps keys for a user, so that one submission could leave some for the next."""

    class Step(ctypes.Structure):
        _fields_ = (
            ("code", ctypes.c_uint16),
            ("if_true", ctypes.c_uint8),
            ("if_false", ctypes.c_uint8),
            ("value", ctypes.c_uint32),
        )

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_uint16), ("steps", ctypes.POINTER(Step)))

    if platform.machine() not in ("x86_64", "aarch64"):
        raise OSError("the numbers of these calls are not known here")
    load, mask, equal, at_least, above, end = 0x20, 0x54, 0x15, 0x35, 0x25, 0x06
    allow, refuse = 0x7FFF0000, 0x00050001
    steps = []
    for machine, first in _KEY_CALLS:
        steps += [(load, 0, 0, 4), (equal, 0, 6, machine), (load, 0, 0, 0), (mask, 0, 0, ~_X32 & 0xFFFFFFFF)]
        steps += [(at_least, 0, 2, first), (above, 1, 0, first + 2), (end, 0, 0, refuse), (end, 0, 0, allow)]
    steps.append((end, 0, 0, refuse))
    program = Program(len(steps), (Step * len(steps))(*(Step(*step) for step in steps)))
    _call("prctl", _SECCOMP, 2, ctypes.byref(program), 0, 0)


_SECCOMP, _X32 = 22, 0x40000000
_KEY_CALLS = ((0xC000003E, 248), (0x40000003, 286), (0xC00000B7, 217))  # x86-64, its 32-bit calls, aarch64: the first of three


def _work(files: list[int]) -> int:
    """Be a worker: the job on standard input, the reply on standard output."""
    _call("prctl", _DUMPABLE, 1)
    os.setsid()
    for source, target in zip(files, (0, 1, 2), strict=True):
        os.dup2(source, target)
    os.closerange(3, 1024)
    os.chdir(SCRATCH[0])
    sys.argv = ["-c"]
    worker.main()
    return 0


def _call(name: str, *arguments: object) -> None:
    """Call the system's library, and raise what it says."""
    if getattr(_library, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


_library = ctypes.CDLL(None, use_errno=True)
