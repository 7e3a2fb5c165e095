"""Run several notebooks at the same time, each in a process of its own that ends with it."""

from __future__ import annotations

import multiprocessing
import signal
import sys
from collections import deque
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any

Work = Callable[[Any, Callable[[Any], None]], Any]
"""`work(task, tell)`: does a task, calls `tell(news)` on the way, returns the result. A function at the top of a module."""


def run_parallel(work: Work, tasks: Sequence[Any], jobs: int, on_event: Callable[[str, int, Any], None]) -> None:
    """Do every task in a new process, at most `jobs` at a time, and report what happens.

    When anything raises here, an interruption too, the processes that still run are ended first.

    Args:
        work: Function that does one task.
        tasks: One argument of `work` each.
        jobs: Processes at a time, 1 or more.
        on_event: Called with `(event, position of the task, value)`: ("begin", i, None), then ("news", i, what `tell` was called
            with), at last ("result", i, what `work` returned) or, where the process ended without a word, ("died", i, exit
            status).

    Raises:
        Exception: If `work` raises it.
    """
    # A fresh interpreter: a copy of this process would hold locks of threads that it does not have.
    context = multiprocessing.get_context("spawn")
    left = deque(enumerate(tasks))
    running: dict[Any, tuple[int, Any]] = {}
    try:
        while left or running:
            while left and len(running) < jobs:
                number, task = left.popleft()
                receiver, sender = context.Pipe(duplex=False)
                process = context.Process(target=_serve, args=(work, task, sender))
                process.start()
                running[receiver] = number, process
                sender.close()  # then the end of the process is the end of what comes
                on_event("begin", number, None)
            ready: list[Any] = wait(list(running))
            for receiver in ready:
                number, process = running[receiver]
                try:
                    event, value = receiver.recv()
                except EOFError:
                    event, value = "died", None
                if event != "news":
                    process.join()
                    receiver.close()
                    del running[receiver]
                if event == "raised":
                    raise value
                on_event(event, number, process.exitcode if event == "died" else value)
    finally:
        for _, process in running.values():
            process.terminate()
        for receiver, (_, process) in running.items():
            process.join()
            receiver.close()


def _serve(work: Work, task: Any, sender: Connection) -> None:
    """Do one task in this process and send what happens."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all of its processes; the first one decides
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # an orderly end: the kernel stops, the scratch folder goes
    try:
        result = work(task, lambda news: sender.send(("news", news)))
    except Exception as error:
        sender.send(("raised", error))
    else:
        sender.send(("result", result))
