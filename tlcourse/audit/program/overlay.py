"""Where the writes of a program under examination go: nothing that existed before is changed or removed.

A file that existed before is copied to a scratch folder on the first write, and the program reads and writes the copy from then on.
Removing it only hides it from the program. A new file is made where the program wants it, because other libraries must find it
there; at the end it is removed again, unless it lies in a cache. This file holds the rules; `doors` applies them to the program.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

_DEVICES = ("/dev/", "/proc/", "/sys/")
_CACHES = ("KERAS_HOME", "HF_HOME", "KAGGLEHUB_CACHE", "TFHUB_CACHE_DIR", "XDG_CACHE_HOME", "MPLCONFIGDIR", "TORCH_HOME")


class Overlay:
    """The files of one visit, as the program sees them.

    Args:
        home: Folder of the program. New files in it are removed at the end, also if it lies in the folder for temporary files.
        opened: Called with each path that Python opens.
    """

    def __init__(self, home: Path, opened: Callable[[Any], None] = lambda path: None) -> None:
        self.opened = opened
        self._scratch = os.path.realpath(tempfile.mkdtemp(prefix="tlcourse-doctor-"))
        self._home = os.path.realpath(home)
        self._temporary = os.path.realpath(tempfile.gettempdir())
        self._caches = _cache_folders()
        self._copies: dict[str, str] = {}
        self._hidden: set[str] = set()
        self._made: dict[str, None] = {}
        self._log: dict[str, str] = {}

    @property
    def attempts(self) -> list[str]:
        """What the program tried to do to files, such as `change best.keras`; a folder stands for all that happens in it."""
        return [f"{what} {self._shown(path)}" for path, what in self._log.items() if not self._is_part(path, what)]

    def reading(self, path: Any, follow: bool = True) -> Any:
        """Return the path to read instead of `path`.

        Raises:
            FileNotFoundError: If the program has removed it.
        """
        if not (self._copies or self._hidden) or (real := self._real(path, follow)) is None:
            return path
        if real in self._copies:
            return _like(path, self._copies[real])
        if self._is_hidden(real):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), os.fsdecode(path))
        return path

    def writing(self, path: Any, *, keep: bool, follow: bool = True) -> Any:
        """Return the path to write instead of `path`.

        Args:
            path: What the program wants to write.
            keep: Whether it goes on with the old content; otherwise it begins with an empty file.
            follow: Whether a symbolic link stands for the file that it points to.
        """
        real = self._real(path, follow)
        if real is None:
            return path
        if real in self._copies:
            return _like(path, self._copies[real])
        if not self.is_protected(real):
            self._note_made(real)
            return path
        copy = self._place_of(real)
        if keep and not self._is_hidden(real):
            copy_of(real, copy)
        self._hidden.discard(real)
        self._copies[real] = copy
        self._log.setdefault(real, "change")
        return _like(path, copy)

    def new(self, path: Any) -> Any:
        """Return the path to write instead of `path`, for a program that writes only if nothing is there."""
        try:
            found = self.reading(path, follow=False)
        except FileNotFoundError:
            return self.writing(path, keep=False)
        return found if os.path.lexists(found) else self.writing(path, keep=False)

    def removing(self, path: Any) -> Any:
        """Hide a file or folder that existed before, and return None; otherwise return the path to remove."""
        real = self._real(path, follow=False)
        if real is None or not self.is_protected(real):
            return path
        self.reading(path, follow=False)  # a file that is gone already cannot be removed again
        if (copy := self._copies.pop(real, None)) is not None and os.path.lexists(copy):
            os.unlink(copy)
        self._hidden.add(real)
        self._log[real] = "remove"
        return None

    def folder(self, path: Any) -> Any:
        """Return the path at which to make the folder `path`; None if it existed before, and the program had removed it."""
        real = self._real(path, follow=False)
        if real is None:
            return path
        if real in self._hidden and real not in self._copies:
            self._hidden.discard(real)
            return None
        if not self.is_protected(real):
            self._note_made(real)
        return path

    def elsewhere(self, folder: Any) -> Any:
        """Return a folder in the scratch folder, for a library that only adds files to `folder` and does not read them."""
        if (real := self._real(folder, follow=True)) is None:
            return folder
        self._log.setdefault(real, "add files to")
        return _like(folder, self._place_of(real))

    def prefix(self, prefix: Any) -> Any:
        """Return the prefix at which a library writes several files; another one if files with this prefix existed before."""
        real = self._real(prefix, follow=False)
        if real is None:
            return prefix
        parent, name = os.path.split(real)
        found = [os.path.join(parent, file) for file in os.listdir(parent)] if os.path.isdir(parent) else []
        if not any(self.is_protected(file) for file in found if os.path.basename(file).startswith(name)):
            self._note_made(real)
            return prefix
        self._log.setdefault(real, "change")
        return _like(prefix, self._place_of(real))

    def visible(self, folder: Any, names: Iterable[Any]) -> list[Any]:
        """Return the names in a folder that the program has not removed."""
        real = self._real(folder, follow=True)
        if real is None or not self._hidden:
            return list(names)
        return [name for name in names if os.path.join(real, os.fsdecode(name)) not in self._hidden]

    def is_protected(self, path: Any) -> bool:
        """Tell whether a path existed before the visit."""
        real = self._real(path, follow=False)
        if real is None or not os.path.lexists(real):
            return False
        while real not in self._made:
            parent = os.path.dirname(real)
            if parent == real:
                return True
            real = parent
        return False

    def close(self) -> None:
        """Remove what the program made, and the scratch folder. Call it after the doors are closed."""
        self._log = {path: what for path, what in self._log.items() if what != "make" or os.path.lexists(path)}
        for path in sorted(self._made, key=len, reverse=True):
            if self._stays(path) or not os.path.lexists(path):
                continue
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path, ignore_errors=True)
            else:
                os.unlink(path)
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _note_made(self, real: str) -> None:
        """Remember a file or folder that the program is about to make, or the highest folder that it makes for it."""
        while not os.path.lexists(real):
            parent = os.path.dirname(real)
            if os.path.lexists(parent):
                self._made[real] = None
                if not self._stays(real):
                    self._log.setdefault(real, "make")
                return
            real = parent

    def _is_part(self, path: str, what: str) -> bool:
        parents = (str(parent) for parent in Path(path).parents)
        return any(self._log.get(parent) in (what, "make") for parent in parents)

    def _stays(self, real: str) -> bool:
        """Tell whether a new file is kept: it lies in a cache, or in the folder for temporary files but not with the program."""
        if any(_inside(real, cache) for cache in self._caches):
            return True
        return _inside(real, self._temporary) and not _inside(real, self._home)

    def _is_hidden(self, real: str) -> bool:
        """Tell whether the program has removed a path, or a folder that it was in."""
        if not self._hidden:
            return False
        while real not in self._hidden:
            parent = os.path.dirname(real)
            if parent == real:
                return False
            real = parent
        return True

    def _real(self, path: Any, follow: bool) -> str | None:
        """Return the absolute path without symbolic links; None for what is no path on this machine, or none of the program's."""
        try:
            name = os.fsdecode(path)
        except TypeError:
            return None
        if not name or "://" in name:
            return None
        folder, last = os.path.split(name.rstrip("/") or "/")
        real = os.path.realpath(name) if follow else os.path.join(os.path.realpath(folder or "."), last)
        return None if real.startswith(_DEVICES) or _inside(real, self._scratch) else real

    def _place_of(self, real: str) -> str:
        copy = os.path.join(self._scratch, os.path.splitdrive(real)[1].lstrip("/\\"))
        os.makedirs(os.path.dirname(copy), exist_ok=True)
        return copy

    def _shown(self, real: str) -> str:
        return os.path.relpath(real, self._home) if _inside(real, self._home) else real


def copy_of(source: str, target: str) -> None:
    """Copy a file or a folder, and let the owner write the copy."""
    if os.path.isdir(source):
        shutil.copytree(source, target, dirs_exist_ok=True)
        return
    shutil.copy2(source, target)
    os.chmod(target, os.stat(target).st_mode | 0o200)


def _inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _like(path: Any, found: str) -> Any:
    return os.fsencode(found) if isinstance(path, bytes) else found


def _cache_folders() -> list[str]:
    given = [os.environ[name] for name in _CACHES if os.environ.get(name)]
    home = os.path.expanduser("~")
    return [os.path.realpath(f) for f in (*given, f"{home}/.keras", f"{home}/.cache")]
