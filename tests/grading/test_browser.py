"""Pages in a real browser: a class report, a click on a learner, the learner's page; whatever learners wrote, nothing of it runs."""

from __future__ import annotations

import pytest

from tests.browser import wait_for
from tlcourse.checks import EARNED, NOT_EARNED, UNJUDGED, Feedback
from tlcourse.grading.results import pages
from tlcourse.grading.results.gradebook import Entry, Marks

OWNED = "document.title='owned'"
ATTACKS = (
    f"<script>{OWNED}</script>",
    f'<img src="missing.png" onerror="{OWNED}">',
    f"<svg onload={OWNED}></svg>",
    f'<a id="attack" href="javascript:void({OWNED})">a link</a>',
    f'"><body onload="{OWNED}">',
    f"' onmouseover='{OWNED}' style='position:fixed;inset:0'",
    f'<iframe srcdoc="<script>parent.{OWNED}</script>"></iframe>',
    f'</title></style><script>{OWNED}</script><meta http-equiv="refresh" content="0;url=javascript:{OWNED}">',
)
EVIL = " ".join(ATTACKS)


def class_of(text):
    """Three learners whose names, files, results and notes are all `text`."""
    base = {"title": text, "max_points": 2, "message": text, "expected": text, "received": text, "explanation": text}
    results = tuple(
        {**base, "task": f"2.{i + 1}", "outcome": outcome, "points": 0, "misconception": text}
        for i, outcome in enumerate((EARNED, NOT_EARNED, UNJUDGED))
    )
    entries = [Entry(f"{text}{n}", "", text, "d", "k", (), "") for n in range(3)]
    return [Marks(entry, results, (text,), (("2.3", text),)) for entry in entries]


def written(folder, text, change=lambda page: page):
    report = pages.write_pages(folder, class_of(text), text, {text: text}, {text: text})
    for path in (report, *(folder / "feedback").iterdir()):
        path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    return report


@pytest.mark.parametrize("attack", [0, 1, 2, 4], ids=["script", "onerror", "onload", "body"])
def test_the_attacks_work_on_a_page_without_protection(browser, tmp_path, attack):
    page = tmp_path / "page.html"
    page.write_text(f"<!DOCTYPE html><title>ours</title>{ATTACKS[attack]}", encoding="utf-8")
    browser.open(page)
    assert browser.ask("document.title") == "owned"


def test_a_javascript_link_works_on_a_page_without_protection(browser, tmp_path):
    page = tmp_path / "page.html"
    page.write_text(f"<!DOCTYPE html><title>ours</title>{ATTACKS[3]}", encoding="utf-8")
    browser.open(page)
    browser.click("#attack")
    wait_for(lambda: browser.ask("document.title") == "owned", "the link did nothing")


def without_policy(page):
    start = page.index("<meta http-equiv=")
    return page[:start] + page[page.index(">", start) + 1 :]


@pytest.mark.parametrize("change", [lambda page: page, without_policy], ids=["as written", "escaping alone"])
def test_a_click_through_report_and_feedback_runs_nothing_of_a_learner(browser, tmp_path, change):
    report = written(tmp_path, EVIL, change)
    browser.open(report)
    for where in ("td a[href^=feedback]", "h1", "td span", "main"):
        assert browser.ask("document.title").startswith("<script>")
        assert browser.ask("document.querySelectorAll('script,img,svg,iframe,#attack,[onload],[onmouseover]').length") == 0
        if where != "td a[href^=feedback]":
            browser.click(where)
    browser.click("td a[href^=feedback]")
    wait_for(lambda: "/feedback/" in browser.ask("location.href"), "the click on a learner led nowhere")
    browser.settle(browser.ask("location.href"))
    browser.click(".task p")
    assert browser.ask("document.querySelectorAll('.task').length") == 3
    assert browser.ask("document.body.innerText").count("javascript:") >= 10
    assert browser.ask("document.title").startswith("<script>")
    assert browser.ask("document.querySelectorAll('script,img,svg,iframe,#attack,[onload],[onmouseover]').length") == 0


def test_the_policy_alone_stops_scripts_that_were_not_escaped(browser, tmp_path):
    report = written(tmp_path, "learner", lambda page: page.replace("<main>", "<main>" + EVIL))
    browser.open(report)
    browser.click("#attack")
    browser.ask("new Promise(done => setTimeout(done, 300))")
    assert browser.ask("document.title") == "learner: the class"


def test_every_heading_and_table_is_there_for_a_screen_reader(browser, tmp_path):
    browser.open(written(tmp_path, "learner"))
    assert browser.ask("document.documentElement.lang") == "en"
    assert browser.ask("[document.querySelectorAll('h1').length, document.querySelectorAll('main').length]") == [1, 1]
    assert browser.ask("[...document.querySelectorAll('th')].every(cell => cell.scope === 'col')")


def test_feedback_in_a_notebook_runs_nothing_of_a_learner(browser, tmp_path):
    shown = Feedback("2.1", EVIL, NOT_EARNED, 0, 2, EVIL, EVIL, EVIL, "name", EVIL, 'hint("2.1")')
    page = tmp_path / "page.html"
    page.write_text(f'<!DOCTYPE html><meta charset="utf-8"><title>ours</title>{shown._repr_html_()}', encoding="utf-8")
    browser.open(page)
    browser.click("div p")
    assert browser.ask("document.querySelectorAll('script,img,svg,iframe,#attack,[onload],[onmouseover]').length") == 0
    assert browser.ask("document.title") == "ours"
    assert browser.ask("document.querySelector('[role=status] h4').innerText").startswith("✗ Task 2.1")
