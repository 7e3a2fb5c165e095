"""Plain data to bytes and back: a zip of `.npy` arrays and one JSON tree, never pickle. What arrives is not trusted."""

from __future__ import annotations

import io
import json
import math
import zipfile
from typing import Any

import numpy as np

from tlcourse.checks.plain import MAX_BYTES, NotPlainError, plain

_TREE = "tree.json"
_MAX_TREE_BYTES = 16 * 2**20


class WireError(ValueError):
    """Bytes are not what `to_wire` writes."""


def to_wire(data: Any) -> bytes:
    """Return plain data as bytes.

    Args:
        data: Plain data.

    Raises:
        NotPlainError: If `data` is not plain, see `plain`; or holds more than 16 MiB outside arrays.
    """
    arrays: list[np.ndarray] = []

    def encode(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            arrays.append(value)
            return {"array": len(arrays) - 1}
        if isinstance(value, dict):
            return {"dict": {key: encode(item) for key, item in value.items()}}
        if isinstance(value, list):
            return [encode(item) for item in value]
        if isinstance(value, float) and not math.isfinite(value):
            return {"float": str(value)}
        return value

    tree = json.dumps(encode(plain(data)))
    if len(tree) > _MAX_TREE_BYTES:
        raise NotPlainError(f"It holds more than {_MAX_TREE_BYTES // 2**20} MiB of text.")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(_TREE, tree)
        for number, array in enumerate(arrays):
            member = io.BytesIO()
            np.lib.format.write_array(member, array, version=(1, 0), allow_pickle=False)
            archive.writestr(f"{number}.npy", member.getvalue())
    return buffer.getvalue()


def from_wire(data: bytes) -> Any:
    """Return what `to_wire` was given.

    Args:
        data: Bytes, not trusted.

    Raises:
        WireError: If the bytes are malformed, too large, or too deeply nested.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
            if sum(sizes.values()) > 2 * MAX_BYTES or sizes[_TREE] > _MAX_TREE_BYTES:
                raise WireError("The data unpacks to more than the limits allow.")
            arrays = set(sizes) - {_TREE}
            return plain(_decode(json.loads(archive.read(_TREE)), archive, arrays))
    except WireError:
        raise
    except Exception as error:  # not trusted: whatever zip, JSON or NumPy raise on such bytes, RecursionError included
        raise WireError(f"The data is malformed, nested too deeply or too large ({type(error).__name__}).") from error


def _decode(node: Any, archive: zipfile.ZipFile, unread: set[str]) -> Any:
    if isinstance(node, list):
        return [_decode(item, archive, unread) for item in node]
    if not isinstance(node, dict):
        return node
    if len(node) != 1:
        raise WireError("The data is malformed: an object without its kind.")
    ((kind, value),) = node.items()
    if kind == "dict" and isinstance(value, dict):
        return {key: _decode(item, archive, unread) for key, item in value.items()}
    if kind == "float" and value in ("nan", "inf", "-inf"):
        return float(value)
    if kind == "array" and type(value) is int:
        unread.remove(f"{value}.npy")  # each array once: a tree that names one a million times would fill the memory
        return _read_array(archive.read(f"{value}.npy"))
    raise WireError("The data is malformed: an object of unknown kind.")


def _read_array(member: bytes) -> np.ndarray:
    """Read one `.npy` after comparing what its header promises with what is there, so that no lie allocates memory."""
    stream = io.BytesIO(member)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise WireError("The data is malformed: an array in an unexpected format.")
    shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(stream)
    body = len(member) - stream.tell()
    if dtype.itemsize == 0 or fortran_order or any(n < 0 for n in shape) or math.prod(shape) * dtype.itemsize != body:
        raise WireError("The data is malformed: an array's header does not fit its bytes.")
    return (
        np.frombuffer(member, dtype=dtype, offset=stream.tell(), count=math.prod(shape)).reshape(shape)
        if body
        else np.zeros(shape, dtype)
    )
