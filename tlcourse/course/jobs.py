"""How many notebooks run at the same time, if nobody says: as many as cores and memory allow."""

from __future__ import annotations

import os
from pathlib import Path

import psutil

_GIB = 2**30
_NEEDED = {"embedded": 2 * _GIB, "full": 4 * _GIB}  # what a notebook may take
_LIMIT = Path("/sys/fs/cgroup")  # of a container, on Linux


def default_jobs(profile: str) -> int:
    """Return the number of notebooks that this process's cores and the free memory allow, 1 or more.

    Args:
        profile: "embedded" counts 2 GiB for each notebook, "full" 4.
    """
    return max(1, min(_cores(), free_memory() // _NEEDED[profile]))


def free_memory() -> int:
    """Return the bytes that new programs may take: of the machine, or of the container if that allows less."""
    free = int(psutil.virtual_memory().available)
    try:
        limit, used = (int((_LIMIT / name).read_text()) for name in ("memory.max", "memory.current"))
    except (OSError, ValueError):  # no container, or "max": no limit
        return free
    return max(0, min(free, limit - used))


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
