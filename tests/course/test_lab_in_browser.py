"""A learner's hour, in a real browser: the lab opens an exercise, Run All goes to the end, and the feedback can be read."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.browser import start_browser
from tlcourse.checks.bank_file import load_bank
from tlcourse.course.lab import lab_command

ROOT = Path(__file__).resolve().parents[2]
TOPIC = "02_feature_extraction"
OUTPUTS = "jupyterapp.shell.currentWidget.content.model.toJSON().cells.flatMap(cell => cell.outputs || [])"  # those below the window too
FEEDBACK = f"{OUTPUTS}.filter(o => o.metadata?.tlcourse).map(o => [o.data['text/plain']].flat().join(''))"


def answered(right, wrong):
    """Exercise 02 with a right answer to one task and a wrong one to another; the rest is untouched."""
    notebook = json.loads((ROOT / "exercises" / f"{TOPIC}.ipynb").read_text(encoding="utf-8"))
    banks = load_bank(ROOT / "content/banks" / f"{TOPIC}.py").banks
    sources = {right: banks[right].right[0].source, wrong: banks[wrong].wrong[0].source}
    for cell in notebook["cells"]:
        task = cell["metadata"].get("nbgrader", {}).get("grade_id", "").removeprefix("task-").replace("-", ".")
        if task in sources:
            cell["source"] = sources[task].splitlines(keepends=True)
    return json.dumps(notebook)


def waited(ask, enough, seconds=240):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = ask()
        if found and enough(found):
            return found
        time.sleep(0.5)
    raise TimeoutError(f"after {seconds} s: {found!r}")


@pytest.fixture
def lab(tmp_path):
    """A copy of the course, served as `tlcourse lab` serves it, with a way for the test to press Run All."""
    course = tmp_path / "course"
    for folder in ("notebooks", "exercises"):
        shutil.copytree(ROOT / folder, course / folder)
    (course / "exercises" / f"{TOPIC}.ipynb").write_text(answered("2.1", "2.2"), encoding="utf-8")
    home = str(tmp_path / "jupyter")
    environment = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": home,
        "JUPYTER_DATA_DIR": home,
        "JUPYTER_RUNTIME_DIR": home,
        "HOME": home,
    }
    environment.pop("TLCOURSE_CHECK", None)
    options = ["--ServerApp.port=0", "--IdentityProvider.token=secret", "--LabApp.expose_app_in_browser=True"]
    log = tmp_path / "log"
    with log.open("w") as out:
        command = lab_command(course, "02", browser=False, allow_root=True)
        process = subprocess.Popen([*command, *options], stdout=out, stderr=out, env=environment, cwd=course)
    try:
        yield waited(lambda: re.search(r"http://(?:localhost|127\.0\.0\.1):\d+(?=/lab)", log.read_text()), bool, 90)[0]
    finally:
        process.terminate()
        process.wait(20)


def test_run_all_of_an_exercise_shows_what_is_right_wrong_and_untouched(lab, tmp_path):
    browser = start_browser(tmp_path / "profile")
    try:
        browser.send("Page.navigate", url=f"{lab}/lab/tree/exercises/{TOPIC}.ipynb?token=secret")
        waited(lambda: browser.ask("document.querySelectorAll('.jp-Notebook .jp-CodeCell').length"), bool, 120)
        ready = "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
        waited(lambda: browser.ask(ready), bool, 60)
        browser.ask("jupyterapp.commands.execute('notebook:run-all-cells'); true")
        shown = waited(lambda: browser.ask(FEEDBACK), lambda found: len(found) >= 3)
        assert any(re.match(r"✓\s*Task 2\.1 .*: earned, \d of \d points", line) for line in shown), shown
        assert any(re.match(r"✗\s*Task 2\.2 .*: not earned, 0 of \d points", line) for line in shown), shown
        assert any(re.match(r"○\s*Task 2\.3 .*: not filled in yet", line) for line in shown), shown
        outputs = json.loads(browser.ask(f"JSON.stringify({OUTPUTS})"))
        assert [output for output in outputs if output["output_type"] == "error" or output.get("name") == "stderr"] == []
        browser.ask("document.querySelector('.jp-OutputArea [role=status]').scrollIntoView(); true")
        assert "Task 2.1" in browser.ask("document.querySelector('.jp-OutputArea [role=status]').innerText")
    finally:
        browser.close()
