"""The process inside the sandbox: reads a job, runs the submission and the probes, sends evidence. Judges nothing.

One worker tries the visible cases of a submission, another one the hidden cases. It holds no hidden seeds and nothing that only
judges may see.
"""

from __future__ import annotations

import builtins
import contextlib
import inspect
import linecache
import os
import random
import select
import signal
import sys
import time
import types
from collections.abc import Callable
from typing import Any

from tlcourse.checks import Task, call, clean, collect, lesson_of
from tlcourse.fork_server import import_frameworks, may_fork
from tlcourse.grading.inside.determinism import Steady
from tlcourse.grading.inside.keyrings import refuse_keyrings
from tlcourse.grading.reading.locate import Located, Place, Released, locate
from tlcourse.grading.reading.notebook import UnreadableNotebook, read_notebook
from tlcourse.grading.sandbox.protocol import NotPlainError, read_frame, to_frame
from tlcourse.tasks import load_tasks


def main() -> None:
    """Answer the job on standard input with events on what was standard output."""
    job = read_frame(sys.stdin.buffer.read())
    reply = os.dup(1)
    os.set_inheritable(reply, False)
    nothing = os.open(os.devnull, os.O_RDWR)
    _limit(job["limits"])
    with contextlib.suppress(OSError):  # a system without keyrings, or one that lets nobody close them
        refuse_keyrings()
    try:
        notebook = read_notebook(job["submission"].tobytes())
    except UnreadableNotebook as error:
        _send(reply, {"event": "refused", "text": str(error)})
        return
    located = locate(notebook, [Released(**task["released"]) for task in job["tasks"]])
    places = {task: place.as_data() for task, place in located.places.items()}
    _send(reply, {"event": "located", "places": places, "notes": list(located.notes), "cells": len(notebook.cells)})
    for stream in (0, 1, 2):  # from here on, what is printed is dropped
        os.dup2(nothing, stream)
    if job["frameworks"]:
        import_frameworks()  # before probes fork; a probe meets an error in it again, and says so
    _Run(job, located, reply).run()
    _send(reply, {"event": "end"})
    os._exit(0)  # exit handlers of the submission do not run


def _send(reply: int, event: dict[str, Any]) -> None:
    data = memoryview(to_frame(event))
    while data:
        data = data[os.write(reply, data) :]


def _limit(limits: dict[str, Any]) -> None:
    """Set the limits of this process and its children. A limit that the machine refuses stays as it was."""
    try:
        import resource
    except ImportError:  # Windows has none of these limits
        return
    memory, files = int(limits["memory_mib"]) * 2**20, int(limits["file_mib"]) * 2**20
    wanted = {
        resource.RLIMIT_DATA: memory,
        resource.RLIMIT_CPU: int(limits["cpu_seconds"]),
        resource.RLIMIT_FSIZE: files,
        resource.RLIMIT_NOFILE: int(limits["open_files"]),
        resource.RLIMIT_NPROC: int(limits["processes"]),
        resource.RLIMIT_CORE: 0,
    }
    for kind, value in wanted.items():
        _, hard = resource.getrlimit(kind)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(kind, (value, value))
        except (OSError, ValueError):
            continue


