"""One live line for a long run: how long so far, how long to go, which notebooks run and at which cell they are."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.text import Text

from tlcourse.course.pages import Record

_GUESS = 60.0  # seconds for a notebook that was never run


class Progress:
    """Show progress in a terminal as one line that changes, elsewhere as one line a notebook.

    Args:
        notebooks: `(title, seconds of its last run or None)`, in the order in which they come.
        jobs: How many run at a time.
    """

    def __init__(self, notebooks: list[tuple[str, float | None]], jobs: int = 1) -> None:
        self._left = {title: seconds or _GUESS for title, seconds in notebooks}
        self._total = len(self._left)
        self._jobs = jobs
        self._console = Console()
        self._live = Live(console=self._console, refresh_per_second=4, transient=True) if self._console.is_terminal else None
        self._started = time.perf_counter()
        self._running: dict[str, tuple[float, str]] = {}  # title -> when it began, where it is

    def __enter__(self) -> Progress:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._live:
            self._live.stop()

    def begin(self, title: str) -> None:
        """Say that a notebook starts."""
        self._running[title] = time.perf_counter(), "starting"
        self._refresh()

    def cell(self, title: str, done: int, total: int) -> None:
        """Say that a cell of a running notebook ended."""
        self._running[title] = self._running[title][0], f"cell {done}/{total}"
        self._refresh()

    def end(self, record: Record) -> None:
        """Say that a running notebook ended."""
        memory = "" if record.peak_mib is None else f", {record.peak_mib:,} MiB"
        del self._left[record.title], self._running[record.title]
        self._line(f"{'FAILED' if record.error else 'done':<7}{self._count()}{record.title}  {record.seconds:.0f} s{memory}")
        if record.error:
            self._line("       " + record.error.split("\n", 1)[0])
        self._refresh()

    def keep(self, title: str) -> None:
        """Say that a notebook did not change since its last run."""
        del self._left[title]
        self._line(f"{'same':<7}{self._count()}{title}")

    def line(self) -> str:
        """Return the line that changes; the clock comes first, so a narrow window cuts off names and not the time."""
        now = time.perf_counter()
        rests = [max(0.0, left - (now - self._begun(title, now))) for title, left in self._left.items()]
        rest = max([sum(rests) / self._jobs, *rests])  # no sooner than the longest, no sooner than all of them side by side
        places = "  ".join(f"{title} {place}" for title, (_, place) in self._running.items())
        return f"{_clock(now - self._started)} elapsed  about {_clock(rest)} remaining  {places}"

    def _count(self) -> str:
        """Say how many have ended: "3 of 34  "."""
        return f"{self._total - len(self._left):>{len(str(self._total))}} of {self._total}  "

    def _begun(self, title: str, now: float) -> float:
        return self._running[title][0] if title in self._running else now

    def _refresh(self) -> None:
        if self._live:
            self._live.update(Text(self.line(), no_wrap=True, overflow="ellipsis"))

    def _line(self, text: str) -> None:
        self._console.print(Text(text))


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
