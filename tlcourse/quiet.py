"""Keep a framework's start-up remarks off the page, and let everything else through, real errors first of all.

TensorFlow 2.21 writes such lines from C++ straight to the file descriptor, some of them before any setting is read:
`TF_CPP_MIN_LOG_LEVEL=3` leaves them in place. So the descriptor itself is filtered, while the framework starts and no longer.
"""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import sys
from collections.abc import Iterator

# Lines about what a machine does not have or could do better, seen with TensorFlow 2.20 and 2.21 with and without a GPU.
REMARKS = (
    r"All log messages before absl::InitializeLog",
    r"oneDNN custom operations are on",
    r"Could not find cuda drivers",
    r"failed call to cuInit",
    r"computation placer already registered",
    r"Unable to register cu(DNN|BLAS|FFT) (factory|plugin)",
    r"Attempting to register factory for plugin cu",
    r"TF-TRT Warning",
    r"This TensorFlow binary is optimized",
    r"To enable the following instructions",
    r"Skipping registering GPU devices",
    r"Cannot dlopen some GPU libraries",
)
_RETRACING = "triggered tf.function retracing"
# Runs in a process of its own: what a dying process wrote last still gets through.
_SIEVE = """
import re, sys
remark = re.compile('|'.join(sys.argv[1:]))
for line in sys.stdin.buffer:
    if not remark.search(line.decode('utf-8', 'replace')):
        sys.stderr.buffer.write(line)
        sys.stderr.buffer.flush()
"""


@contextlib.contextmanager
def quiet_start() -> Iterator[None]:
    """Leave `REMARKS` out of what is written to standard error inside this block, by Python or by C++; nothing else is left out.

    Where `TF_CPP_MIN_LOG_LEVEL` is 0, the reader has asked for all of it, and gets it.
    """
    if os.environ.get("TF_CPP_MIN_LOG_LEVEL") == "0":
        yield
        return
    if "tensorflow" not in sys.modules:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        kept = os.dup(2)
        sieve = subprocess.Popen([sys.executable, "-I", "-S", "-c", _SIEVE, *REMARKS], stdin=subprocess.PIPE, stderr=kept)
    except OSError:  # no descriptor, or no process to be had: better noise than nothing
        yield
        return
    assert sieve.stdin is not None
    try:
        os.dup2(sieve.stdin.fileno(), 2)
        yield
    finally:
        with contextlib.suppress(Exception):
            sys.stderr.flush()
        os.dup2(kept, 2)
        os.close(kept)
        sieve.stdin.close()
        sieve.wait()


def without_retracing_hints() -> None:
    """Drop TensorFlow's paragraph on retracing: in a lesson every model is built on purpose, and each is traced once."""
    logger = logging.getLogger("tensorflow")
    if not any(isinstance(known, _NoRetracing) for known in logger.filters):
        logger.addFilter(_NoRetracing())


class _NoRetracing(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return _RETRACING not in str(record.msg)
