"""The fork server of kernels: a process that has imported the frameworks and ipykernel, and forks one kernel for each request.

`python -c "from tlcourse.course.kernel_fork_server import main; main()" SOCKET` answers on a Unix socket until its standard input
ends. A request is `{"arguments", "environment", "folder"}` with two files for output; the answer is the kernel's process id.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
from typing import Any

from tlcourse.fork_server import READY, answer_request, fork, import_frameworks, share_memory


def main() -> None:
    """Import, say so on standard output, and fork one kernel for each request."""
    if sys.path[0] == "":
        del sys.path[0]
    import_frameworks()
    os.environ["JPY_PARENT_PID"] = str(os.getpid())  # ipykernel reads it when it is imported, and ends with that process
    import ipykernel.ipkernel
    import ipykernel.kernelapp  # noqa: F401

    share_memory()
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(sys.argv[1])
        listener.listen()
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all of its processes
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for kernels; the system clears them away
        print(READY.decode(), flush=True)
        while True:
            for ready in select.select([listener, sys.stdin], [], [])[0]:
                if ready is sys.stdin:
                    os._exit(0)
                connection, _ = listener.accept()
                with connection:
                    answer_request(connection, lambda request, files: fork(lambda: _become_kernel(request, files)))


def _become_kernel(request: dict[str, Any], files: list[int]) -> int:
    """Be what `python -m ipykernel_launcher ARGUMENTS` is, in this copy of the fork server, and return the exit status."""
    import ipykernel_launcher
    import numpy as np
    from ipykernel import kernelapp

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
    return 0
