"""A learner's own copy of the notebooks: made once, brought up to date later, and never at the cost of the learner's work."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

from tlcourse.course.places import EXERCISES, LESSONS, SOLUTIONS
from tlcourse.files import write_whole

README = "README.md"  # the contents, to which every notebook leads
LEDGER = ".tlcourse.json"  # in the copy: the digest of each notebook as it was copied


@dataclass
class Copied:
    """What `copy_course` did, as paths relative to the copy."""

    new: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        parts = (
            [f"{len(self.new)} file{'s' * (len(self.new) != 1)} copied"]
            if self.new or not (self.replaced or self.beside)
            else []
        )
        if self.replaced:
            parts.append(f"{len(self.replaced)} brought up to date")
        if self.beside:
            parts.append(f"{len(self.beside)} kept as you changed them, the new version beside each: {', '.join(self.beside)}")
        return "; ".join(parts)


def copy_course(course: Path, target: Path, *, solutions: bool = False) -> Copied:
    """Copy the notebooks for a learner to work in, or bring an older copy up to date.

    A notebook that the learner did not change since it was copied is replaced by its new version. One that was changed stays; its
    new version, if there is one, is written beside it as `NAME.new.ipynb`.

    Args:
        course: Folder of `find_course`.
        target: Folder of the copy; made where it does not exist.
        solutions: True to copy the solutions too.

    Returns:
        What was copied, replaced and written beside.
    """
    ledger = _read_ledger(target)
    copied = Copied()
    for folder in (LESSONS, EXERCISES, *((SOLUTIONS,) if solutions else ())):
        (target / folder).mkdir(parents=True, exist_ok=True)
        for source in sorted((course / folder).glob("*.ipynb")):
            name = f"{folder}/{source.name}"
            _copy_one(source, target / name, name, ledger, copied)
    if (course / README).exists():
        _copy_one(course / README, target / README, README, ledger, copied)
    write_whole(target / LEDGER, json.dumps(ledger, indent=1, sort_keys=True))
    return copied


def _copy_one(source: Path, destination: Path, name: str, ledger: dict[str, str], copied: Copied) -> None:
    wanted = _digest(source)
    if not destination.exists():
        write_whole(destination, source.read_bytes())
        copied.new.append(name)
    elif (there := _digest(destination)) == wanted:
        pass
    elif there == ledger.get(name):
        write_whole(destination, source.read_bytes())
        copied.replaced.append(name)
    elif ledger.get(name) != wanted:  # changed by the learner, and by us
        beside = _free_name(destination, name, ledger)
        write_whole(destination.with_name(Path(beside).name), source.read_bytes())
        ledger[beside] = wanted
        copied.beside.append(beside)
    ledger[name] = wanted


def _free_name(destination: Path, name: str, ledger: dict[str, str]) -> str:
    """Return a name beside a file that holds nothing of the learner's: free, or untouched since we wrote it."""
    number = 1
    while True:
        beside = Path(name).with_suffix(f".new{number if number > 1 else ''}{destination.suffix}").as_posix()
        there = destination.with_name(Path(beside).name)
        if not there.exists() or _digest(there) == ledger.get(beside):
            return beside
        number += 1


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _read_ledger(target: Path) -> dict[str, str]:
    try:
        known = json.loads((target / LEDGER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}
