"""What a project decided about the doctor: which findings make it fail, and which are ignored, for what reason."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tlcourse.audit.report import SEVERITIES, Report
from tlcourse.audit.run import known_ids

FAIL_ON = (*SEVERITIES, "never")
_KEYS = ("fail-on", "ignore")


@dataclass(frozen=True)
class Policy:
    """Decisions of a project.

    Args:
        fail_on: Lowest severity that makes the exit status 1: "serious", "warning", "note", or "never".
        ignore: Id of a finding -> why it is ignored. No reason may be empty.
        origin: Where the decisions stand, for errors.

    Raises:
        ValueError: If a severity or an id is unknown, or a reason is missing.
    """

    fail_on: str = "serious"
    ignore: dict[str, str] = field(default_factory=dict)
    origin: str = "the command line"

    def __post_init__(self) -> None:
        if self.fail_on not in FAIL_ON:
            raise ValueError(
                f"`fail-on` in {self.origin} must be one of {', '.join(FAIL_ON)}. Received: fail-on={self.fail_on!r}."
            )
        for name, reason in self.ignore.items():
            if name not in known_ids():
                known = ", ".join(sorted(known_ids()))
                raise ValueError(
                    f"`ignore` in {self.origin} names no kind of finding. Kinds: {known}. Received: ignore={name!r}."
                )
            if not isinstance(reason, str) or not reason.strip():
                raise ValueError(
                    f"`ignore` in {self.origin} needs a reason for each id. Received: ignore={name!r} without one."
                )

    def fails(self, report: Report) -> bool:
        """Tell whether a report holds a finding of the severity that makes a run fail, or of a higher one."""
        if self.fail_on == "never":
            return False
        counted = SEVERITIES[: SEVERITIES.index(self.fail_on) + 1]  # type: ignore[arg-type]
        return any(finding.severity in counted for finding in report.findings)

    def without_ignored(self, report: Report) -> tuple[Report, list[str]]:
        """Return a report without the ignored findings, and a line for each of these."""
        kept = tuple(finding for finding in report.findings if finding.id not in self.ignore)
        lines = [f"{f.id} ({self.ignore[f.id]}): {f.title}" for f in report.findings if f.id in self.ignore]
        return replace(report, findings=kept), lines


def policy_of(folder: Path, fail_on: str | None = None, ignore: Sequence[str] = ()) -> Policy:
    """Join the section `[tool.tlcourse.doctor]` of the nearest pyproject.toml with what the command line says, which counts more.

    Args:
        folder: Where the search begins; it goes up to the root.
        fail_on: As in `Policy`; None leaves it to the file.
        ignore: `ID=REASON`, each.

    Raises:
        ValueError: If the file or an option holds something else.
    """
    found = _from_file(folder)
    chosen = dict(found.ignore)
    for option in ignore:
        name, equals, reason = option.partition("=")
        if not equals:
            raise ValueError(
                f"`--ignore` takes an id and a reason, such as head-size='a small head on purpose'. Received: ignore={option!r}."
            )
        chosen[name.strip()] = reason
    origin = "the command line" if fail_on or ignore else found.origin
    return Policy(fail_on or found.fail_on, chosen, origin)


def _from_file(folder: Path) -> Policy:
    for place in (folder.resolve(), *folder.resolve().parents):
        file = place / "pyproject.toml"
        if not file.is_file():
            continue
        try:
            section = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {}).get("tlcourse", {}).get("doctor", {})
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ValueError(f"This is no TOML file: {error}. Received: path={str(file)!r}.") from error
        unknown = sorted(set(section) - set(_KEYS))
        if unknown:
            raise ValueError(f"[tool.tlcourse.doctor] in {file} may hold {' and '.join(_KEYS)}. Received: keys={unknown}.")
        ignore = section.get("ignore", {})
        if not isinstance(ignore, dict):
            raise ValueError(f"`ignore` in {file} must be a table, id = reason. Received: ignore={ignore!r}.")
        return Policy(section.get("fail-on", "serious"), ignore, str(file))
    return Policy()
