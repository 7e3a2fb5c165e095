"""Programs that try something where workers run, and say in JSON whether it worked."""

from __future__ import annotations

import json
import secrets
import subprocess
from typing import Any

from tlcourse.grading.sandbox.backends import Sandbox


def tried(sandbox: Sandbox, program: str) -> Any:
    """Run a program where workers run, and return what it prints as JSON."""
    command = [*sandbox.command(f"tlcourse-tried-{secrets.token_hex(8)}")[:-1], f"import json\n{program}"]
    done = subprocess.run(
        command, env=sandbox.environment(), capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def written(place: str) -> str:
    """A statement that makes a file in a folder and removes it again."""
    return f"import os; open({place!r} + '/x', 'x').close(); os.remove({place!r} + '/x')"


def refusal(statement: str) -> str:
    """A program that prints None where a statement works, else the kind of error."""
    return f"try:\n    {statement}\n    print('null')\nexcept OSError as error:\n    print(json.dumps(type(error).__name__))"
