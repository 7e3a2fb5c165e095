"""Copies of modules that came inside a saved model, kept while this process lives."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from pathlib import Path


def keep_copy(folder: Path) -> Path:
    """Copy a module out of the folder that Keras deletes after loading; removed when the process ends."""
    home = Path(tempfile.mkdtemp(prefix="tlcourse-hub-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    return Path(shutil.copytree(folder, home / "module"))
