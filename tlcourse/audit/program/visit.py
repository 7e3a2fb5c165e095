"""What the doctor saw in one program."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tlcourse.audit.program.policy import Policy
from tlcourse.audit.report import Report


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
        policy: Which findings are ignored, and which make the run fail.
        ignored: The findings that were ignored, a line each.
    """

    path: Path
    reports: list[tuple[str, Report]] = field(default_factory=list)
    problem: str = ""
    crashed: bool = False
    left_out: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    policy: Policy = field(default_factory=Policy)
    ignored: list[str] = field(default_factory=list)

    @property
    def exit_status(self) -> int:
        """1 if there is a finding that makes the run fail; otherwise 3 if the program crashed, 2 if there was no `fit`, and 0."""
        if any(self.policy.fails(report) for _, report in self.reports):
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
            "ignored": self.ignored,
            "exit_status": self.exit_status,
        }
