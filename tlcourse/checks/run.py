"""Run one task: draw a case, let the learner's code work on it, judge what came back.

`collect` runs the learner's code and may live in a sandbox; `draw` and `conclude` never do. What travels between them is
plain data.
"""

from __future__ import annotations

import dataclasses
import linecache
import re
import site
import sysconfig
import types
from pathlib import Path
from typing import Any

from tlcourse.checks.plain import NotPlainError, clean, plain
from tlcourse.checks.task import NOT_EARNED, OUTCOMES, Case, Task, Verdict, could_not_judge, not_earned
from tlcourse.checks.values import Mismatch

_PACKAGE = str(Path(__file__).resolve().parents[1])


class CheckFault(RuntimeError):  # noqa: N818 - a fault of ours, told apart from errors of learners
    """The check itself, or the machine, is at fault; never the learner."""


class _AnswerRaised(Exception):  # noqa: N818 - a parcel, not an error
    """Carries an exception out of a call of the learner's code."""


def call(answer: Any, *args: Any, **kwargs: Any) -> Any:
    """Call the learner's function inside a probe.

    Whatever is raised in it, wrong number of arguments included, is the learner's, and becomes "not earned" with the
    exception in plain words. Probes call learners' code only in this way.

    Args:
        answer: The learner's function.
        *args: Its arguments.
        **kwargs: Its named arguments.
    """
    try:
        return answer(*args, **kwargs)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # sys.exit and GeneratorExit too: nothing that an answer raises may end the check
        raise _AnswerRaised from error


def draw(task: Task, seed: int) -> Case:
    """Draw one case as plain data.

    Args:
        task: The task.
        seed: Seed of the case.

    Raises:
        CheckFault: If `make_case` failed.
    """
    try:
        case = task.make_case(seed)
        return Case(plain(case.inputs), plain(case.secret))
    except Exception as error:
        raise CheckFault(f"The check could not draw its data ({_in_words(error)}).") from error


def collect(task: Task, answer: Any, inputs: Any) -> dict[str, Any]:
    """Run the learner's code on a case's inputs and return a record of plain data: evidence, or what went wrong.

    Args:
        task: The task.
        answer: What the learner defined.
        inputs: Inputs of the case.
    """
    if answer is ...:
        return {"status": "stub", "text": f"Task {task.id}: {task.title}"}
    wrong = _wrong_kind(task, answer)
    if wrong is not None:
        return {"status": "wrong kind", "misconception": wrong, "received": describe(answer)}
    try:
        return {"status": "ok", "evidence": plain(task.probe(answer, plain(inputs)))}
    except NotPlainError as error:
        return {"status": "not plain", "text": clean(str(error))}
    except Mismatch as mismatch:
        return {"status": "misfit", **dataclasses.asdict(mismatch.verdict)}
    except _AnswerRaised as wrapper:
        return _raised(task, wrapper.__cause__)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        # Lazy answers (generators, callbacks, layers) can fail after `call` has returned: a line of theirs in the traceback
        # tells whose fault it is.
        if _learner_line(task, error) is not None:
            return _raised(task, error)
        return {"status": "fault", "text": _in_words(error)}


def conclude(task: Task, case: Case, record: Any) -> Verdict:
    """Judge a record of `collect`. Anything that is not such a record ends as "could not be judged".

    Args:
        task: The task.
        case: The case that was drawn.
        record: What `collect` returned.
    """
    try:
        return _require_valid(task, _conclude(task, case, plain(record)))
    except Mismatch as mismatch:
        return mismatch.verdict
    except Exception as error:
        return could_not_judge(f"The check stopped while judging ({_in_words(error)}). This is no fault of your answer.")


def run_task(task: Task, answer: Any, seed: int) -> tuple[Verdict, dict[str, Any]]:
    """Draw, collect and conclude in this process; return the verdict and the record behind it.

    Args:
        task: The task.
        answer: What the learner defined.
        seed: Seed of the case.
    """
    try:
        case = draw(task, seed)
    except CheckFault as fault:
        return could_not_judge(str(fault)), {"status": "fault", "text": str(fault)}
    record = collect(task, answer, case.inputs)
    return conclude(task, case, record), record


