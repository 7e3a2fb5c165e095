"""Pages of the course: nothing from another host, formulas without a script, readable in the dark and on a narrow screen."""

from __future__ import annotations

import re

import nbformat
import pytest
from bs4 import BeautifulSoup

from tlcourse.course.formulas import draw_formulas
from tlcourse.course.pages import links_of, write_page

TOPICS = ["00_start", "01_first", "02_second"]
TEXT = (
    """# 01 · A title

[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/x)

The penalty is $\\frac{\\alpha}{2}\\lVert w\\rVert^2$, it costs $5 and not $6, and `$n$` is code.

| a | b |
|---|---|
| """
    + "wide " * 60
    + """| 1 |
"""
)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    code = nbformat.v4.new_code_cell("x = '" + "long " * 60 + "'")
    widget = {"application/vnd.jupyter.widget-view+json": {"model_id": "m"}, "text/plain": "100% done"}
    code.outputs = [
        nbformat.v4.new_output("display_data", data=widget),
        nbformat.v4.new_output("stream", name="stdout", text="printed " * 80),
        nbformat.v4.new_output("display_data", data={"image/svg+xml": '<svg width="1500" height="10"></svg>'}),
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(TEXT), code])
    path = tmp_path_factory.mktemp("pages") / "01_first.lesson.html"
    write_page(notebook, "lesson 01_first", path, "ran to the end", links_of(TOPICS, "01_first", "lesson"))
    return path


def test_no_page_asks_another_host_for_anything(page):
    text = page.read_text(encoding="utf-8")
    parsed = BeautifulSoup(text, "html.parser")
    asked = [tag.get("src") or tag.get("href") for tag in parsed.find_all(["script", "img", "link", "iframe", "source"])]
    assert [address for address in asked if address and not address.startswith("data:")] == []
    assert not re.search(r"import\(|@import|url\([\"']?https?:", text)
    assert "100% done" in text  # the text beside a widget, which would need a script


def test_a_formula_is_drawn_with_its_source_as_alt_text_and_code_and_prices_stay(page):
    parsed = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    (formula,) = parsed.find_all("img", class_="formula")
    assert formula["alt"] == r"\frac{\alpha}{2}\lVert w\rVert^2"
    assert "it costs $5 and not $6, and $n$ is code" in " ".join(parsed.get_text().split())


def test_what_cannot_be_drawn_becomes_code():
    assert draw_formulas(r"so $\nothing{x}$.") == r"so <code>\nothing{x}</code>."
    assert draw_formulas("```\n$x$\n``` and `$y$`") == "```\n$x$\n``` and `$y$`"


def test_a_page_is_called_by_its_heading_and_leads_to_its_neighbours(page):
    parsed = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    assert parsed.title.get_text() == "01 · A title"
    links = {a.get_text(): a["href"] for a in parsed.find("nav").find_all("a")}
    assert links == {
        "Contents": "index.html",
        "Previous: 00": "00_start.lesson.html",
        "Exercise": "01_first.exercise.html",
        "Solution": "01_first.solution.html",
        "Next: 02": "02_second.lesson.html",
    }
    assert [text for text, _ in links_of(TOPICS, "00_start", "exercise")] == ["Contents", "Lesson", "Solution", "Next: 01"]
    assert "Next" not in "".join(text for text, _ in links_of(TOPICS, "02_second", "lesson"))


@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_scrolls_sideways(page, browser, width):
    browser.send("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=width < 500)
    browser.open(page)
    assert browser.ask("document.documentElement.scrollWidth") <= width


def test_in_the_dark_text_is_light_on_dark(page, browser):
    def brightness(selector, what):
        colour = browser.ask(f"getComputedStyle(document.querySelector('{selector}')).{what}")
        return sum(int(part) for part in re.findall(r"\d+", colour)[:3]) / 3

    for scheme, dark in (("light", False), ("dark", True)):
        browser.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        browser.open(page)
        assert (brightness("body", "backgroundColor") < 60) == dark
        assert (brightness(".jp-RenderedHTMLCommon p", "color") > 190) == dark
