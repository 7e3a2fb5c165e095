"""The commands of instructors: `release`, `grade`, `report`. Thin; loads nothing that another command does not need."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tlcourse.grading.classroom import Summary
    from tlcourse.grading.master import Master
    from tlcourse.grading.sandbox.backends import Sandbox

_DONE, _FAILED, _WRONG_USE, _OPEN = 0, 1, 2, 3
_EXITS = (
    "Exit status: 0 all judged; 3 all graded, some results need review; 1 the gate is closed or the run failed; 2 wrong use."
)


def add_commands(commands: Any, add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the three commands to the command line."""
    release = add(
        commands, "release", _release, "for instructors: build an exercise and check that this machine grades it correctly"
    )
    release.add_argument("exercise", help="lesson number or prefix, such as 03")
    release.add_argument(
        "--nbgrader", type=Path, metavar="COURSE", help="also write it as an nbgrader source, below COURSE/source"
    )
    _add_sandbox(release)

    grade = add(commands, "grade", _grade, "for instructors: grade a folder of submitted notebooks")
    grade.epilog = _EXITS
    grade.add_argument("submissions", type=Path, help="folder as downloaded from Canvas, Moodle or GitHub Classroom, or plain")
    grade.add_argument("--out", type=Path, required=True, help="folder for the marks; the same folder again resumes the run")
    grade.add_argument("--exercise", default="", help="lesson number or prefix (default: guessed from the names of the files)")
    grade.add_argument("--seed", help="your secret seed of the hidden data (default: a new one, kept in OUT/run.json)")
    grade.add_argument("--hidden-cases", type=_count, default=1, metavar="N", help="hidden cases of each task (default: 1)")
    grade.add_argument("--tasks", default="", metavar="2.1,2.3", help="grade only these tasks")
    grade.add_argument(
        "--shard", type=_shard, metavar="I/N", help="grade part I of N; put the OUT folders together, then `report`"
    )
    grade.add_argument("--dask", default="", metavar="ADDRESS", help="grade on a Dask cluster, such as tcp://scheduler:8786")
    _add_sandbox(grade)

    report = add(commands, "report", _report, "for instructors: write gradebook, exports and pages again, without grading")
    report.epilog = _EXITS
    report.add_argument("out", type=Path, help="folder of the marks")
    report.add_argument(
        "--nbgrader", type=Path, metavar="GRADEBOOK.db", help="also write the marks into nbgrader's gradebook (needs nbgrader)"
    )
    report.add_argument("--course", type=Path, help=_COURSE)


_COURSE = "the course's repository (default: the one that this package is in)"


def _add_sandbox(parser: argparse.ArgumentParser) -> None:
    from tlcourse.grading.sandbox.backends import Limits

    limits = Limits()
    parser.add_argument("--jobs", type=_count, default=1, metavar="N", help="submissions at a time (default: 1)")
    parser.add_argument("--sandbox", choices=("auto", "bubblewrap", "container"), default="auto", help="default: bubblewrap")
    parser.add_argument("--image", default="", help="with --sandbox container: an image in which tlcourse is installed")
    parser.add_argument(
        "--unsafe-no-sandbox",
        action="store_true",
        help="run learners' code with limits but without walls: it can do whatever you can do",
    )
    parser.add_argument("--cell-seconds", type=float, default=limits.cell_seconds, metavar="S", help="default: %(default)g")
    parser.add_argument("--probe-seconds", type=float, default=limits.probe_seconds, metavar="S", help="default: %(default)g")
    parser.add_argument(
        "--notebook-seconds", type=float, default=limits.notebook_seconds, metavar="S", help="default: %(default)g"
    )
    parser.add_argument("--memory", type=_count, default=limits.memory_mib, metavar="MIB", help="default: %(default)d")
    parser.add_argument("--course", type=Path, help=_COURSE)


def _release(options: argparse.Namespace) -> int:
    from tlcourse.authoring import write_notebooks
    from tlcourse.grading.gate import run_gate
    from tlcourse.grading.grade import Settings
    from tlcourse.grading.master import load_master

    course = _course(options)
    if (course / "content" / "lessons").is_dir():
        for path in write_notebooks(course, options.exercise):
            print(f"written: {path.relative_to(course)}")
    master = load_master(course, options.exercise)
    import secrets

    settings = Settings(secrets.token_hex(16), _sandbox(options))
    problems = run_gate(master, settings, jobs=options.jobs, on_progress=_show_progress)
    if problems:
        return _closed(problems)
    print(f"exercises/{master.topic}.ipynb can go to learners: {_proved(master)}")
    if options.nbgrader:
        from tlcourse.grading.results.nbgrader_course import write_source

        print(
            f"written: {write_source(course, master.topic, options.nbgrader)}; next: nbgrader generate_assignment {master.topic}"
        )
    return _DONE


