"""Grade many submissions: in this process, in a pool of processes, or on a Dask cluster. Their order does not matter."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any

from tlcourse.grading.grade import Settings, grade
from tlcourse.grading.master import Master

Outcome = tuple[str, dict[str, Any] | None, str]
"""`(key, record, "")`, or `(key, None, reason)` where the grader itself stopped."""


def grade_all(
    master: Master,
    submissions: Mapping[str, bytes],
    settings: Settings,
    *,
    jobs: int = 1,
    dask: str = "",
    began: Callable[[int], None] = lambda count: None,
) -> Iterator[Outcome]:
    """Grade submissions and yield each as it is done.

    Args:
        master: The exercise.
        submissions: `{key: submission}`.
        settings: Settings of the class.
        jobs: Number of processes on this machine. 1 means this process.
        dask: Address of a Dask scheduler, such as `tcp://scheduler:8786`. Workers need `tlcourse` and the same sandbox.
        began: Called with the number of submissions that are running.
    """
    if dask:
        yield from _on_dask(master, submissions, settings, dask)
    elif jobs <= 1:
        for key, submission in submissions.items():
            began(1)
            yield _safely(key, master, submission, settings)
    else:
        yield from _in_pool(master, dict(submissions), settings, jobs, began)


def _safely(key: str, master: Master, submission: bytes, settings: Settings) -> Outcome:
    """Grade one submission; whatever goes wrong stays with it."""
    try:
        return key, grade(master, submission, settings), ""
    except Exception as error:
        return key, None, f"{type(error).__name__}: {error}"[:500]


def _in_pool(
    master: Master, left: dict[str, bytes], settings: Settings, jobs: int, began: Callable[[int], None]
) -> Iterator[Outcome]:
    """Grade in processes. When one of them dies, the submissions that are left are graded one by one, each in its own process."""
    one_by_one = False
    while left:
        batch = dict([next(iter(left.items()))]) if one_by_one else left
        workers = min(jobs, len(batch))
        with ProcessPoolExecutor(workers, get_context("spawn"), initializer=_end_with, initargs=(os.getpid(),)) as pool:
            futures: dict[Future[Outcome], str] = {
                pool.submit(_safely, key, master, submission, settings): key for key, submission in batch.items()
            }
            began(workers)
            try:
                for future in as_completed(futures):
                    key, record, reason = future.result()
                    left.pop(key)
                    yield key, record, reason
                    began(min(workers, len(left)))
            except BrokenProcessPool:
                if one_by_one:
                    key = next(iter(batch))
                    left.pop(key)
                    yield key, None, "The process that graded it died."
                one_by_one = True
            except GeneratorExit:
                pool.shutdown(wait=False, cancel_futures=True)
                raise


def _end_with(parent: int) -> None:
    """End this process soon after its parent is gone, however that was killed."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _on_dask(master: Master, submissions: Mapping[str, bytes], settings: Settings, address: str) -> Iterator[Outcome]:
    try:
        from distributed import Client
        from distributed import as_completed as as_finished
    except ImportError as error:
        raise ValueError("--dask needs the package `distributed`: pip install distributed") from error
    with Client(address) as client:
        shared = client.scatter([master, settings], broadcast=True)
        futures = [
            client.submit(_safely, key, shared[0], submission, shared[1], pure=False) for key, submission in submissions.items()
        ]
        for future in as_finished(futures):
            yield future.result()
