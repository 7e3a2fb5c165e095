"""What a learner reads after `check(...)` and `hint(...)`: plain text, and the same words as HTML."""

from __future__ import annotations

import html
from dataclasses import dataclass

from .plain import clean
from .task import EARNED, NOT_EARNED, Task, Verdict

# A sign and a word carry the outcome; the colour of the bar (Okabe-Ito) only repeats it.
_SIGNS = {EARNED: ("✓", "#009E73"), NOT_EARNED: ("✗", "#D55E00")}
_UNJUDGED_SIGN = ("?", "#0072B2")


class CheckFailed(AssertionError):  # noqa: N818 - the name that learners and documents use
    """A check was not earned, and `TLCOURSE_CHECK=raise` asked to stop there."""


@dataclass(frozen=True)
class Feedback:
    """Outcome of one check, in words. Shows itself at the end of a notebook's cell."""

    task_id: str
    title: str
    outcome: str
    points: int
    max_points: int
    message: str
    expected: str = ""
    received: str = ""
    misconception: str | None = None
    explanation: str = ""
    hint: str = ""

    @classmethod
    def of(cls, task: Task, verdict: Verdict) -> Feedback:
        """Build the feedback on one verdict, with all text made safe to print."""
        solved = verdict.outcome == EARNED
        return cls(
            task_id=task.id,
            title=task.title,
            outcome=verdict.outcome,
            points=task.points if solved else 0,
            max_points=task.points,
            message=clean(verdict.message),
            expected=clean(verdict.expected),
            received=clean(verdict.received),
            misconception=verdict.misconception,
            explanation=task.explain(verdict.misconception) if verdict.misconception else "",
            hint=f'hint("{task.id}")' if verdict.outcome == NOT_EARNED else "",
        )

    @property
    def earned(self) -> bool:
        """True when the task is solved."""
        return self.outcome == EARNED

    def lines(self) -> list[tuple[str, str]]:
        """Return `(label, text)` of everything there is to say after the heading; empty ones are left out."""
        points_to = f"{self.explanation} ({self.misconception})" if self.misconception else ""
        hint = f"Run {self.hint} in a cell. Hints cost nothing." if self.hint else ""
        rows = [
            ("What was found", self.message),
            ("Expected", self.expected),
            ("Received", self.received),
            ("This points to", points_to),
            ("If you are stuck", hint),
        ]
        return [(label, text) for label, text in rows if text]

    def heading(self) -> str:
        """Return the line that says task, outcome and points."""
        sign, _ = _SIGNS.get(self.outcome, _UNJUDGED_SIGN)
        return f"{sign} Task {self.task_id} ({self.title}): {self.outcome}, {self.points} of {self.max_points} points"

    def __str__(self) -> str:
        return "\n".join([self.heading(), *(f"  {label}: {text}" for label, text in self.lines())])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        _, colour = _SIGNS.get(self.outcome, _UNJUDGED_SIGN)
        rows = "".join(
            f'<p style="margin:0.2em 0;white-space:pre-wrap"><b>{html.escape(label)}:</b> {html.escape(text)}</p>'
            for label, text in self.lines()
        )
        return (
            f'<div role="status" style="border-left:0.4em solid {colour};padding:0.2em 0.8em">'
            f"<p><strong>{html.escape(self.heading())}</strong></p>{rows}</div>"
        )


@dataclass(frozen=True)
class Hint:
    """One step of a task's hint ladder."""

    task_id: str
    step: int
    text: str

    def __str__(self) -> str:
        more = f'Run hint("{self.task_id}") again for the next step.' if self.step < 3 else "This is the last step."
        return f"Hint {self.step} of 3 for task {self.task_id}: {self.text}\n{more}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        first, _, more = str(self).rpartition("\n")
        return f'<div role="note" style="white-space:pre-wrap"><p>{html.escape(first)}</p><p>{html.escape(more)}</p></div>'
