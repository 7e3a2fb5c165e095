"""What no executed notebook may show: text on standard error, and addresses of objects where words belong.

As a plugin of pytest (`-p tlcourse.course.noise`) it fails the cells of nbval that show such things.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Mapping
from typing import Any

import pytest

_ADDRESS = re.compile(r"<[^<>\n]* at 0x[0-9a-fA-F]+>")
_BAR = re.compile(r"^[^\n]*\d+%\|[^\n]*$", re.MULTILINE)  # a progress bar of tqdm, which writes to standard error on purpose


def noise_in(notebook: Any) -> list[str]:
    """Return what an executed notebook should not show, one line a case with the number of its cell.

    Args:
        notebook: A notebook with outputs, format 4.
    """
    cells = enumerate(notebook.cells, start=1)
    return [f"cell {number}: {text}" for number, cell in cells for text in noise_of(cell.get("outputs", ()))]


def noise_of(outputs: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return what the outputs of one cell should not show.

    Args:
        outputs: As a notebook keeps them.
    """
    found = []
    for output in outputs:
        if output["output_type"] == "stream":
            text = _joined(output["text"])
            if output["name"] == "stderr" and _BAR.sub("", text.replace("\r", "\n")).strip():
                found.append(f"on standard error: {text.strip()[:300]}")
        else:
            data = output.get("data", {})
            text = _joined(data.get("text/plain", "")) if not {"image/png", "text/html"} & set(data) else ""
        found += [f"an address: {match[0]}" for match in _ADDRESS.finditer(text)]
    return found


def _joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: Any) -> Generator[None, None, None]:
    """Fail a cell of nbval that ran and shows noise."""
    yield
    found = noise_of(getattr(item, "test_outputs", None) or ())
    assert not found, "; ".join(["The cell shows what a page should not", *found])
