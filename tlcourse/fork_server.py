"""A fork server: a process that has imported TensorFlow once, and answers each request by a copy of itself.

TensorFlow takes seconds to import. A process that has imported it and done nothing with it yet can be forked, and each copy starts
where a fresh process would be after those seconds. Copies of a process that runs several threads may wait for ever for a lock
that nobody holds; copies of one that has opened a GPU share what cannot be shared.

Importing this module imports no framework. What a copy does is the business of those who use it: `tlcourse.course` runs kernels,
`tlcourse.grading` runs submissions inside a sandbox.
"""

from __future__ import annotations

import gc
import json
import os
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from typing import Any

READY, REFUSED = b"ready", b"refused"
_MAX_REQUEST, _MAX_FILES = 2**20, 3


def import_frameworks() -> str:
    """Import TensorFlow and Keras, start nothing in them, and return "" or the error that stopped it."""
    try:
        import keras  # noqa: F401
        import tensorflow  # noqa: F401
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def share_memory() -> None:
    """Keep the garbage collector off all objects that are there, so copies do not write to the memory that they share."""
    gc.collect()
    gc.freeze()


def send_request(connection: socket.socket, request: dict[str, Any], files: Sequence[int]) -> None:
    """Ask a fork server for a copy.

    Args:
        connection: A connection to it, of the kind `SOCK_SEQPACKET`.
        request: What the copy must know, as JSON takes it.
        files: Up to three open files that the copy gets.

    Raises:
        OSError: If the fork server is gone.
    """
    socket.send_fds(connection, [json.dumps(request).encode()], list(files))


def answer_request(connection: socket.socket, start: Callable[[dict[str, Any], list[int]], object]) -> bool:
    """Answer one request in a fork server.

    The answer is what `start` returns, as text, or `REFUSED` where this process may not be forked any more.

    Args:
        connection: The connection on which it comes.
        start: Called with the request and its open files, which are closed here afterwards. It makes copies by `fork`.

    Returns:
        False when the other end was closed.
    """
    data, files, _, _ = socket.recv_fds(connection, _MAX_REQUEST, _MAX_FILES)
    if not data:
        return False
    try:
        said = str(start(json.loads(data), files)).encode() if may_fork() else REFUSED
    finally:
        for file in files:
            os.close(file)
    connection.send(said)
    return True


def fork(work: Callable[[], int]) -> int:
    """Run `work` in a copy of this process, which exits with the status that it returns. Return the process id at once."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = work()
        except Exception:
            traceback.print_exc()
        finally:
            os._exit(status)
    return child


def wait_for(child: int) -> int:
    """Wait for a copy and return its exit status: 128 and the number of the signal where one ended it.

    Other children that end meanwhile are waited for, too: the first process of a namespace inherits them.
    """
    while True:
        done, status = os.wait()
        if done == child:
            return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


def may_fork() -> bool:
    """Tell whether a copy of this process works: it has one thread, TensorFlow has not started, and no GPU is open."""
    if not hasattr(os, "fork"):
        return False
    try:
        threads = len(os.listdir("/proc/self/task"))
    except OSError:  # no Linux: frameworks have threads there that Python does not know of
        return threading.active_count() == 1 and "tensorflow" not in sys.modules
    return threads == 1 and not _tensorflow_started() and not _gpu_open()


def _tensorflow_started() -> bool:
    context = getattr(sys.modules.get("tensorflow.python.eager.context"), "_context", None)
    return bool(getattr(context, "_initialized", False))


def _gpu_open() -> bool:
    for number in os.listdir("/proc/self/fd"):
        try:
            if os.readlink(f"/proc/self/fd/{number}").startswith(("/dev/nvidia", "/dev/kfd", "/dev/dri")):
                return True
        except OSError:  # the folder that was just read
            continue
    return False
