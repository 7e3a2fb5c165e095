"""The doors to the file system: while a program is examined, all that it reads and writes by Python passes through an `Overlay`.

Replaced are `open` and the functions of `os` that take paths, which everything in Python is made of (`pathlib`, `shutil`, `zipfile`,
NumPy, joblib, Keras), and the few places where h5py, TensorFlow, soundfile and sqlite3 open files by themselves. An audit hook of
Python (PEP 578) stands behind them: where code reaches the system past these doors, a change to a file that existed before raises
`PermissionError`.
"""

from __future__ import annotations

import builtins
import contextlib
import errno
import io
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tlcourse.audit.program.native_doors import native_doors
from tlcourse.audit.program.overlay import Overlay, copy_of

Patch = tuple[Any, str, Any]
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_busy = threading.local()
_watching: list[Overlay] = []


@contextlib.contextmanager
def doors_of(overlay: Overlay, more: Sequence[Patch] = ()) -> Iterator[None]:
    """Pass reads and writes of this process through `overlay` until the end of the block, and close the overlay then.

    Args:
        overlay: Decides what each path means.
        more: Other replacements for the same time, as (module, name, function).
    """
    _watch()
    patches: list[Patch] = [*more, *_opening(overlay), *_functions(overlay), (shutil, "_use_fd_functions", False)]
    patches += native_doors(lambda method, *given, **options: _ask(getattr(overlay, method), *given, **options))
    before = [(place, name, getattr(place, name)) for place, name, _ in patches]
    bytecode = sys.dont_write_bytecode
    try:
        for place, name, function in patches:
            setattr(place, name, function)
        sys.dont_write_bytecode = True
        _watching.append(overlay)
        yield
    finally:
        _watching.remove(overlay)
        sys.dont_write_bytecode = bytecode
        for place, name, function in before:
            setattr(place, name, function)
        overlay.close()


def _ask(method: Callable[..., Any], *given: Any, **options: Any) -> Any:
    """Call a method of the overlay with all doors open, because the overlay reads and copies files itself."""
    if getattr(_busy, "on", False):
        return given[0]
    _busy.on = True
    try:
        return method(*given, **options)
    finally:
        _busy.on = False


def _opening(overlay: Overlay) -> list[Patch]:
    real_open, real_os_open = builtins.open, os.open

    def opened(file: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        if isinstance(file, int) or not isinstance(mode, str) or options.get("opener") is not None:
            return real_open(file, mode, *arguments, **options)
        if "x" in mode:
            path = _ask(overlay.new, file)
        elif set(mode) & set("wa+"):
            path = _ask(overlay.writing, file, keep="w" not in mode)
        else:
            path = _ask(overlay.reading, file)
        return real_open(path, mode, *arguments, **options)

    def os_opened(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        path = _absolute(path, dir_fd)
        if not flags & _WRITES:
            path = _ask(overlay.reading, path)
        elif flags & os.O_EXCL:
            path = _ask(overlay.new, path)
        else:
            if not flags & os.O_CREAT:
                os.stat(path)  # raises if there is no such file
            path, flags = _ask(overlay.writing, path, keep=not flags & os.O_TRUNC), flags | os.O_CREAT
        return real_os_open(path, flags, mode)

    return [(builtins, "open", opened), (io, "open", opened), (os, "open", os_opened)]


def _functions(overlay: Overlay) -> list[Patch]:
    """Return the doors in the place of functions of `os`."""
    real = {name: getattr(os, name) for name in dir(os) if callable(getattr(os, name))}

    def looks(name: str, follow: bool = True) -> Callable[..., Any]:
        def look(path: Any, *arguments: Any, dir_fd: int | None = None, **options: Any) -> Any:
            if isinstance(path, int):
                return real[name](path, *arguments, **options)
            follows = options.get("follow_symlinks", follow)
            return real[name](_ask(overlay.reading, _absolute(path, dir_fd), follow=follows), *arguments, **options)

        return look

    def changes(name: str) -> Callable[..., Any]:
        def change(path: Any, *arguments: Any, dir_fd: int | None = None, **options: Any) -> Any:
            if not isinstance(path, int):
                path = _absolute(path, dir_fd)
                real["stat"](_ask(overlay.reading, path), follow_symlinks=options.get("follow_symlinks", True))
                path = _ask(overlay.writing, path, keep=True, follow=options.get("follow_symlinks", True))
            return real[name](path, *arguments, **options)

        return change

    def removes(name: str) -> Callable[..., Any]:
        def remove(path: Any, *, dir_fd: int | None = None) -> None:
            path = _absolute(path, dir_fd)
            if name == "rmdir" and not getattr(_busy, "on", False) and os.listdir(path):
                raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY), os.fsdecode(path))
            if (found := _ask(overlay.removing, path)) is not None:
                real[name](found)

        return remove

    def renames(name: str) -> Callable[..., Any]:
        def rename(src: Any, dst: Any, *, src_dir_fd: int | None = None, dst_dir_fd: int | None = None) -> None:
            if getattr(_busy, "on", False):
                return real[name](src, dst)
            src, dst = _absolute(src, src_dir_fd), _absolute(dst, dst_dir_fd)
            source = _ask(overlay.reading, src, follow=False)
            real["lstat"](source)  # raises if there is none
            target = _ask(overlay.writing, dst, keep=False, follow=False)
            if source is src and not _ask(overlay.is_protected, src):
                return real[name](source, target)
            _ask(lambda path: copy_of(os.fsdecode(path), os.fsdecode(target)), source)
            _ask(overlay.removing, src)
            return None

        return rename

    def makes(path: Any, mode: int = 0o777, *, dir_fd: int | None = None) -> None:
        if (found := _ask(overlay.folder, _absolute(path, dir_fd))) is not None:
            real["mkdir"](found, mode)

    def lists(path: Any = ".") -> Any:
        names = real["listdir"](path)
        return names if isinstance(path, int) or getattr(_busy, "on", False) else _ask(_visible(overlay, names), path)

    def scans(path: Any = ".") -> Any:
        if isinstance(path, int) or getattr(_busy, "on", False):
            return real["scandir"](path)
        _ask(overlay.reading, path)
        with real["scandir"](path) as entries:
            found = list(entries)
        shown = set(_ask(_visible(overlay, [entry.name for entry in found]), path))
        return _Entries([entry for entry in found if entry.name in shown])

    def links(src: Any, dst: Any, **options: Any) -> None:
        if not getattr(_busy, "on", False) and _ask(overlay.is_protected, src):
            shutil.copy2(src, dst)  # a second name for the file would let the program change it
        else:
            real["link"](_ask(overlay.reading, src), _ask(overlay.writing, dst, keep=False, follow=False), **options)

    def symlinks(src: Any, dst: Any, *arguments: Any, dir_fd: int | None = None, **options: Any) -> None:
        real["symlink"](src, _ask(overlay.folder, _absolute(dst, dir_fd)) or dst, *arguments, **options)

    doors: dict[str, Any] = {name: looks(name) for name in ("stat", "access", "getxattr", "listxattr", "readlink", "chdir")}
    doors |= {"lstat": looks("lstat", follow=False), "readlink": looks("readlink", follow=False)}
    doors |= {name: changes(name) for name in ("chmod", "chown", "lchown", "utime", "truncate", "setxattr", "removexattr")}
    doors |= {name: removes(name) for name in ("remove", "unlink", "rmdir")}
    doors |= {name: renames(name) for name in ("rename", "replace")}
    doors |= {"mkdir": makes, "listdir": lists, "scandir": scans, "link": links, "symlink": symlinks}
    return [(os, name, door) for name, door in doors.items() if name in real]


