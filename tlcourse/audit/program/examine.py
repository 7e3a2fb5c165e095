"""Run a script or notebook, and examine what it passes to each call of `fit`."""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
import types
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from math import floor
from pathlib import Path
from typing import Any

from tlcourse.audit.data.structures import as_arrays, is_array_structure, size_of, take
from tlcourse.audit.data.trail import Trail, without_comments
from tlcourse.audit.program.commands import command_doors
from tlcourse.audit.program.doors import doors_of
from tlcourse.audit.program.overlay import Overlay
from tlcourse.audit.program.source_code import SourceFile, read_source
from tlcourse.audit.program.unsaved import Unsaved, loading_from
from tlcourse.audit.program.watch import Watch, watching
from tlcourse.audit.report import Report
from tlcourse.audit.run import after_step, audit_in_program

_WRITERS = ("save", "save_weights", "export")  # methods of a model; what they would write was hardly trained


@dataclass
class Visit:
    """What the doctor saw in one program.

    Args:
        path: The script or notebook.
        reports: One report for each call of `fit`, in order, with the line of the call.
        problem: Why the program stopped early, or why nothing was examined, in one sentence; "" if neither happened.
        crashed: Whether an error of the program, or its own exit with a status, ended it early. Then later fits were not seen.
        left_out: Lines of the program that were not executed, such as saving a model or notebook commands.
        writes: What the program tried to do to files, such as `change best.keras`. Its folder is as it was before.
    """

    path: Path
    reports: list[tuple[str, Report]] = field(default_factory=list)
    problem: str = ""
    crashed: bool = False
    left_out: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)

    @property
    def exit_status(self) -> int:
        """1 if there is a serious finding; otherwise 3 if the program crashed, 2 if there was no `fit` to examine, and 0."""
        if any(report.exit_status for _, report in self.reports):
            return 1
        if self.crashed:
            return 3
        return 0 if self.reports else 2

    def to_dict(self) -> dict[str, Any]:
        """Return plain values that `json.dumps` takes."""
        return {
            "program": str(self.path),
            "fits": [{"called_from": where, **report.to_dict()} for where, report in self.reports],
            "problem": self.problem,
            "crashed": self.crashed,
            "left_out": self.left_out,
            "writes": self.writes,
            "exit_status": self.exit_status,
        }


@dataclass
class _Fit:
    where: str
    model: Any
    train: Any
    validation: Any
    weighted: bool = False
    test: Any = None
    calls: list[tuple[Any, int, Any]] = field(default_factory=list)


def examine_program(path: str | Path, *, say: Callable[[str], None] = lambda line: None) -> Visit:
    """Run a program without editing it, and audit each model and its data when `fit` is called.

    Each `fit` trains one batch and then returns, and the program goes on to its next `fit` (first the head, then fine-tuning). The
    data of the last `evaluate` is taken for the test set. Callbacks are not called. Models are not saved, and loading such a model
    returns the one in memory. Commands (`!pip`, `%matplotlib`, `subprocess`) are left out. Everything else is executed as written, in
    the folder of the program and in this process. Files that existed before are not changed: the program writes to copies, and the
    files that it makes are removed at the end (see `overlay`).

    Args:
        path: A Python script or a notebook.
        say: Called with lines that describe the progress.

    Returns:
        The visit, with a report for each `fit`. If the program fails, the reports from before are kept.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is neither a Python script nor a notebook.
    """
    source = read_source(path)
    visit = Visit(source.path, left_out=list(source.left_out))
    fits: list[_Fit] = []
    watch = Watch(Trail(without_comments("\n".join(code for _, code in source.pieces))))
    overlay = Overlay(source.path.parent, watch.opened)
    commands = command_doors(dict(source.pieces), lambda command: visit.left_out.append(f"{command} at {_caller(source)}"))
    with _recorded(source, fits, visit, say, watch), watching(watch), doors_of(overlay, commands):
        visit.problem = _run(source)
    visit.crashed = bool(visit.problem)
    visit.writes = overlay.attempts
    if not fits and not visit.problem:
        visit.problem = "The program has no call of fit(). Pass its model and data to tlcourse.audit(model, train) instead."
    return visit


def _run(source: SourceFile) -> str:
    """Execute the program; return "" or what stopped it."""
    namespace: dict[str, Any] = {"__name__": "__main__", "__file__": str(source.path)}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("default")  # not those of the caller, who may turn warnings into errors
            for name, code in source.pieces:
                exec(compile(code, name, "exec"), namespace)
    except SystemExit as end:
        return "" if end.code in (None, 0) else f"The program ended itself with status {end.code!r}."
    except Exception as error:  # any error of the program is reported, not raised
        frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename in dict(source.pieces)]
        line = f" at {source.locate(frames[-1].filename, frames[-1].lineno or 0)}" if frames else ""
        return f"The program stopped{line}: {type(error).__name__}: {error}"
    return ""