def _grade(options: argparse.Namespace) -> int:
    from tlcourse.grading.classroom import GateClosed, about_of, grade_class, open_run, pass_gate
    from tlcourse.grading.master import load_master

    course = _course(options)
    exercise = options.exercise or _guess(course, options.submissions)
    master = load_master(course, exercise, [task for task in options.tasks.split(",") if task])
    settings = open_run(options.out, master.topic, options.seed, _sandbox(options), options.hidden_cases)
    try:
        pass_gate(master, settings, options.out, jobs=options.jobs, on_progress=_show_progress)
    except GateClosed as closed:
        return _closed(closed.problems)
    print(f"The gate is open: {_proved(master)}")
    print(f"In force: {about_of(settings)['sandbox']}")
    summary = grade_class(
        master, options.submissions, options.out, settings, jobs=options.jobs, shard=options.shard, dask=options.dask
    )
    print(f"{summary.submissions} submissions, {summary.graded} of them graded now.")
    return _tell(summary)


def _report(options: argparse.Namespace) -> int:
    import json

    from tlcourse.grading.classroom import report, run_of
    from tlcourse.grading.master import load_master

    run = run_of(options.out)
    master = load_master(_course(options), run["topic"])
    about = {key: value for key, value in run.items() if key != "topic"}
    summary = report(master, options.out, {key: v if isinstance(v, str) else json.dumps(v) for key, v in about.items()})
    if options.nbgrader:
        from tlcourse.grading.classroom import marks_of
        from tlcourse.grading.results.nbgrader_course import write_marks

        print(
            f"nbgrader: {write_marks(options.nbgrader, marks_of(options.out)[0], master.topic)} learners in {options.nbgrader}"
        )
    return _tell(summary)


def _tell(summary: Summary) -> int:
    reasons: dict[tuple[str, str], list[str]] = {}
    for learner, task, reason in summary.open:
        reasons.setdefault((learner, reason), []).append(task)
    for (learner, reason), tasks in list(reasons.items())[:20]:
        which = f", task {', '.join(tasks)}" if any(tasks) else ""
        print(f"  needs review: {learner!r}{which}: {reason}")
    if len(reasons) > 20:
        print(f"  ... and {len(reasons) - 20} more, see the report.")
    if summary.report:
        print(f"Report: {summary.report.resolve()}")
    return _OPEN if summary.open else _DONE


def _closed(problems: list[str]) -> int:
    print("Nothing was graded: this machine does not grade the known answers correctly.", file=sys.stderr)
    for problem in problems:
        print(f"  {problem}", file=sys.stderr)
    print("Is a package missing, or its version different? Compare with requirements.lock and try again.", file=sys.stderr)
    return _FAILED


def _proved(master: Master) -> str:
    wrong = sum(len(bank.wrong) for bank in master.bank.values())
    known = f"{wrong} wrong answers lose their task and are named" if wrong else "there is no bank of wrong answers here"
    return f"the solution earns all points, the unfilled exercise none, {known}."


def _show_progress(done: int, total: int) -> None:
    end = "\n" if done == total or not sys.stdout.isatty() else "\r"
    if sys.stdout.isatty() or done == total:
        print(f"Grading the known answers: {done}/{total}", end=end, flush=True)


def _sandbox(options: argparse.Namespace) -> Sandbox:
    from tlcourse.grading.sandbox.backends import UNSAFE, Limits, choose_sandbox

    limits = Limits(
        cell_seconds=options.cell_seconds,
        probe_seconds=options.probe_seconds,
        notebook_seconds=options.notebook_seconds,
        memory_mib=options.memory,
    )
    return choose_sandbox(UNSAFE if options.unsafe_no_sandbox else options.sandbox, limits=limits, image=options.image)


def _course(options: argparse.Namespace) -> Path:
    from tlcourse.course import find_course

    return options.course or find_course()


def _guess(course: Path, folder: Path) -> str:
    """Return the exercise after which most files in the folder are named."""
    topics = [path.stem for path in sorted((course / "exercises").glob("*.ipynb"))]
    names = [path.name for path in folder.rglob("*.ipynb")] if folder.is_dir() else [folder.name]
    counts = {topic: sum(topic in name for name in names) for topic in topics}
    best = max(topics, key=lambda topic: counts[topic], default="")
    if not best or not counts[best]:
        raise ValueError(
            f"No file in the folder is named after an exercise. Name one with --exercise 03. Exercises: {', '.join(topics)}. "
            f"Received: folder={str(folder)!r}."
        )
    return best


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, received {text!r}")
    return int(text)


def _shard(text: str) -> Any:
    from tlcourse.grading.classroom import Shard

    number, _, count = text.partition("/")
    if not (number.isdigit() and count.isdigit() and 1 <= int(number) <= int(count)):
        raise argparse.ArgumentTypeError(f"expected I/N with I from 1 to N, such as 2/8; received {text!r}")
    return Shard(int(number), int(count))