class _Run:
    """One pass over the cells of a submission."""

    def __init__(self, job: dict[str, Any], located: Located, reply: int) -> None:
        self.job, self.located, self.reply = job, located, reply
        self.alone = job["own_pids"] and os.getpid() <= 2  # whatever the job says: elsewhere, other processes belong to others
        self.skip = set(job["skip_cells"])
        self.open = list(job["tasks"])
        self.errors: dict[int, dict[str, Any]] = {}
        lessons = {number: load_tasks(number) for number in {lesson_of(task["probe_of"]) for task in job["tasks"]}}
        self.tasks = {task["id"]: lessons[lesson_of(task["probe_of"])][task["probe_of"]] for task in job["tasks"]}
        self.steady = Steady()
        self.main = types.ModuleType("__main__")
        self.main.__dict__.update(_notebook_names())
        sys.modules["__main__"] = self.main

    def run(self) -> None:
        """Run cells in order, and the probe of each task at the place where its answer is complete."""
        places = self.located.places
        for task in [task for task in self.open if places[task["released"]["task"]].after < 0]:
            self.record(task, self.numbers(task)[0], {"status": "missing", "text": "", "line": ""})
            self.open.remove(task)
        again: list[dict[str, Any]] = []
        for position, (number, code) in enumerate(self.located.codes):
            if not self.open and not again:
                break
            if position not in self.located.idle and number not in self.skip:
                self.cell(number, code.text)
            for task in [task for task in self.open if places[task["released"]["task"]].after == position]:
                self.open.remove(task)
                if not self.probe(task, places[task["released"]["task"]], last=position == len(self.located.codes) - 1):
                    again.append(task)
        for task in again:  # a name was missing; by now, all cells have run
            self.probe(task, places[task["released"]["task"]], last=True)

    def cell(self, number: int, source: str) -> None:
        """Run one cell. An exception ends only this cell."""
        _send(self.reply, {"event": "cell", "number": number})
        file = f"<cell {number}>"
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        try:
            call(self.execute, source, file)
        except Exception as error:
            self.errors[number] = _in_words(error.__cause__, file)
            missing = error.__cause__.name if isinstance(error.__cause__, ModuleNotFoundError) else ""
            event = {"event": "raised", "number": number, **self.errors[number], "missing": clean(str(missing or ""), 80)}
            _send(self.reply, event)

    def execute(self, source: str, file: str) -> None:
        """Run source text in the notebook's namespace; `await` at the top level works as it does in a notebook."""
        import ast

        code = compile(source, file, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        result = eval(code, self.main.__dict__)
        if inspect.iscoroutine(result):
            import asyncio

            asyncio.run(result)

    def probe(self, task: dict[str, Any], place: Place, *, last: bool) -> bool:
        """Probe one task in a fork of this process. Returns False when a name was missing and cells are left to run."""
        _send(self.reply, {"event": "probe", "task": task["id"]})
        if not may_fork():
            problem = "" if self.cases(task, place, last) else "again"
        else:
            child = os.fork()
            if child == 0:
                os.setsid()
                os._exit(0 if self.cases(task, place, last) else _AGAIN)
            problem = _wait(child, self.job["limits"]["probe_seconds"])
            if self.alone:
                _kill_all_others()
        if problem == "again" and not last:
            return False
        _send(self.reply, {"event": "tried", "task": task["id"], "problem": "" if problem == "again" else problem})
        return True

    def cases(self, task: dict[str, Any], place: Place, last: bool) -> bool:
        """Probe all cases of one task and send their records."""
        self.steady.restore()
        found = self.tasks[task["id"]]
        for number, inputs in zip(self.numbers(task), task["inputs"], strict=True):
            self.steady.reseed(number)
            record = self.collect(found, place, inputs)
            lacks = record["status"] == "missing" or record.get("text", "").startswith("NameError")
            if lacks and not last:
                return False
            changed = self.steady.changed()
            if changed:
                record = {"status": "changed tools", "text": ", ".join(changed[:5]), "line": ""}
            self.record(task, number, record)
            if record["status"] == "missing":
                break
        return True

    def numbers(self, task: dict[str, Any]) -> list[int]:
        """Return the numbers of the cases that this job holds: visible ones or hidden ones, never both."""
        return self.job["numbers"][task["id"]]

    def collect(self, task: Task, place: Place, inputs: Any) -> dict[str, Any]:
        """Run the probe on what the notebook calls the answer."""
        try:
            answer = eval(place.expression, self.main.__dict__)
        except BaseException:  # the expression comes from the submission
            errors = [self.errors[number] for number in place.cells if number in self.errors]
            return {"status": "missing", **(errors[-1] if errors else {"text": "", "line": ""})}
        return collect(task, answer, inputs)

    def record(self, task: dict[str, Any], case: int, record: dict[str, Any]) -> None:
        """Send what one case gave."""
        event = {"event": "record", "task": task["id"], "case": case, "record": record}
        try:
            _send(self.reply, event)
        except NotPlainError as error:
            _send(self.reply, {**event, "record": {"status": "not plain", "text": str(error)}})


_AGAIN = 75


def _wait(child: int, seconds: float) -> str:
    """Wait for a fork. Returns "", "again", or how it died."""
    end = time.monotonic() + seconds
    with contextlib.ExitStack() as files:
        pause = _pause(child, files)
        while True:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                break
            left = end - time.monotonic()
            if left <= 0:
                for kill in (os.killpg, os.kill):
                    try:
                        kill(child, signal.SIGKILL)
                    except OSError:
                        continue
                os.waitpid(child, 0)
                return "time"
            pause(left)
    if os.WIFSIGNALED(status):
        return f"signal {os.WTERMSIG(status)}"
    return {0: "", _AGAIN: "again"}.get(os.WEXITSTATUS(status), f"exit {os.WEXITSTATUS(status)}")


def _pause(child: int, files: contextlib.ExitStack) -> Callable[[float], object]:
    """Return a function that waits some seconds, or until a child has ended where the system can tell."""
    try:
        handle = os.pidfd_open(child)
    except (AttributeError, OSError):
        return lambda seconds: time.sleep(0.02)
    files.callback(os.close, handle)
    ends = select.poll()
    ends.register(handle, select.POLLIN)
    return lambda seconds: ends.poll(1000 * seconds)


def _kill_all_others() -> None:
    """End every process that a probe left running. In a process namespace of our own, all others belong to the submission."""
    try:
        os.kill(-1, signal.SIGKILL)
    except OSError:
        return


def _notebook_names() -> dict[str, Any]:
    """Return the names that a notebook has beside Python's own."""
    shell = types.SimpleNamespace(
        run_line_magic=_quiet, run_cell_magic=_quiet, system=_quiet, getoutput=_quiet, events=types.SimpleNamespace()
    )
    return {"__builtins__": builtins, "get_ipython": lambda: shell, "display": _quiet, "__doc__": None}


def _quiet(*arguments: Any, **options: Any) -> None:
    """Do nothing, instead of what only a notebook's front end can do."""


def _in_words(error: BaseException | None, file: str) -> dict[str, str]:
    line = ""
    if isinstance(error, SyntaxError):
        line = f"{error.lineno}: {(error.text or '').strip()}"
    trace = error.__traceback__ if error is not None else None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = f"{trace.tb_lineno}: {linecache.getline(file, trace.tb_lineno).strip()}"
        trace = trace.tb_next
    try:
        text = str.__str__(str(error))
    except BaseException:
        text = ""
    return {"text": clean(f"{type(error).__name__}: {text}", 400), "line": clean(line, 200)}


if __name__ == "__main__":
    random.seed(0)
    main()
