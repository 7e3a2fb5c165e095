"""The fork server of workers, inside the walls: one worker for each submission, in namespaces of its own. Runs no learner's code.

Every worker gets namespaces of its own inside those of the sandbox (processes, mounts, shared memory, network). It cannot see, signal
or trace the process that it was forked from, finds the scratch folders empty, and reaches no other process at the loopback address,
not even what an earlier worker left there. It holds no privilege, as in a sandbox of its own.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import socket
import struct
import sys
from collections.abc import Callable
from typing import Any

from tlcourse.fork_server import (
    READY,
    REFUSED,
    answer_request,
    fork,
    import_frameworks,
    may_fork,
    share_memory,
    wait_for,
)
from tlcourse.grading.inside import worker
from tlcourse.grading.inside.keyrings import refuse_keyrings

SCRATCH = ("/scratch", "/tmp", "/dev/shm")
_NEW_MOUNTS, _NEW_IPC, _NEW_PIDS, _NEW_NET = 0x00020000, 0x08000000, 0x20000000, 0x40000000
_SET_FLAGS, _UP = 0x8914, 0x1
_BIND, _PRIVATE, _RECURSIVE, _READ_ONLY, _NO_SETUID, _NO_DEVICES = 1 << 12, 1 << 18, 1 << 14, 1, 2, 4
_PARENT_DEATH, _DUMPABLE, _CAPABILITIES_3 = 1, 4, 0x20080522


def main(control: int, frameworks: bool) -> None:
    """Answer requests on a socket, one after the other, until it is closed.

    A request is `{"file_mib": size of each scratch folder, "kept": folders below them that stay}` with three files: job, reply and
    standard error of a worker. The answer is the worker's exit status.

    Args:
        control: Number of the open socket.
        frameworks: True to import TensorFlow.
    """
    _call("prctl", _DUMPABLE, 0)  # nobody reads this memory, whatever else fails
    if frameworks:
        import_frameworks()
    share_memory()
    with socket.socket(fileno=control) as connection:

        def run_worker(request: dict[str, Any], files: list[int]) -> int:
            return wait_for(fork(lambda: _enter(control, request["file_mib"], request["kept"], lambda: _work(files))))

        works = may_fork() and wait_for(fork(lambda: _enter(control, 1, [], lambda: 0))) == 0
        connection.send(READY if works else REFUSED)
        while answer_request(connection, run_worker):
            continue
        os._exit(0)


def _enter(control: int, file_mib: int, kept: list[str], work: Callable[[], int]) -> int:
    """Run something as the second process of new namespaces, without privileges. The first process only waits for it."""
    os.close(control)
    _call("unshare", _NEW_PIDS | _NEW_MOUNTS | _NEW_IPC | _NEW_NET)
    return wait_for(fork(lambda: _first(file_mib, kept, work)))


def _first(file_mib: int, kept: list[str], work: Callable[[], int]) -> int:
    _call("prctl", _PARENT_DEATH, signal.SIGKILL)
    _call("mount", None, b"/", None, _PRIVATE | _RECURSIVE, None)
    for place in SCRATCH:
        _empty(place, file_mib, [path for path in kept if path.startswith(f"{place}/")])
    older = [name for name in os.listdir("/proc") if name.isdigit()]  # the processes that learners' code must not look into
    for name in older:
        _call("mount", b"tmpfs", f"/proc/{name}".encode(), b"tmpfs", _READ_ONLY, b"size=4k,mode=555")
    with socket.socket() as device:  # a network of nothing but loopback, as bubblewrap makes it
        fcntl.ioctl(device, _SET_FLAGS, struct.pack("16sH14x", b"lo", _UP))
    _drop_privileges()
    return wait_for(fork(work))


def _empty(place: str, file_mib: int, kept: list[str]) -> None:
    """Mount an empty folder over a place. Folders that are kept, such as an installed package, are bound into it."""
    held = {path: os.open(path, os.O_PATH) for path in kept}
    _call("mount", b"tmpfs", place.encode(), b"tmpfs", _NO_SETUID | _NO_DEVICES, f"size={file_mib}m,mode=1777".encode())
    for path, handle in held.items():
        os.makedirs(path)
        _call("mount", f"/proc/self/fd/{handle}".encode(), path.encode(), None, _BIND | _RECURSIVE, None)
        os.close(handle)


def _drop_privileges() -> None:
    """Give up every capability for good: no program may grant one again (no_new_privs)."""

    class Head(ctypes.Structure):
        _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))

    class Sets(ctypes.Structure):
        _fields_ = tuple((name, ctypes.c_uint32) for name in ("effective", "permitted", "inheritable"))

    _call("capset", ctypes.byref(Head(_CAPABILITIES_3, 0)), (Sets * 2)())
    refuse_keyrings()


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
    """Call the C library, and raise its error."""
    if getattr(_library, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


_library = ctypes.CDLL(None, use_errno=True)
