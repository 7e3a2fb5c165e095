"""What a learner reads after `check(...)` and `hint(...)`: plain text, and the same words as HTML.

The HTML holds no script, loads nothing, and takes the notebook's own text colour, so that it reads the same offline, in a dark theme
and in Colab. A notebook keeps both forms in its output, with a record of task, outcome, attempts and hints beside them.
"""

from __future__ import annotations

import html
import re
import sys
from dataclasses import dataclass
from typing import Any, ClassVar

from tlcourse.checks.plain import clean
from tlcourse.checks.task import EARNED, NOT_EARNED, Task, Verdict

# A sign and a word carry the outcome; the kind and colour (Okabe-Ito) of the bar only repeat it.
_SIGNS = {EARNED: ("✓", "solid #009E73"), NOT_EARNED: ("✗", "double #D55E00")}
_UNJUDGED_SIGN = ("?", "dotted #0072B2")
_UNFILLED_SIGN = ("○", "solid #999999")
_HINT_SIGN = ("→", "dashed #56B4E9")
_OUR_WORDS = ("", "This points to")  # lines that hold no text of a learner: their backticks mean code


class CheckFailed(AssertionError):  # noqa: N818 - the name that learners and documents use
    """A check was not earned, and `TLCOURSE_CHECK=raise` asked to stop there."""


class Shown:
    """What a cell shows of itself as soon as it is made, wherever in the cell that is, and not a second time at the cell's end."""

    def show(self) -> None:
        """Show this now, where IPython runs; elsewhere it is what a console prints of a returned value."""
        shell = _shell()
        if shell is not None:
            from IPython.display import publish_display_data

            object.__setattr__(self, "_shown_in", shell.execution_count)
            publish_display_data(*self._repr_mimebundle_())

    def _ipython_display_(self) -> None:
        shell = _shell()
        if shell is None or getattr(self, "_shown_in", None) != shell.execution_count:
            self.show()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, str], dict[str, Any]]:
        raise NotImplementedError


def _shell() -> Any:
    """Return the running IPython, or None."""
    found = sys.modules.get("IPython")
    return found.get_ipython() if found is not None else None


@dataclass(frozen=True)
class Unfilled(Shown):
    """What `check` returns for a task that was not begun: one calm line.

    Args:
        task_id: The task's number.
        title: The task's title.
    """

    task_id: str
    title: str
    earned: ClassVar[bool] = False

    def __str__(self) -> str:
        return f"{_UNFILLED_SIGN[0]} {self._words()}"

    __repr__ = __str__

    def _words(self) -> str:
        return f"Task {self.task_id} ({self.title}): not filled in yet"

    def _repr_html_(self) -> str:
        return _box(_UNFILLED_SIGN, self._words(), [])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, str], dict[str, Any]]:
        return _bundle(self, {"task": self.task_id, "outcome": None})


@dataclass(frozen=True)
class Feedback(Shown):
    """Outcome of one check, in words. Shows itself in a notebook's cell.

    Args:
        task_id: The task's number.
        title: The task's title.
        outcome: One of the three outcomes.
        points: Points that were earned.
        max_points: Points of the task.
        message: The reason in words.
        expected: What was expected, in one line.
        received: What came, in one line.
        misconception: Id of the misconception that explains it.
        explanation: The misconception in a sentence.
        hint: The call that shows a hint.
        attempts: Checks of this task so far, this one included.
        hints_seen: Hints that were shown so far.
    """

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
    attempts: int = 1
    hints_seen: int = 0

    @classmethod
    def of(cls, task: Task, verdict: Verdict, attempts: int = 1, hints_seen: int = 0) -> Feedback:
        """Build the feedback on one verdict, with all text made safe to print.

        Args:
            task: What was asked.
            verdict: What the check found.
            attempts: Checks of this task since Python started, this one included.
            hints_seen: Steps of its hint ladder that were shown until now.
        """
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
            attempts=attempts,
            hints_seen=hints_seen,
        )

    @property
    def earned(self) -> bool:
        """True when the task is solved."""
        return self.outcome == EARNED

    def lines(self) -> list[tuple[str, str]]:
        """Return `(label, text)` of everything there is to say after the heading; empty ones are left out."""
        seen = f" {self.hints_seen} of 3 were shown." if self.hints_seen else ""
        hint = f"Run {self.hint} in a cell. Hints cost nothing.{seen}" if self.hint else ""
        rows = [
            ("What was found", self.message),
            ("Expected", self.expected),
            ("Received", self.received),
            ("This points to", self.explanation),
            ("If you are stuck", hint),
        ]
        return [(label, text) for label, text in rows if text]

    def heading(self) -> str:
        """Return the line that says task, outcome and points."""
        sign, _ = _SIGNS.get(self.outcome, _UNJUDGED_SIGN)
        return f"{sign} {self._words()}"

    def _words(self) -> str:
        return f"Task {self.task_id} ({self.title}): {self.outcome}, {self.points} of {self.max_points} points"

    def __str__(self) -> str:
        return "\n".join([self.heading(), *(f"  {label}: {text}" for label, text in self.lines())])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return _box(_SIGNS.get(self.outcome, _UNJUDGED_SIGN), self._words(), self.lines())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, str], dict[str, Any]]:
        record = {"task": self.task_id, "outcome": self.outcome, "attempts": self.attempts, "hints": self.hints_seen}
        return _bundle(self, record)


@dataclass(frozen=True)
class Hint(Shown):
    """One step of a task's hint ladder.

    Args:
        task_id: The task's number.
        step: 1 to 3.
        text: The hint.
    """

    task_id: str
    step: int
    text: str

    def __str__(self) -> str:
        return f"{self.heading()}: {self.text}\n{self._more()}"

    __repr__ = __str__

    def heading(self) -> str:
        """Return which step of which task this is."""
        return f"Hint {self.step} of 3 for task {self.task_id}"

    def _more(self) -> str:
        return f'Run hint("{self.task_id}") again for the next step.' if self.step < 3 else "This is the last step."

    def _repr_html_(self) -> str:
        return _box(_HINT_SIGN, self.heading(), [("", self.text), ("", self._more())])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, str], dict[str, Any]]:
        return _bundle(self, {"task": self.task_id, "hints": self.step})


def _box(sign: tuple[str, str], heading: str, lines: list[tuple[str, str]]) -> str:
    """Return HTML that a screen reader announces when it appears (`role="status"`), with a heading to jump to."""
    shape, bar = sign
    rows = "".join(
        f'<p style="margin:0.2em 0;white-space:pre-wrap;overflow-wrap:anywhere">'
        f"{f'<b>{html.escape(label)}:</b> ' if label else ''}{with_code(text) if label in _OUR_WORDS else html.escape(text)}</p>"
        for label, text in lines
    )
    return (
        f'<div role="status" aria-atomic="true" style="border-left:0.5em {bar};padding:0.2em 0.8em">'
        f'<h4 style="margin:0.2em 0"><span aria-hidden="true">{shape} </span>{html.escape(heading)}</h4>{rows}</div>'
    )


def with_code(text: str) -> str:
    """Return text as HTML; what stands between two backticks is code."""
    return re.sub(r"`([^`\n]+)`", r"<code>\1</code>", html.escape(text))


def _bundle(shown: Feedback | Hint | Unfilled, record: dict[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
    """Return both forms and the record that a notebook keeps in the metadata of the output."""
    return {"text/plain": str(shown), "text/html": shown._repr_html_()}, {"tlcourse": record}
