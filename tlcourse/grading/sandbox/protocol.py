"""What travels between grader and sandbox: frames of plain data. Nothing that comes out of a sandbox is trusted.

The grader sends one job. The worker answers with events:

    located   where each answer is, before any code of the submission has run
    refused   no cells can be read from the submission
    cell      a cell starts
    raised    that cell stopped with an exception
    probe     the probe of a task starts
    record    what the probe of one case gave
    tried     the probe of a task is over; `problem` is "" or says how it died
    end       nothing is left to do
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

from tlcourse.checks import NotPlainError, WireError, from_wire, to_wire

MAX_FRAME = 48 * 2**20
MAX_TOTAL = 256 * 2**20
MAX_EVENTS = 20_000
_MAGIC = b"TLC1"
_HEAD = struct.Struct(">4sI")
_FIELDS: dict[str, dict[str, type]] = {
    "located": {"places": dict, "notes": list, "cells": int},
    "refused": {"text": str},
    "cell": {"number": int},
    "raised": {"number": int, "text": str, "line": str, "missing": str},
    "probe": {"task": str},
    "record": {"task": str, "case": int, "record": dict},
    "tried": {"task": str, "problem": str},
    "end": {},
}


class ProtocolError(ValueError):
    """A sandbox sent something that no worker sends."""


def to_frame(message: dict[str, Any]) -> bytes:
    """Return a message as one frame.

    Raises:
        NotPlainError: If the message is not plain data, or larger than a frame may be.
    """
    body = to_wire(message)
    if len(body) > MAX_FRAME:
        raise NotPlainError(f"The message is larger than {MAX_FRAME // 2**20} MiB.")
    return _HEAD.pack(_MAGIC, len(body)) + body


def read_frame(data: bytes) -> dict[str, Any]:
    """Return the one message of a frame that the grader wrote."""
    magic, length = _HEAD.unpack_from(data)
    if magic != _MAGIC or length != len(data) - _HEAD.size:
        raise ProtocolError("This is not a job of the grader.")
    return from_wire(data[_HEAD.size :])


class EventReader:
    """Turn bytes into events as they arrive, and stop at the first that does not have the right form."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._total = 0
        self._events = 0

    def feed(self, data: bytes) -> Iterator[dict[str, Any]]:
        """Take more bytes and yield the events that are complete.

        Raises:
            ProtocolError: If it is too much or not in the form of an event. The message says what is wrong.
        """
        self._buffer += data
        self._total += len(data)
        if self._total > MAX_TOTAL:
            raise ProtocolError(f"The sandbox sent more than {MAX_TOTAL // 2**20} MiB.")
        while len(self._buffer) >= _HEAD.size:
            magic, length = _HEAD.unpack_from(self._buffer)
            if magic != _MAGIC:
                raise ProtocolError("The sandbox sent something that is not a reply.")
            if length > MAX_FRAME:
                raise ProtocolError(f"The sandbox sent a reply of more than {MAX_FRAME // 2**20} MiB.")
            if len(self._buffer) < _HEAD.size + length:
                return
            body = bytes(self._buffer[_HEAD.size : _HEAD.size + length])
            del self._buffer[: _HEAD.size + length]
            self._events += 1
            if self._events > MAX_EVENTS:
                raise ProtocolError(f"The sandbox sent more than {MAX_EVENTS} replies.")
            yield _checked(body)

    @property
    def unfinished(self) -> bool:
        """True when the last event is incomplete."""
        return bool(self._buffer)


def _checked(body: bytes) -> dict[str, Any]:
    try:
        event = from_wire(body)
    except WireError as error:
        raise ProtocolError(f"A reply cannot be read. {error}") from error
    kind = event.get("event") if type(event) is dict else None
    fields = _FIELDS.get(kind) if type(kind) is str else None
    if fields is None:
        raise ProtocolError("A reply is of unknown kind.")
    if set(event) != {"event", *fields} or any(type(event[name]) is not sort for name, sort in fields.items()):
        raise ProtocolError(f"A reply of kind {kind!r} has the wrong fields.")
    if kind == "located" and not all(_is_place(place) for place in event["places"].values()):
        raise ProtocolError("A reply of kind 'located' has the wrong fields.")
    return event


def _is_place(place: Any) -> bool:
    return (
        type(place) is dict
        and set(place) == {"how", "expression", "after", "cells", "notes"}
        and type(place["how"]) is type(place["expression"]) is str
        and type(place["after"]) is int
        and type(place["cells"]) is type(place["notes"]) is list
        and all(type(number) is int for number in place["cells"])
        and all(type(note) is str for note in place["notes"])
    )
