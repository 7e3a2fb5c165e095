"""Where the modules of this process lie: copies that came inside a saved model, and what was attached before."""

from __future__ import annotations

import atexit
import hashlib
import shutil
import tempfile
from pathlib import Path

from tlcourse.hub.handles import is_saved_model

_ATTACHED: dict[str, Path] = {}


def keep_copy(folder: Path) -> Path:
    """Copy a module out of the folder that Keras deletes after loading; removed when the process ends."""
    home = Path(tempfile.mkdtemp(prefix="tlcourse-hub-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    return Path(shutil.copytree(folder, home / "module"))


def fingerprint(folder: Path) -> str:
    """Return the SHA-256 of a module's program; its values do not count."""
    program = next(path for path in (folder / "saved_model.pb", folder / "saved_model.pbtxt") if path.is_file())
    return hashlib.sha256(program.read_bytes()).hexdigest()


def remember(folder: Path) -> str:
    """Note where a module lies for copies of its layer, and return its fingerprint."""
    mark = fingerprint(folder)
    _ATTACHED[mark] = folder
    return mark


def find_again(mark: str, *likely: Path) -> Path | None:
    """Return a folder that holds the module with this fingerprint, `likely` ones first; None where there is none."""
    for folder in (*likely, _ATTACHED.get(mark)):
        if folder is not None and is_saved_model(folder) and fingerprint(folder) == mark:
            return folder
    return None
