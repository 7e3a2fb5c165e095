"""Follow one worker in its sandbox: its time, its memory, its events. Runs no code of the submission, judges nothing."""

from __future__ import annotations

import os
import queue
import secrets
import tempfile
import threading
import time
from dataclasses import dataclass, field
from typing import IO, Any

from tlcourse.grading.sandbox.backends import Sandbox
from tlcourse.grading.sandbox.process import Forked, Fresh, start_worker
from tlcourse.grading.sandbox.protocol import EventReader, ProtocolError, to_frame

_LOOK = 0.25  # seconds between two looks at memory and processes
_START_SECONDS = 120.0  # importing on a cold disk


@dataclass
class Launch:
    """What one worker sent and how it ended.

    Args:
        events: In order of arrival.
        ended: "end", "time", "resources" (memory or processes), "died" or "malformed".
        current: The event that says what it was doing: `located`, `cell` or `probe`. None before the first.
        detail: The exit status of "died", or what was wrong in "malformed".
        words: What the worker wrote to standard error before any code of the submission ran.
    """

    events: list[dict[str, Any]] = field(default_factory=list)
    ended: str = "died"
    current: dict[str, Any] | None = None
    detail: str = ""
    words: str = ""


class _Arrivals:
    """Bytes that come through a pipe, read in a thread, which works on every system. A flood waits in the pipe."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._queue: queue.Queue[bytes] = queue.Queue(maxsize=16)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._read, args=(pipe,), daemon=True)
        self._thread.start()

    def get(self) -> bytes | None:
        """Return the next bytes, `b""` at the end, or None when nothing came for a moment."""
        try:
            return self._queue.get(timeout=_LOOK)
        except queue.Empty:
            return None

    def close(self) -> None:
        """Stop listening, once every process that could write has ended."""
        self._closed.set()
        self._thread.join(timeout=10)

    def _read(self, pipe: IO[bytes]) -> None:
        with pipe:
            data = b"."
            while data:
                data = os.read(pipe.fileno(), 2**20)
                while not self._closed.is_set():
                    try:
                        self._queue.put(data, timeout=_LOOK)
                        break
                    except queue.Full:
                        continue


def launch(sandbox: Sandbox, job: dict[str, Any], seconds: float) -> Launch:
    """Run one worker to its end.

    Args:
        sandbox: The back end.
        job: Plain data for the worker.
        seconds: Wall-clock time for all of it, in seconds.
    """
    name = f"tlcourse-{secrets.token_hex(8)}"
    result = Launch()
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as words, tempfile.TemporaryDirectory() as scratch:
        given.write(to_frame(job))
        given.seek(0)
        reply, sent = os.pipe()
        try:
            process = start_worker(sandbox, name, (given, sent, words), scratch, frameworks=job["frameworks"])
        finally:
            os.close(sent)
        arrivals = _Arrivals(os.fdopen(reply, "rb"))
        try:
            _follow(process, arrivals, sandbox, result, time.monotonic() + seconds)
        finally:
            process.end()
            arrivals.close()
        result.words = _tail(words)
    return result


def _follow(
    process: Fresh | Forked, arrivals: _Arrivals, sandbox: Sandbox, result: Launch, end: float
) -> None:  # fmt: skip
    reader = EventReader()
    begun = looked = time.monotonic()
    while True:
        data = arrivals.get()
        now = time.monotonic()
        if data == b"":
            break
        if data is not None:
            try:
                for event in reader.feed(data):
                    result.events.append(event)
                    first = event["event"] == "located" and result.current is None
                    if first or event["event"] in ("cell", "probe", "tried"):
                        result.current, begun = event, now
                    if event["event"] in ("end", "refused"):
                        result.ended = "end"
                        return
            except ProtocolError as error:
                result.ended, result.detail = "malformed", str(error)
                return
        if now > end or now - begun > _seconds_for(result.current, sandbox):
            result.ended = "time"
            return
        if now - looked > _LOOK:
            looked = now
            result.ended = _over_limits(process.family(), sandbox) or result.ended
            if result.ended != "died":
                return
    result.detail = process.status()
    if reader.unfinished:
        result.ended, result.detail = "malformed", "The last reply is not complete."


def _seconds_for(current: dict[str, Any] | None, sandbox: Sandbox) -> float:
    if current is None:
        return _START_SECONDS
    if current["event"] == "probe":
        return sandbox.limits.probe_seconds + 10.0  # the worker ends a probe by itself, if it can
    return sandbox.limits.cell_seconds


def _over_limits(family: list[int], sandbox: Sandbox) -> str:
    """Return "resources" when all processes of a worker together are over the limits, else "".

    Which limit a fork bomb meets first is chance; records do not depend on it.
    """
    if len(family) > sandbox.limits.processes:
        return "resources"
    page = os.sysconf("SC_PAGE_SIZE")
    total = 0
    for member in family:
        try:
            with open(f"/proc/{member}/statm") as file:
                resident, shared = (int(word) for word in file.read().split()[1:3])
        except OSError:
            continue
        total += max(0, resident - shared) * page
    return "resources" if total > 1.25 * sandbox.limits.memory_mib * 2**20 else ""


def _tail(file: IO[bytes]) -> str:
    file.seek(0, os.SEEK_END)
    file.seek(max(0, file.tell() - 2000))
    return file.read().decode("utf-8", errors="replace").strip()
