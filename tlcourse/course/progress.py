"""One live line for a long run: which notebook, which cell, how long so far, how long to go."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.text import Text

_GUESS = 60.0  # seconds for a notebook that was never run


class Progress:
    """Show progress in a terminal as one line that changes, elsewhere as one line a notebook.

    Args:
        notebooks: `(title, seconds of its last run or None)`, in the order in which they come.
    """

    def __init__(self, notebooks: list[tuple[str, float | None]]) -> None:
        self._expected = {title: seconds or _GUESS for title, seconds in notebooks}
        self._left = dict(self._expected)
        self._console = Console()
        self._live = Live(console=self._console, refresh_per_second=4, transient=True) if self._console.is_terminal else None
        self._started = self._begun = time.perf_counter()
        self._title = ""

    def __enter__(self) -> Progress:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._live:
            self._live.stop()

    def begin(self, title: str) -> None:
        """Say that a notebook starts."""
        self._title, self._begun = title, time.perf_counter()
        self.cell(0, 0)

    def cell(self, done: int, total: int) -> None:
        """Say that a cell of the present notebook ended."""
        if self._live is None:
            return
        now = time.perf_counter()
        rest = max(0.0, self._left.get(self._title, 0.0) - (now - self._begun))
        others = sum(seconds for title, seconds in self._left.items() if title != self._title)
        place = f"cell {done}/{total}" if total else "starting"
        self._live.update(
            Text(f"{self._title}  {place}  {_clock(now - self._started)} elapsed  about {_clock(rest + others)} remaining")
        )

    def end(self, error: str, seconds: float, peak_mib: int | None) -> None:
        """Say that the present notebook ended."""
        memory = "" if peak_mib is None else f", {peak_mib:,} MiB"
        self._line(f"{'FAILED' if error else 'done':<7}{self._title}  {seconds:.0f} s{memory}")
        if error:
            self._line("       " + error.split("\n", 1)[0])
        self._left.pop(self._title, None)

    def keep(self, title: str) -> None:
        """Say that a notebook did not change since its last run."""
        self._line(f"{'same':<7}{title}")
        self._left.pop(title, None)

    def _line(self, text: str) -> None:
        self._console.print(Text(text))


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