class _Entries(list):  # type: ignore[type-arg]
    """What `os.scandir` returns: an iterator that is also a context manager."""

    def __init__(self, entries: list[os.DirEntry[Any]]) -> None:
        super().__init__(entries)
        self._rest = super().__iter__()

    def __iter__(self) -> Any:
        return self._rest

    def __next__(self) -> Any:
        return next(self._rest)

    def __enter__(self) -> _Entries:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Do nothing: all entries are read."""


def _visible(overlay: Overlay, names: list[Any]) -> Callable[[Any], list[Any]]:
    return lambda path: overlay.visible(path, names)


def _is_kept(path: Any) -> bool:
    """Tell whether a file existed before. Python opens a folder to write for a temporary file without a name: that is no change."""
    return not os.path.isdir(path) and any(overlay.is_protected(path) for overlay in _watching)


def _absolute(path: Any, dir_fd: int | None) -> Any:
    """Join a path to the folder of an open descriptor."""
    if dir_fd is None or os.path.isabs(path):
        return path
    return os.path.join(os.readlink(f"/proc/self/fd/{dir_fd}"), os.fsdecode(path))


def _watch() -> None:
    """Install the audit hook once; it cannot be taken out again, and does nothing while no program is examined."""
    if not getattr(_watch, "done", False):
        sys.addaudithook(_hook)
        _watch.done = True  # type: ignore[attr-defined]


_CHANGED_PATHS = {  # event -> places of the changed paths among its arguments
    **dict.fromkeys(("os.remove", "os.rmdir", "os.truncate", "os.chmod", "os.chown", "os.utime", "os.setxattr"), (0,)),
    "os.rename": (0, 1),
}


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if not _watching or getattr(_busy, "on", False):
        return
    if event == "open":
        for overlay in _watching:
            overlay.opened(arguments[0])
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITES:
        paths = arguments[:1]
    elif event in _CHANGED_PATHS:
        paths = tuple(arguments[place] for place in _CHANGED_PATHS[event])
    else:
        return
    for path in paths:
        if isinstance(path, (str, bytes, os.PathLike)) and _ask(_is_kept, path) is True:
            raise PermissionError(errno.EACCES, "The doctor keeps files that existed before as they are", os.fsdecode(path))
