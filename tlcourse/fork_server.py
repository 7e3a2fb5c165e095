"""Import the frameworks once, and tell whether this process may be copied. Imports nothing by itself.

TensorFlow takes seconds to import. A process that has imported it and done nothing with it yet can be forked, and each copy starts
where a fresh process would be after those seconds. Copies of processes that run several threads may wait for ever for a lock
that nobody holds; copies of one that has opened a GPU share what cannot be shared.
"""

from __future__ import annotations

import os
import sys
import threading


def import_frameworks() -> str:
    """Import TensorFlow and Keras, start nothing in them, and return "" or the error that stopped it."""
    try:
        import keras  # noqa: F401
        import tensorflow  # noqa: F401
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


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
