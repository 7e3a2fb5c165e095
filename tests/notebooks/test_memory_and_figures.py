"""Every lesson and solution of the embedded profile fits a small machine, and says in words what its figures show."""

from __future__ import annotations

from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from tlcourse.course import execute, list_runnable
from tlcourse.course.pages import write_page

RUNNABLE = list_runnable(Path(__file__).resolve().parents[2])
LIMIT_MIB = 2048
NOTHING_SAID = "No description has been provided for this image"  # nbconvert, where nobody described a figure

pytestmark = [pytest.mark.notebook, pytest.mark.slow]


@pytest.fixture(scope="module", params=RUNNABLE, ids=lambda notebook: notebook.title)
def outcome(request):
    """One run, which all tests of this file look at."""
    outcome = execute(request.param.path, profile="embedded")
    assert outcome.ok, outcome.error
    return outcome


def test_it_needs_less_than_2_gib(outcome):
    if outcome.peak_mib is None:
        pytest.skip("this system does not tell how much memory a process has had")
    assert outcome.peak_mib < LIMIT_MIB


def test_every_figure_on_its_page_has_alt_text(outcome, tmp_path):
    write_page(outcome.notebook, "page", tmp_path / "page.html")
    page = BeautifulSoup((tmp_path / "page.html").read_text(encoding="utf-8"), "html.parser")
    words = [image.get("alt", NOTHING_SAID) for image in page.select(".jp-OutputArea img")]
    outputs = [output for cell in outcome.notebook.cells for output in cell.get("outputs", ())]
    assert len(words) == sum("image/png" in output.get("data", {}) for output in outputs)
    assert [number for number, text in enumerate(words) if text in ("", NOTHING_SAID)] == []
