"""A process that has imported the frameworks and does nothing else: kernels are forked from it.

`python -c "from tlcourse.course.nursery import main; main()" SOCKET` answers on a Unix socket until its standard input ends.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import sys
from typing import Any

from tlcourse.fork_server import import_frameworks, may_fork

MAX_REQUEST = 2**20


def main() -> None:
    """Import, say so on standard output, and fork one kernel for each request."""
    if sys.path[0] == "":
        del sys.path[0]
    import_frameworks()
    os.environ["JPY_PARENT_PID"] = str(os.getpid())  # ipykernel reads it when it is imported, and ends with that process
    import ipykernel.ipkernel
    import ipykernel.kernelapp  # noqa: F401

    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(sys.argv[1])
        listener.listen()
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal tells all of its processes
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for kernels; the system clears them away
        print("ready", flush=True)
        while True:
            for ready in select.select([listener, sys.stdin], [], [])[0]:
                if ready is sys.stdin:
                    os._exit(0)
                _answer(listener)


def _answer(listener: socket.socket) -> None:
    """Read `{"arguments", "environment", "folder"}` with two files for output, and answer with the process id, or 0."""
    connection, _ = listener.accept()
    with connection:
        data, files, _, _ = socket.recv_fds(connection, MAX_REQUEST, 2)
        child = 0
        if len(files) == 2 and may_fork():
            child = os.fork()
            if child == 0:
                _become_kernel(json.loads(data), files)
        for file in files:
            os.close(file)
        connection.send(str(child).encode())


def _become_kernel(request: dict[str, Any], files: list[int]) -> None:
    """Be what `python -m ipykernel_launcher ARGUMENTS` is, in this copy of the nursery. Never returns."""
    import ipykernel_launcher
    import numpy as np
    from ipykernel import kernelapp

    status = 1
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.environ.clear()
        os.environ.update(request["environment"])
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (files[0], 1), (files[1], 2)):
            os.dup2(source, target)
        os.closerange(3, 256)
        os.chdir(request["folder"])
        np.random.seed()  # copies would draw the same numbers; Python's own generator looks after itself
        sys.argv = [ipykernel_launcher.__file__, *request["arguments"]]
        kernelapp.launch_new_instance()
        status = 0
    finally:
        os._exit(status)
