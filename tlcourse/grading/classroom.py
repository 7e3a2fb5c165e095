"""Grade a class: from its folder of submissions to records and reports. A run can be interrupted and resumed at any moment."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from tlcourse.files import write_whole
from tlcourse.grading.gate import gate_key, run_gate
from tlcourse.grading.grade import Settings, record_key
from tlcourse.grading.master import Master, environment, grader_version
from tlcourse.grading.outcomes import ONLY_VISIBLE, ONLY_VISIBLE_MEANS, needs_review
from tlcourse.grading.pool import grade_all
from tlcourse.grading.reading.submissions import Submission, find_submissions
from tlcourse.grading.results import gradebook
from tlcourse.grading.results.exports import write_exports
from tlcourse.grading.results.pages import write_pages
from tlcourse.grading.results.progress import ClassProgress
from tlcourse.grading.results.records import Journal, write_sorted
from tlcourse.grading.sandbox.backends import Sandbox

_RUN, _GATE, _ROSTER, _RECORDS, _BOOK = "run.json", "gate.json", "roster.jsonl", "records.jsonl", "gradebook.sqlite"


class GateClosed(RuntimeError):  # noqa: N818 - a state of the machine, with its reasons
    """This machine does not grade the known answers correctly. `problems` says which."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(f"{len(problems)} known answers were not graded correctly.")
        self.problems = problems


@dataclass(frozen=True)
class Shard:
    """One of several parts of a class that different machines grade: `number` from 1 to `count`."""

    number: int = 1
    count: int = 1

    def holds(self, key: str) -> bool:
        """Tell whether a record belongs to this part."""
        return int(key[:16], 16) % self.count == self.number - 1

    @property
    def journal(self) -> str:
        """Name of this part's journal."""
        return "journal.jsonl" if self.count == 1 else f"journal-{self.number}-of-{self.count}.jsonl"


@dataclass(frozen=True)
class Summary:
    """What a run did: submissions, those graded now, what needs review as `(learner, task, reason)`, and the report's path."""

    submissions: int
    graded: int
    open: tuple[tuple[str, str, str], ...]
    report: Path | None


def open_run(out: Path, topic: str, seed: str | None, sandbox: Sandbox, hidden_cases: int) -> Settings:
    """Return the settings of a run, and write them down if it is new.

    Args:
        out: Folder of the run.
        topic: Topic of the exercise.
        seed: The instructor's seed. None takes that of the run, or draws one for a new run.
        sandbox: The back end.
        hidden_cases: Hidden cases of each task.

    Raises:
        ValueError: If the folder belongs to another exercise or another seed.
    """
    out.mkdir(parents=True, exist_ok=True)
    with FileLock(out / ".run.lock"):  # of two graders that start at once, the second takes the seed of the first
        if (out / _RUN).exists():
            run = run_of(out)
            if run["topic"] != topic or seed not in (None, run["seed"]):
                raise ValueError(
                    f"The folder holds marks of {run['topic']}, of another exercise or with another seed. Choose another one with --out. "
                    f"Received: out={str(out)!r}."
                )
            seed = run["seed"]
        settings = Settings(seed or secrets.token_hex(16), sandbox, hidden_cases)
        write_whole(out / _RUN, json.dumps({"topic": topic, **about_of(settings)}, indent=1).encode())
        return settings


def run_of(out: Path) -> dict[str, str]:
    """Return what is written down about a run: topic, seed, grader, environment, sandbox.

    Raises:
        FileNotFoundError: If nothing was graded into this folder.
        ValueError: If the file is damaged.
    """
    path = out / _RUN
    if not path.exists():
        raise FileNotFoundError(f"Nothing was graded into {out}: there is no {_RUN}.")
    try:
        run = json.loads(path.read_text(encoding="utf-8"))
        if all(type(run[name]) is str for name in ("topic", "seed", "grader", "environment", "sandbox")):
            return run
    except (ValueError, KeyError, TypeError):
        pass
    raise ValueError(
        f"The file is damaged. Restore it from a copy, or grade into another folder. Received: path={str(path)!r}."
    )


def pass_gate(master: Master, settings: Settings, out: Path, *, jobs: int, on_progress: Callable[[int, int], None]) -> None:
    """Run the release gate, unless it was passed with the same master, code, environment, seed and sandbox.

    Raises:
        GateClosed: If a known answer was not graded correctly.
    """
    path, key = out / _GATE, gate_key(master, settings)
    if path.exists() and path.read_text(encoding="utf-8").strip() == json.dumps({"passed": key}):
        return
    problems = run_gate(master, settings, jobs=jobs, on_progress=on_progress)
    if problems:
        raise GateClosed(problems)
    write_whole(path, json.dumps({"passed": key}).encode())


def grade_class(
    master: Master, folder: Path, out: Path, settings: Settings, *, jobs: int = 1, shard: Shard | None = None, dask: str = ""
) -> Summary:
    """Grade what has no record yet, then write records and reports. The gate comes before, see `pass_gate`.

    Raises:
        ValueError: If another run works in the same folder.
    """
    shard = shard or Shard()
    out.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(out / f".{shard.journal}.lock", timeout=0):
            return _grade_class(master, folder, out, settings, jobs, shard, dask)
    except Timeout as error:
        raise ValueError(
            f"Another run is grading into this folder. Wait for it, or choose another one with --out. Received: out={str(out)!r}."
        ) from error


