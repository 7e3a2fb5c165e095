"""Run a script or notebook, and examine what it passes to each call of `fit`."""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
import types
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import floor
from pathlib import Path
from typing import Any

from tlcourse.audit.data.structures import as_arrays, is_array_structure, size_of, take
from tlcourse.audit.data.trail import Trail, without_comments
from tlcourse.audit.program.commands import command_doors
from tlcourse.audit.program.doors import doors_of
from tlcourse.audit.program.overlay import Overlay
from tlcourse.audit.program.policy import Policy
from tlcourse.audit.program.roles import is_same_data, names_a_test_set
from tlcourse.audit.program.source_code import SourceFile, read_source
from tlcourse.audit.program.unsaved import Unsaved, loading_from
from tlcourse.audit.program.visit import Visit
from tlcourse.audit.program.watch import Watch, watching
from tlcourse.audit.report import Report
from tlcourse.audit.run import after_step, audit_in_program

_WRITERS = ("save", "save_weights", "export")  # methods of a model; what they would write was hardly trained


@dataclass
class _Fit:
    where: str
    model: Any
    train: Any
    validation: Any
    weighted: bool = False
    given: Any = None
    test: Any = None
    calls: list[tuple[Any, int, Any]] = field(default_factory=list)


def examine_program(
    path: str | Path,
    *,
    say: Callable[[str], None] = lambda line: None,
    arguments: Sequence[str] = (),
    folder: Path | None = None,
    policy: Policy | None = None,
) -> Visit:
    """Run a program without editing it, and audit each model and its data when `fit` is called.

    Each `fit` trains one batch and then returns, and the program goes on to its next `fit` (first the head, then fine-tuning). The
    data of the last `evaluate` is taken for the test set, unless they trained, or validated under a name that says no test. Callbacks
    are not called. Models are not saved, and loading such a model returns the one in memory. Commands (`!pip`, `%matplotlib`,
    `subprocess`) are left out. Everything else is executed as written, in this process. Files that existed before are not changed:
    the program writes to copies, and the files that it makes are removed at the end (see `overlay`).

    Args:
        path: A Python script or a notebook.
        say: Called with lines that describe the progress.
        arguments: Command-line arguments of the program.
        folder: Where the program runs; None for the folder that it is in.
        policy: Which findings are ignored, and which make the run fail; None for none, and the serious ones.

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
    home = Path(folder) if folder is not None else source.path.parent
    overlay = Overlay(home, watch.opened)
    commands = command_doors(dict(source.pieces), lambda command: visit.left_out.append(f"{command} at {_caller(source)}"))
    start = (home, [str(source.path), *arguments])
    with _recorded(source, fits, visit, say, watch, start), watching(watch), doors_of(overlay, commands):
        visit.problem = _run(source)
    visit.crashed = bool(visit.problem)
    visit.policy = policy or visit.policy
    for number, (where, report) in enumerate(visit.reports):
        kept, lines = visit.policy.without_ignored(report)
        visit.reports[number] = (where, kept)
        visit.ignored += [f"{where}: {line}" for line in lines]
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
def _recorded(
    source: SourceFile, fits: list[_Fit], visit: Visit, say: Callable[[str], None], watch: Watch, start: tuple[Path, list[str]]
) -> Iterator[None]:
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
        found = _Fit(where, model, train, validation, weighted, x if y is None else (x, y))
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
        given = x if y is None else (x, y)
        if mine and not inside and _is_test(given, fits, source):
            latest = fits[mine[-1]]
            latest.test = given
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
        os.chdir(start[0])
        sys.argv = start[1]
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


def _is_test(given: Any, fits: list[_Fit], source: SourceFile) -> bool:
    """Tell whether evaluated data are a test set: never what trained, and what validated only if the program calls it a test."""
    if any(is_same_data(given, fit.given) for fit in fits):
        return False
    validated = any(is_same_data(given, fit.validation) for fit in fits)
    return not validated or names_a_test_set(*_line_of(source))


def _shortened(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options for a fit of one batch, which builds the training step and fills the history."""
    kept = {name: value for name, value in options.items() if name in ("batch_size", "class_weight", "validation_data")}
    steps = {"validation_steps": 1} if options.get("validation_data") is not None else {}
    split = options.get("validation_split") or 0.0
    return {**kept, "validation_split": split, "epochs": 1, "steps_per_epoch": 1, "verbose": 0, "shuffle": False, **steps}


def _caller(source: SourceFile) -> str:
    """Return the line of the program that is being executed, such as "cell 3, line 2"."""
    frame = _frame_of(source)
    return source.locate(frame.f_code.co_filename, frame.f_lineno) if frame else "a line outside the program"


def _line_of(source: SourceFile) -> tuple[str, int]:
    """Return the piece of the program that is being executed, and the line in it."""
    frame = _frame_of(source)
    return (dict(source.pieces)[frame.f_code.co_filename], frame.f_lineno) if frame else ("", 0)


def _frame_of(source: SourceFile) -> types.FrameType | None:
    names = dict(source.pieces)
    frame: types.FrameType | None = sys._getframe()
    while frame is not None and frame.f_code.co_filename not in names:
        frame = frame.f_back
    return frame


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
