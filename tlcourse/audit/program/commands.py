"""Commands that a program starts by itself (`subprocess`, `os.system`): left out, because no overlay reaches into another process."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable, Collection
from typing import Any

_PASSED_THROUGH = {__file__, os.__file__, subprocess.__file__}


def command_doors(program: Collection[str], leave_out: Callable[[str], None]) -> list[tuple[Any, str, Any]]:
    """List what is to be replaced: (module, name, function).

    Args:
        program: File names of the program's code. Commands that a library starts for itself run as ever.
        leave_out: Called with a command that is not started.
    """
    system = os.system

    def system_door(command: Any) -> int:
        if not _started_by(program):
            return system(command)
        leave_out(_shown(command))
        return 0

    class PopenDoor(subprocess.Popen):  # type: ignore[type-arg]
        """Starts what a library asks for; for the program it stands for a command that ended well and printed nothing."""

        def __init__(self, args: Any, *arguments: Any, **options: Any) -> None:
            self.left_out = _started_by(program)
            if not self.left_out:
                super().__init__(args, *arguments, **options)
                return
            leave_out(_shown(args))
            as_text = any(options.get(name) for name in ("text", "universal_newlines", "encoding", "errors"))
            self.args, self.pid, self.returncode = args, 0, 0
            self.stdin = self.stdout = self.stderr = None
            self._nothing: Any = "" if as_text else b""
            if options.get("stdout") == subprocess.PIPE:
                self.stdout = io.StringIO() if as_text else io.BytesIO()  # type: ignore[assignment]
            if options.get("stdin") == subprocess.PIPE:
                self.stdin = io.StringIO() if as_text else io.BytesIO()  # type: ignore[assignment]

        def communicate(self, *arguments: Any, **options: Any) -> Any:
            """Return no output of a command that was left out."""
            if not self.left_out:
                return super().communicate(*arguments, **options)
            return self._nothing, self._nothing

    return [(os, "system", system_door), (subprocess, "Popen", PopenDoor)]


def _started_by(program: Collection[str]) -> bool:
    """Tell whether the code of the program itself called the function that starts a command."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename in _PASSED_THROUGH:
        frame = frame.f_back  # type: ignore[assignment]
    return frame is not None and frame.f_code.co_filename in program


def _shown(command: Any) -> str:
    return command if isinstance(command, str) else " ".join(map(str, command))