def _grade_class(
    master: Master, folder: Path, out: Path, settings: Settings, jobs: int, shard: Shard, dask: str
) -> Summary:  # fmt: skip
    found = find_submissions(folder, master.topic)
    keys = ["" if one.problem else record_key(master, one.content, settings) for one in found]
    entries = [_entry_of(submission, folder, key) for submission, key in zip(found, keys, strict=True)]
    readable = {key: one.content for key, one in zip(keys, found, strict=True) if key and shard.holds(key)}
    journal = Journal(out / shard.journal)
    known = journal.load()
    todo = {key: submission for key, submission in readable.items() if key not in known}
    stopped: dict[str, str] = {}
    with ClassProgress(len(todo), len(readable) - len(todo)) as progress:
        for key, record, reason in grade_all(master, todo, settings, jobs=jobs, dask=dask, began=progress.running):
            if record is not None and record["key"] != key:
                record, reason = None, "the process that graded it has other versions than the one that asked for it"
            if record is None:
                stopped[key] = f"The grader stopped ({reason}). Run the command again to retry."
            else:
                journal.append(record)
            progress.done(needs_review=record is None or bool(needs_review(record)))
    entries = [entry if entry.key not in stopped else _with_problem(entry, stopped[entry.key]) for entry in entries]
    if shard.count > 1:
        gradebook.write_roster(out / f"roster-{shard.number}-of-{shard.count}.jsonl", entries)
        return Summary(len(readable), len(todo), (), None)
    gradebook.write_roster(out / _ROSTER, entries)
    summary = report(master, out, about_of(settings))
    return Summary(summary.submissions, len(todo), summary.open, summary.report)


def _entry_of(submission: Submission, folder: Path, key: str) -> gradebook.Entry:
    """Return a submission's line of the roster."""
    inside = submission.path.relative_to(folder) if submission.path.is_relative_to(folder) else Path(submission.path.name)
    learner = submission.learner.encode("utf-8", errors="replace").decode()
    file = inside.as_posix().encode("utf-8", errors="replace").decode()
    return gradebook.Entry(learner, submission.learner_id, file, submission.digest, key, submission.notes, submission.problem)


def _with_problem(entry: gradebook.Entry, problem: str) -> gradebook.Entry:
    return gradebook.Entry(**{**vars(entry), "problem": problem})


def report(master: Master, out: Path, about: dict[str, str]) -> Summary:
    """Write sorted records, gradebook, exports and pages from journals, rosters and `decisions.csv`; without grading.

    Raises:
        FileNotFoundError: If nothing was graded into this folder.
    """
    rows, records = marks_of(out)
    write_sorted(out / _RECORDS, records)
    gradebook.write_gradebook(out / _BOOK, rows, about)
    write_exports(out / "exports", rows, master.title)
    page = write_pages(out, rows, master.title, about, sentences(master))
    open_ = tuple((row.entry.learner, task, reason) for row in rows for task, reason in row.open)
    return Summary(len(rows), 0, open_, page)


def marks_of(out: Path) -> tuple[list[gradebook.Marks], list[dict[str, Any]]]:
    """Return the marks of a class, and the records behind them, from journals, rosters and `decisions.csv`.

    Raises:
        FileNotFoundError: If nothing was graded into this folder.
    """
    rosters = sorted(out.glob("roster-*-of-*.jsonl")) or [out / _ROSTER]
    if not rosters[0].exists():
        raise FileNotFoundError(f"Nothing was graded into {out}: there is no {_ROSTER}.")
    records: dict[str, dict[str, Any]] = {}
    for path in sorted(out.glob("journal*.jsonl")):
        records = {**Journal(path).load(), **records}
    roster: dict[tuple[str, str, str], gradebook.Entry] = {}
    for entry in (entry for path in rosters for entry in gradebook.read_roster(path)):
        identity = (entry.learner, entry.learner_id, entry.file)
        if identity not in roster or entry.problem:  # of several parts, one says what went wrong
            roster[identity] = entry
    entries = [roster[identity] for identity in sorted(roster)]
    used = {entry.key for entry in entries}
    rows = gradebook.join(entries, records, gradebook.read_decisions(out / gradebook.DECISIONS))
    return rows, [record for key, record in records.items() if key in used]


def about_of(settings: Settings) -> dict[str, str]:
    """Return what a run is made with, in words."""
    force = settings.sandbox.describe()
    words = "; ".join(f"{name}: {force[name]}" for name in ("kind", "network", "files", "processes"))
    return {"grader": grader_version(), "environment": environment(), "sandbox": words, "seed": settings.secret}


def sentences(master: Master) -> dict[str, str]:
    """Return the sentence that explains each misconception of an exercise."""
    from tlcourse.checks.task import COMMON_MISCONCEPTIONS

    known = dict(COMMON_MISCONCEPTIONS)
    for task in master.tasks.values():
        known.update(task.misconceptions)
    return {**known, ONLY_VISIBLE: ONLY_VISIBLE_MEANS}