def describe(value: Any) -> str:
    """Return what kind of value this is, in words, without calling any method of it.

    Args:
        value: Anything.
    """
    kind = type(value)
    if value is None:
        return "None"
    if kind in (types.FunctionType, types.BuiltinFunctionType, types.MethodType):
        return f"the function {clean(value.__name__, 80)}"
    return f"a value of type {clean(kind.__name__, 80)}"


def _wrong_kind(task: Task, answer: Any) -> str | None:
    if answer is None:
        return "nothing-defined"
    if task.expects == "function" and not callable(answer):
        return "result-instead-of-function"
    if task.expects == "value" and type(answer) in (types.FunctionType, types.MethodType):
        return "function-instead-of-result"
    return None


def _conclude(task: Task, case: Case, record: dict[str, Any]) -> Verdict:
    status = record["status"]
    if status == "misfit":
        return Verdict(NOT_EARNED, record["message"], record["expected"], record["received"], record["misconception"])
    if status == "ok" and record["evidence"] is None:
        return not_earned("Your function returned nothing.", received="None", misconception="nothing-returned")
    if status == "ok":
        return task.judge(case, record["evidence"])
    if status == "wrong kind":
        paste = f'check("{task.id}", {task.answer_name})'
        misconception = record["misconception"]
        return not_earned(task.explain(misconception), expected=paste, received=record["received"], misconception=misconception)
    if status == "stub":
        return not_earned("The task is not filled in yet.", received=record["text"])
    if status == "raised":
        where = f" At line {record['lineno']} of your code: {record['line']}" if record["line"] else ""
        return not_earned(f"Your code stopped with an error.{where}", expected="a result", received=record["text"])
    if status == "not plain":
        return could_not_judge(f"Your code returned something that the check cannot read. {record['text']}")
    return could_not_judge(f"The check itself stopped ({record['text']}). This is no fault of your answer.")


def _require_valid(task: Task, verdict: Verdict) -> Verdict:
    if type(verdict) is not Verdict or verdict.outcome not in OUTCOMES:
        raise CheckFault("`judge` returned no verdict")
    if any(type(text) is not str for text in (verdict.message, verdict.expected, verdict.received)):
        raise CheckFault("a verdict's texts are no text")
    if verdict.misconception is not None:
        task.explain(verdict.misconception)
    return verdict


def _raised(task: Task, error: BaseException | None) -> dict[str, Any]:
    text = _text_of(error)
    if type(error) is NotImplementedError and text.startswith("Task"):
        return {"status": "stub", "text": clean(text)}
    place = _learner_line(task, error)
    lineno, line = place if place is not None else (0, "")
    return {"status": "raised", "text": _in_words(error), "lineno": lineno, "line": clean(line, 200)}


def _in_words(error: BaseException | None) -> str:
    if type(error) is SystemExit:
        return "the code asked Python to exit (sys.exit or exit())"
    text = _text_of(error)
    return clean(f"{type(error).__name__}: {text}" if text else type(error).__name__, 400)


def _text_of(error: BaseException | None) -> str:
    try:
        text = str(error)
    except BaseException:  # an exception whose own text raises
        return "(an error without readable text)"
    return str.__str__(text)


# Libraries that lie elsewhere (another environment's folder on the path), and code that AutoGraph wrote.
_INSTALLED = re.compile(r"[\\/](site|dist)-packages[\\/]|__autograph_generated_file")


def _learner_line(task: Task, error: BaseException | None) -> tuple[int, str] | None:
    """Find the innermost line that is neither of the check nor of an installed library: the learner's own."""
    paths = sysconfig.get_paths()
    ours = getattr(task.probe, "__code__", _learner_line.__code__).co_filename
    libraries = (ours, _PACKAGE, paths["stdlib"], paths["purelib"], paths["platlib"], *site.getsitepackages(), "<frozen")
    libraries += (site.getusersitepackages(),)
    trace = error.__traceback__ if error is not None else None
    found = None
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if not (file.startswith(libraries) or _INSTALLED.search(file)):
            found = (trace.tb_lineno, linecache.getline(file, trace.tb_lineno, trace.tb_frame.f_globals).strip())
        trace = trace.tb_next
    return found
