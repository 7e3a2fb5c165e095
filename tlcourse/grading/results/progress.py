"""One live line while a class is graded: done, running, time left, how many need review."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.text import Text


class ClassProgress:
    """Show progress: in a terminal one line that changes, elsewhere one line for each tenth.

    Args:
        total: Submissions to grade in this run.
        kept: Submissions whose records were there already.
    """

    def __init__(self, total: int, kept: int) -> None:
        self._total, self._kept = total, kept
        self._done = self._running = self._open = 0
        self._started = time.perf_counter()
        self._console = Console()
        self._live = Live(console=self._console, refresh_per_second=4, transient=True) if self._console.is_terminal else None

    def __enter__(self) -> ClassProgress:
        if self._live:
            self._live.start()
        self._show()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._live:
            self._live.stop()

    def running(self, count: int) -> None:
        """Say how many are running."""
        self._running = count
        self._show()

    def done(self, *, needs_review: bool) -> None:
        """Say that one is done."""
        self._done += 1
        self._open += needs_review
        if self._live:
            self._show()
        elif self._done * 10 // self._total != (self._done - 1) * 10 // self._total:
            self._console.print(Text(self._line()))

    def _show(self) -> None:
        if self._live:
            self._live.update(Text(self._line()))

    def _line(self) -> str:
        kept = f", {self._kept} from before" if self._kept else ""
        left = self._total - self._done
        passed = time.perf_counter() - self._started
        rest = f"about {_clock(passed / self._done * left)} left" if self._done and left else f"{_clock(passed)} elapsed"
        return f"graded {self._done}/{self._total}{kept}  running {min(self._running, left)}  {rest}  need review: {self._open}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
