"""How long `import tlcourse` takes, beside an import of TensorFlow in the same run. Aim: below 0.15 s."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

REPEATS = 5


def seconds(code: str) -> float:
    """Median wall time of a fresh interpreter that runs `code`, less that of an empty one."""

    def once(text: str) -> float:
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", text], check=True, capture_output=True)
        return time.perf_counter() - started

    return statistics.median(once(code) - once("pass") for _ in range(REPEATS))


if __name__ == "__main__":
    ours, framework = seconds("import tlcourse"), seconds("import tensorflow")
    ratio = framework / max(ours, 1e-4)
    print(f"import tlcourse {ours:.3f} s (aim: below 0.15); import tensorflow {framework:.2f} s: {ratio:.0f} times as long")