@contextlib.contextmanager
def _recorded(source: SourceFile, fits: list[_Fit], visit: Visit, say: Callable[[str], None], watch: Watch) -> Iterator[None]:
    """Replace methods of Keras by ones that audit each fit, and restore them at the end."""
    os.environ.setdefault("MPLBACKEND", "Agg")
    import keras

    original = {name: getattr(keras.Model, name) for name in ("fit", "evaluate", *_WRITERS)}
    added = {name for name in original if name not in keras.Model.__dict__}

    inside: list[Any] = []  # fit() calls evaluate() itself, with the validation set
    unsaved = Unsaved()

    def leave(name: str) -> None:
        visit.left_out.append(f"{name}() at {_caller(source)}")

    def fit(model: Any, x: Any = None, y: Any = None, **options: Any) -> Any:
        where = _caller(source)
        say(f"fit at {where}: examining")
        train, validation = _sets(x, y, options)
        weighted = any(options.get(name) is not None for name in ("class_weight", "sample_weight"))
        found = _Fit(where, model, train, validation, weighted)
        fits.append(found)
        watch.trail.namespace = _variables(source)
        visit.reports.append((where, _audit(found, watch.trail)))
        inside.append(model)
        unsaved.keep_checkpoints(options.get("callbacks"), model)
        try:
            with watch.one_step(model) as calls:
                return original["fit"](model, x, y, **_shortened(options))
        finally:
            inside.pop()
            watch.fitted(model)
            found.calls = calls
            visit.reports[-1] = (where, after_step(visit.reports[-1][1], model, calls))

    def evaluate(model: Any, x: Any = None, y: Any = None, **options: Any) -> Any:
        mine = [i for i, f in enumerate(fits) if f.model is model]
        if mine and not inside:
            latest = fits[mine[-1]]
            latest.test = x if y is None else (x, y)
            again = _audit(latest, watch.trail)
            visit.reports[mine[-1]] = (latest.where, after_step(again, model, latest.calls))
        return original["evaluate"](model, x, y, **{**options, "verbose": 0, "steps": 1, "callbacks": None})

    def writer(name: str) -> Callable[..., None]:
        def leave_out(model: Any, filepath: Any, *arguments: Any, **options: Any) -> None:
            unsaved.keep(filepath, model)
            leave(name)

        return leave_out

    replaced = {"fit": fit, "evaluate": evaluate, **{name: writer(name) for name in _WRITERS}}
    here, arguments, path = os.getcwd(), sys.argv, list(sys.path)
    try:
        for name, function in replaced.items():
            setattr(keras.Model, name, function)
        os.chdir(source.path.parent)
        sys.argv = [str(source.path)]
        sys.path.insert(0, str(source.path.parent))
        with loading_from(unsaved, leave):
            yield
    finally:
        os.chdir(here)
        sys.argv, sys.path[:] = arguments, path
        for name, function in original.items():
            if name in added:
                delattr(keras.Model, name)
            else:
                setattr(keras.Model, name, function)


def _sets(x: Any, y: Any, options: dict[str, Any]) -> tuple[Any, Any]:
    """Return what `fit` trains on and validates on. With `validation_split=`, the last rows validate, as in Keras."""
    train, validation = x if y is None else (x, y), options.get("validation_data")
    share = options.get("validation_split") or 0.0
    if validation is not None or not 0 < share < 1 or not is_array_structure(train):
        return train, validation
    arrays = as_arrays(train)
    at = floor(size_of(arrays) * (1 - share))
    return take(arrays, slice(0, at)), take(arrays, slice(at, None))


def _audit(fit: _Fit, trail: Trail) -> Report:
    report = audit_in_program(fit.model, fit.train, fit.validation, fit.test, trail)
    if not (fit.weighted and "imbalance" in report.ids):
        return report
    findings = tuple(finding for finding in report.findings if finding.id != "imbalance")  # fit() weights its minority classes
    return replace(report, findings=findings, passed=(*report.passed, "imbalance"))


def _shortened(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options for a fit of one batch, which builds the training step and fills the history."""
    kept = {name: value for name, value in options.items() if name in ("batch_size", "class_weight", "validation_data")}
    steps = {"validation_steps": 1} if options.get("validation_data") is not None else {}
    split = options.get("validation_split") or 0.0
    return {**kept, "validation_split": split, "epochs": 1, "steps_per_epoch": 1, "verbose": 0, "shuffle": False, **steps}


def _caller(source: SourceFile) -> str:
    """Return the line of the program that is being executed, such as "cell 3, line 2"."""
    names = dict(source.pieces)
    frame = sys._getframe()
    while frame is not None:
        if frame.f_code.co_filename in names:
            return source.locate(frame.f_code.co_filename, frame.f_lineno)
        frame = frame.f_back  # type: ignore[assignment]
    return "a line outside the program"


def _variables(source: SourceFile) -> dict[str, Any]:
    """Return the variables of the program where it calls `fit`: those of its functions that run, and the global ones."""
    names = dict(source.pieces)
    found: dict[str, Any] = {}
    frame: types.FrameType | None = sys._getframe()
    while frame is not None:
        if frame.f_code.co_filename in names:
            found = {**frame.f_globals, **frame.f_locals, **found}
        frame = frame.f_back
    return found
