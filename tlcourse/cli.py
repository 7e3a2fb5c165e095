"""The command line: thin, each command loads what it needs and nothing else."""

from __future__ import annotations

import argparse
import difflib
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import tlcourse

_PROFILE_HELP = "embedded: drawn data, no network; full: real data, downloaded once (default: TLCOURSE_PROFILE, else embedded)"
_ONLY_HELP = "lesson number or prefix, such as 02 (default: all)"

_JOBS_HELP = (
    "notebooks to run at the same time (default: what cores and memory allow, at up to 2 GiB each, in the full profile 4)"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit status: 0 good, 1 something failed, 2 wrong use."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    own = given.index("--") if given[:1] == ["doctor"] and "--" in given else len(given)
    options = _parser().parse_args(given[:own])
    if own < len(given):
        options.arguments = given[own + 1 :]  # of the program that is examined
    try:
        return options.run(options)
    except KeyboardInterrupt:
        print("\nStopped. What was finished is kept.", file=sys.stderr)
        return 130
    except (OSError, ValueError) as error:
        print(f"tlcourse: {error}", file=sys.stderr)
        return 1


class _Parser(argparse.ArgumentParser):
    """A parser that names what was probably meant."""

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        try:
            super()._check_value(action, value)
        except argparse.ArgumentError as error:
            near = difflib.get_close_matches(str(value), [str(choice) for choice in action.choices or ()], n=1)
            raise argparse.ArgumentError(action, f"{error.message}{f'. Did you mean {near[0]!r}?' if near else ''}") from None


_LEARNERS, _OTHERS = "for learners and practitioners", ("for instructors", "for authors")


def _parser() -> argparse.ArgumentParser:
    about = "Transfer learning with Keras 3: the course and its tools."
    parser = _Parser(prog="tlcourse", description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", action="version", version=f"tlcourse {tlcourse.__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND", help="one of these:")

    course = _add(commands, "course", _course, "run every lesson and solution, and write pages with their outputs")
    course.add_argument("only", nargs="?", default="", help=_ONLY_HELP)
    course.add_argument("--profile", choices=("embedded", "full"), help=_PROFILE_HELP)
    course.add_argument("--out", type=Path, default=Path("build/course"), help="folder of the pages (default: %(default)s)")
    course.add_argument("--fresh", action="store_true", help="run every notebook again, also those that did not change")
    course.add_argument("--jobs", type=int, metavar="N", help=_JOBS_HELP)

    lab = _add(commands, "lab", _lab, "open the course in JupyterLab, at one of its lessons")
    lab.add_argument("lesson", nargs="?", default="00", help="lesson number or prefix, such as 02 (default: 00)")
    lab.add_argument("--folder", type=Path, help="where to work (default: the checkout, else ./tlcourse-course)")
    lab.add_argument("--solutions", action="store_true", help="copy the solutions too")
    lab.add_argument("--no-browser", action="store_true", help="start the server without opening a browser")
    lab.add_argument("--allow-root", action="store_true", help="serve as root too, as one is in many containers")

    progress = _add(commands, "progress", _progress, "show what you earned, tried and have left, from a file on this machine")
    progress.add_argument("--json", action="store_true", help="print it as JSON, to hand in or to merge")
    progress.add_argument("--forget", action="store_true", help="remove the file")

    fetch = _add(commands, "fetch", _fetch, "download the real data of the full profile, verified")
    fetch.add_argument("names", nargs="*", help="names of data sets (default: list them)")
    fetch.add_argument("--all", action="store_true", help="download all of them")

    cache = _add(commands, "cache", _cache, "list or clear the cached features")
    cache.add_argument("--clear", action="store_true", help="remove them all")

    lesson = _add(commands, "lesson", _lesson, "for authors: write the five files of a new lesson, to be filled")
    lesson.add_argument("topic", help="number and name, such as 17_speech")

    notebooks = _add(commands, "notebooks", _notebooks, "for authors: build notebooks and generated pages from their sources")
    notebooks.add_argument("only", nargs="?", default="", help=_ONLY_HELP)
    notebooks.add_argument("--check", action="store_true", help="write nothing; fail if a file differs from its source")

    doctor = _add(commands, "doctor", _doctor, "examine a script or notebook that trains a Keras model, without editing it")
    doctor.add_argument("program", type=Path, help="a Python script or a notebook; it is run, each call of fit for one batch")
    doctor.add_argument("--json", action="store_true", help="print the findings as JSON")
    doctor.add_argument("--html", type=Path, metavar="FILE", help="also write a page")
    doctor.add_argument(
        "--cwd", type=Path, metavar="FOLDER", help="where it runs (default: here; a notebook in its own folder)"
    )
    doctor.add_argument("--fail-on", choices=("serious", "warning", "note", "never"), help="lowest severity of exit status 1")
    doctor.add_argument("--ignore", action="append", default=[], metavar="ID=REASON", help="leave a kind of finding out")
    doctor.set_defaults(arguments=[])
    doctor.epilog = (
        "After -- follow arguments of the program. [tool.tlcourse.doctor] in pyproject.toml may hold fail-on and ignore. "
        "Exit status: 0 no finding that counts (--fail-on; serious ones if nothing is said); 1 such a finding; "
        "2 nothing to examine (no fit, no such program); 3 the program crashed."
    )

    from tlcourse.grading.commands import add_commands

    add_commands(commands, _add)
    _add(commands, "env", _env, "show versions, GPU and profile of this machine")
    parser.epilog = _by_audience(commands.choices)
    return parser


def _add(commands: argparse._SubParsersAction, name: str, run, text: str) -> argparse.ArgumentParser:  # type: ignore[type-arg, no-untyped-def]
    parser = commands.add_parser(name, description=text[0].upper() + text[1:] + ".")
    parser.set_defaults(run=run)
    return parser


def _by_audience(parsers: Mapping[str, argparse.ArgumentParser]) -> str:
    """List every command with its line of help, those of instructors and authors apart."""
    groups: dict[str, list[str]] = {audience: [] for audience in (_LEARNERS, *_OTHERS)}
    for name, parser in parsers.items():
        audience, colon, text = (parser.description or "").rstrip(".").partition(": ")
        known = colon and audience.lower() in _OTHERS
        line = text if known else (parser.description or "").rstrip(".")
        groups[audience.lower() if known else _LEARNERS].append(f"  {name:<10} {line[0].lower()}{line[1:]}")
    return "\n\n".join("\n".join([f"{audience}:", *lines]) for audience, lines in groups.items())


def _course(options: argparse.Namespace) -> int:
    from tlcourse.config import profile
    from tlcourse.course import find_course, run_course
    from tlcourse.course.jobs import default_jobs

    chosen = options.profile or profile()
    jobs = default_jobs(chosen) if options.jobs is None else options.jobs
    _share_cores(jobs)
    index, records = run_course(find_course(), options.out, profile=chosen, only=options.only, fresh=options.fresh, jobs=jobs)
    failed = [record for record in records if record.error]
    for record in failed:
        print(f"\n{record.title} failed at {record.error}", file=sys.stderr)
    print(f"\n{len(records) - len(failed)} of {len(records)} notebooks ran to the end. Pages: {index.resolve()}")
    return 1 if failed else 0


def _share_cores(jobs: int) -> None:
    """Give each of several notebooks its part of the cores: if all used every core, their threads would wait for each other."""
    if jobs > 1:
        part = str(max(1, (os.cpu_count() or 1) // jobs))
        for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
            os.environ.setdefault(name, part)


def _lab(options: argparse.Namespace) -> int:
    import subprocess

    from tlcourse.course import copy_course, find_course
    from tlcourse.course.lab import lab_command

    course = find_course()
    target = options.folder or (Path("tlcourse-course") if course.name == "_course" else course)
    lab_command(course, options.lesson)  # a lesson that does not exist is named before anything is copied
    if target.resolve() != course.resolve():
        print(f"{target.resolve()}: {copy_course(course, target, solutions=options.solutions)}.")
    command = lab_command(target, options.lesson, browser=not options.no_browser, allow_root=options.allow_root)
    return subprocess.call(command, cwd=target)


def _fetch(options: argparse.Namespace) -> int:
    from tlcourse.fetch import fetch, list_downloads

    names = [row.name for row in list_downloads()] if options.all else options.names
    if not names:
        print(list_downloads())
    for name in names:
        print(f"{name}: {fetch(name)}")
    return 0


def _cache(options: argparse.Namespace) -> int:
    from tlcourse.features import cache_entries, cache_limit, clear_cache
    from tlcourse.tables import as_text

    if options.clear:
        print(f"Removed {clear_cache()} entries.")
        return 0
    entries = cache_entries()
    total = sum(entry.size for entry in entries) / 2**20
    sums = f"{len(entries)} entries, {total:,.1f} MiB of at most {cache_limit() / 2**20:,.0f} MiB (TLCOURSE_CACHE_LIMIT)"
    rows = [
        (e.backbone, " x ".join(map(str, e.shape)), f"{e.size / 2**20:,.1f}", _day(e.created), _day(e.last_used))
        for e in entries
    ]
    header = ("backbone", "features", "MiB", "made", "last used")
    print(as_text("Cached features", header, rows, right={2}, note=sums) if rows else sums)
    return 0


def _progress(options: argparse.Namespace) -> int:
    import json

    from tlcourse.tasks.journal import forget, journal_path
    from tlcourse.tasks.progress import progress

    if options.forget and not journal_path().exists():
        print(f"Nothing was kept in {journal_path()}.")
        return 0
    shown = progress()
    if options.forget:
        print(f"{shown}\n\nRemoving {journal_path()}, from which this was read.")
        forget()
        return 0
    print(json.dumps(shown.as_dict(), indent=1) if options.json else shown)
    return 0


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).strftime("%Y-%m-%d %H:%M")


def _lesson(options: argparse.Namespace) -> int:
    from tlcourse.authoring import write_lesson
    from tlcourse.course import find_course

    root = find_course()
    for path in write_lesson(root, options.topic):
        print(path.relative_to(root))
    print("Write what each file asks for, then `make notebooks`.")
    return 0


def _notebooks(options: argparse.Namespace) -> int:
    from tlcourse.authoring import REPAIR, stale_files, write_notebooks, write_pages
    from tlcourse.course import find_course

    root = find_course()
    if options.check:
        stale = stale_files(root)
        print("\n".join([*stale, f"To write them again: {REPAIR}"]) if stale else "Every generated file equals its source.")
        return 1 if stale else 0
    for path in [*write_notebooks(root, options.only), *([] if options.only else write_pages(root))]:
        print(path.relative_to(root))
    return 0


def _doctor(options: argparse.Namespace) -> int:
    import contextlib
    import json

    from tlcourse.audit.program.examine import examine_program
    from tlcourse.audit.program.pages import page, text
    from tlcourse.audit.program.policy import policy_of
    from tlcourse.runtime import describe_machine

    describe_machine()  # starts the framework, without its remarks
    try:
        with contextlib.redirect_stdout(sys.stderr):  # what the program prints is not the result
            here = options.cwd or (options.program.parent if options.program.suffix == ".ipynb" else Path.cwd())
            given = {"arguments": options.arguments, "folder": here.resolve()}
            policy = policy_of(options.program.parent, options.fail_on, options.ignore)
            visit = examine_program(options.program, say=lambda line: print(f"... {line}"), policy=policy, **given)
    except (FileNotFoundError, ValueError) as error:  # no such program, or a file that is none
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(visit.to_dict(), indent=2) if options.json else text(visit))
    if options.html:
        options.html.write_text(page(visit), encoding="utf-8")
    return visit.exit_status


def _env(options: argparse.Namespace) -> int:
    from tlcourse.runtime import describe_machine

    print(describe_machine())
    return 0


if __name__ == "__main__":
    sys.exit(main())
