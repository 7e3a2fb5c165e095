"""Close the kernel's keyrings, in which one submission could leave something for the next: they belong to a user or a login."""

from __future__ import annotations

import ctypes
import os
import platform
import sys

_SECCOMP, _X32 = 22, 0x40000000
_KEY_CALLS = ((0xC000003E, 248), (0x40000003, 286), (0xC00000B7, 217))  # x86-64, its 32-bit calls, aarch64: the first of three


def refuse_keyrings() -> None:
    """Refuse add_key, request_key and keyctl to this process and all that it starts.

    Raises:
        OSError: If this machine does not allow it, or the process could still gain privileges.
    """

    class Step(ctypes.Structure):
        _fields_ = (
            ("code", ctypes.c_uint16),
            ("if_true", ctypes.c_uint8),
            ("if_false", ctypes.c_uint8),
            ("value", ctypes.c_uint32),
        )

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_uint16), ("steps", ctypes.POINTER(Step)))

    if not sys.platform.startswith("linux") or platform.machine() not in ("x86_64", "aarch64"):
        raise OSError("the numbers of these calls are not known here")
    load, mask, equal, at_least, above, end = 0x20, 0x54, 0x15, 0x35, 0x25, 0x06
    allow, refuse = 0x7FFF0000, 0x00050001
    steps = []
    for machine, first in _KEY_CALLS:
        steps += [(load, 0, 0, 4), (equal, 0, 6, machine), (load, 0, 0, 0), (mask, 0, 0, ~_X32 & 0xFFFFFFFF)]
        steps += [(at_least, 0, 2, first), (above, 1, 0, first + 2), (end, 0, 0, refuse), (end, 0, 0, allow)]
    steps.append((end, 0, 0, refuse))
    program = Program(len(steps), (Step * len(steps))(*(Step(*step) for step in steps)))
    if ctypes.CDLL(None, use_errno=True).prctl(_SECCOMP, 2, ctypes.byref(program), 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"seccomp: {os.strerror(number)}")
