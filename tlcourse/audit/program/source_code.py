"""Read a script or a notebook as pieces of Python, to be executed one after the other."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

_COMMAND = re.compile(r"^(\s*)(?:[!%]|\?|[\w.]+\?\s*$)")


@dataclass(frozen=True)
class SourceFile:
    """A program.

    Args:
        path: Absolute path of the file.
        pieces: `(file name for tracebacks, Python code)`: one for a script, one per code cell for a notebook.
        left_out: Lines that are not Python and are not executed, with their place.
    """

    path: Path
    pieces: tuple[tuple[str, str], ...]
    left_out: tuple[str, ...] = ()

    def locate(self, name: str, line: int) -> str:
        """Return the place of a line in words, such as `cell 3, line 2`."""
        cell = name.rpartition("#")[2] if "#" in name else ""
        return f"{cell}, line {line}" if cell else f"line {line}"


def read_source(path: str | Path) -> SourceFile:
    """Read a `.py` script or an `.ipynb` notebook.

    Notebook commands (`!pip install`, `%matplotlib`, `model.fit?`) are removed line by line. Cells that begin with `%%` are removed
    as a whole.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is neither, or cannot be read.
    """
    path = Path(path).absolute()
    if not path.is_file():
        raise FileNotFoundError(
            f"There is no file with this name. Expected a Python script or a notebook. Received: path={str(path)!r}."
        )
    if path.suffix not in (".py", ".ipynb"):
        raise ValueError(f"Expected a Python script (.py) or a notebook (.ipynb). Received: path={path.name!r}.")
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    if path.suffix == ".py":
        return SourceFile(path, ((str(path), text),))
    pieces, left_out = [], []
    for number, code in enumerate(_code_cells(path, text), start=1):
        name = f"{path}#cell {number}"
        python, commands = _without_commands(code)
        pieces.append((name, python))
        left_out += [f"cell {number}: {line.strip()}" for line in commands]
    return SourceFile(path, tuple(pieces), tuple(left_out))


def _code_cells(path: Path, text: str) -> list[str]:
    try:
        cells = json.loads(text)["cells"]
        sources = [cell["source"] for cell in cells if cell["cell_type"] == "code"]
        return [source if isinstance(source, str) else "".join(source) for source in sources]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"The file is not a notebook of format 4: {type(error).__name__}: {error}. Received: path={path.name!r}."
        ) from error


def _without_commands(code: str) -> tuple[str, list[str]]:
    """Replace lines that are not Python by `pass`. This keeps line numbers, and no block becomes empty."""
    lines = code.split("\n")
    first = next((line for line in lines if line.strip()), "")
    if first.startswith("%%"):
        return "\n" * (len(lines) - 1), [first]
    try:
        compile(code, "cell", "exec")
        return code, []
    except SyntaxError:
        commands = [line for line in lines if _COMMAND.match(line)]
        return "\n".join(
            _COMMAND.sub(r"\1pass  #", line, count=1) if _COMMAND.match(line) else line for line in lines
        ), commands
