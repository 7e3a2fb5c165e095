"""The places where h5py, TensorFlow, soundfile and sqlite3 open files by themselves, past Python's own `open`."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from typing import Any

Ask = Callable[..., Any]
"""`ask(method, path, **options)` calls a method of the overlay."""

_READING = ("FileExists", "GetChildren", "IsDirectory", "Stat", "BufferedInputStream", "HasAtomicMove")


def native_doors(ask: Ask) -> list[tuple[Any, str, Any]]:
    """List what is to be replaced: (module or class, name, function). Libraries that are not installed are left out."""
    return [*_sqlite(ask), *_soundfile(ask), *_h5py(ask), *_tensorflow_files(ask), *_tensorflow_operations(ask)]


def _sqlite(ask: Ask) -> list[tuple[Any, str, Any]]:
    connect = sqlite3.connect

    def door(database: Any, *arguments: Any, **options: Any) -> Any:
        in_memory = not isinstance(database, int) and str(database) in (":memory:", "")
        path = database if in_memory or options.get("uri") else ask("writing", database, keep=True)
        return connect(path, *arguments, **options)

    return [(sqlite3, "connect", door)]


def _soundfile(ask: Ask) -> list[tuple[Any, str, Any]]:
    try:
        from soundfile import SoundFile
    except (ImportError, OSError):  # the package, or the library that it wraps
        return []
    opened = SoundFile.__init__

    def door(sound: Any, file: Any, mode: Any = "r", *arguments: Any, **options: Any) -> None:
        if isinstance(file, (str, bytes, os.PathLike)):
            if mode in ("r", None):
                file = ask("reading", file)
            else:
                file = ask("new", file) if "x" in mode else ask("writing", file, keep="+" in mode and "w" not in mode)
        opened(sound, file, mode, *arguments, **options)

    return [(SoundFile, "__init__", door)]


def _h5py(ask: Ask) -> list[tuple[Any, str, Any]]:
    try:
        from h5py import h5f, h5fd
    except ImportError:
        return []
    opened, created = h5f.open, h5f.create

    def is_file(fapl: Any) -> bool:
        return fapl is None or fapl.get_driver() != h5fd.fileobj_driver

    def open_door(name: Any, flags: int = h5f.ACC_RDWR, **options: Any) -> Any:
        if not is_file(options.get("fapl")):
            return opened(name, flags, **options)
        path = ask("writing", name, keep=True) if flags & h5f.ACC_RDWR else ask("reading", name)
        return opened(path, flags, **options)

    def create_door(name: Any, flags: int = h5f.ACC_TRUNC, **options: Any) -> Any:
        if not is_file(options.get("fapl")):
            return created(name, flags, **options)
        return created(ask("writing", name, keep=False) if flags & h5f.ACC_TRUNC else ask("new", name), flags, **options)

    return [(h5f, "open", open_door), (h5f, "create", create_door)]


def _tensorflow_files(ask: Ask) -> list[tuple[Any, str, Any]]:
    """Return doors for what `tf.io.gfile` and all of TensorFlow's Python code uses to read and write files."""
    try:
        from tensorflow.python.lib.io import _pywrap_file_io as files
    except ImportError:
        return []
    real = {name: getattr(files, name) for name in dir(files) if not name.startswith("_")}

    def reads(name: str) -> Any:
        def read(path: Any, *rest: Any) -> Any:
            try:
                found = ask("reading", path)
            except FileNotFoundError:  # TensorFlow has its own error for this
                found = path + (b".gone" if isinstance(path, bytes) else ".gone")
            return real[name](found, *rest)

        return read

    def removes(name: str) -> Any:
        def remove(path: Any, *rest: Any) -> None:
            if (found := ask("removing", path)) is not None:
                real[name](found, *rest)

        return remove

    def makes(name: str) -> Any:
        def make(path: Any, *rest: Any) -> None:
            if (found := ask("folder", path)) is not None:
                real[name](found, *rest)

        return make

    def writes(path: Any, mode: Any) -> Any:
        return real["WritableFile"](ask("writing", path, keep=b"a" in bytes(mode)), mode)

    def copies(source: Any, target: Any, overwrite: Any, *rest: Any) -> None:
        new = ask("writing", target, keep=False) if overwrite else ask("new", target)
        real["CopyFile"](ask("reading", source), new, overwrite, *rest)

    def renames(source: Any, target: Any, overwrite: Any, *rest: Any) -> None:
        copies(source, target, overwrite, *rest)
        removes("DeleteFile")(source, *rest)

    doors: dict[str, Any] = {name: reads(name) for name in _READING}
    doors |= {"DeleteFile": removes("DeleteFile"), "DeleteRecursively": removes("DeleteRecursively")}
    doors |= {"CreateDir": makes("CreateDir"), "RecursivelyCreateDir": makes("RecursivelyCreateDir")}
    doors |= {"WritableFile": writes, "CopyFile": copies, "RenameFile": renames}
    return [(files, name, door) for name, door in doors.items() if name in real]


def _tensorflow_operations(ask: Ask) -> list[tuple[Any, str, Any]]:
    """Return doors for operations that write: checkpoints, SavedModel, event files, `tf.io.write_file`."""
    try:
        import tensorflow as tf
        from tensorflow.python.checkpoint.functional_saver import MultiDeviceSaver
        from tensorflow.python.ops import gen_io_ops, summary_ops_v2
    except ImportError:
        return []
    save, write, events = MultiDeviceSaver.save, gen_io_ops.write_file, summary_ops_v2.create_file_writer_v2

    def save_door(saver: Any, file_prefix: Any, *arguments: Any, **options: Any) -> Any:
        return save(saver, _mapped(file_prefix, lambda path: ask("prefix", path)), *arguments, **options)

    def write_door(filename: Any, contents: Any, name: Any = None) -> Any:
        return write(_mapped(filename, lambda path: ask("writing", path, keep=False)), contents, name)

    def events_door(logdir: Any, *arguments: Any, **options: Any) -> Any:
        return events(_mapped(logdir, lambda path: ask("elsewhere", path)), *arguments, **options)

    return [
        (MultiDeviceSaver, "save", save_door),
        *((place, "write_file", write_door) for place in (tf.io, gen_io_ops)),
        (tf.summary, "create_file_writer", events_door),
        (summary_ops_v2, "create_file_writer_v2", events_door),
    ]


def _mapped(path: Any, find: Callable[[Any], Any]) -> Any:
    """Find another path for a string or a tensor that holds one; leave what is known only when a graph runs."""
    if isinstance(path, (str, bytes)):
        return find(path)
    if not hasattr(path, "numpy"):
        return path
    try:
        return find(path.numpy())
    except (AttributeError, NotImplementedError):  # a tensor of a graph
        return path
