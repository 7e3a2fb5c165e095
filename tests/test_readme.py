"""The README's Python runs as it stands, offline, in a new process."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

BLOCKS = re.findall(r"```python\n(.*?)```", (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8"), re.DOTALL)


def test_there_is_a_sample():
    assert BLOCKS


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_a_sample_runs_offline_as_it_stands(block, tmp_path):
    environment = {**os.environ, "TLCOURSE_HOME": str(tmp_path), "TLCOURSE_OFFLINE": "1", "TLCOURSE_PROFILE": "embedded"}
    done = subprocess.run(
        [sys.executable, "-c", block], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
