"""What `check` and `hint` show: HTML for notebooks that a screen reader can use, plain text for terminals, a record in the file."""

from __future__ import annotations

import html.parser
import re
import subprocess
import sys

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbclient import NotebookClient

from tlcourse.checks import EARNED, NOT_EARNED, UNJUDGED, Feedback, Hint

EVIL = (
    "<script>document.title='owned'</script>\"'><img src=x onerror=alert(2)>\x1b[31m\u202e& <a href='javascript:alert(1)'>x</a>"
)
OUTCOMES = (EARNED, NOT_EARNED, UNJUDGED)


def feedback(outcome=NOT_EARNED, text="why", **more):
    return Feedback("2.1", text, outcome, 0, 2, text, text, text, "name", text, 'hint("2.1")', **more)


class Page(html.parser.HTMLParser):
    """Tags, attributes, what is hidden from a screen reader, and what it reads."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.read, self.open = [], [], "", []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        self.open.append(dict(attrs).get("aria-hidden") == "true")

    def handle_endtag(self, tag):
        self.open.pop()

    def handle_data(self, data):
        self.read += "" if any(self.open) else data


@pytest.mark.parametrize("shown", [feedback(text=EVIL), Hint("2.1", 1, EVIL)])
def test_text_of_a_learner_stays_text(shown):
    page = Page(shown._repr_html_())
    assert set(page.tags) <= {"div", "h4", "p", "b", "span"}
    assert not [name for name, _ in page.attributes if name not in {"style", "role", "aria-atomic", "aria-hidden"}]
    assert EVIL[:30] in page.read


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80))
def test_no_text_makes_a_tag_or_an_attribute(text):
    plain, page = Page(feedback(text="x")._repr_html_()), Page(feedback(text=text or "x")._repr_html_())
    assert [tag for tag in page.tags if tag != "code"] == plain.tags  # an explanation may set code as code
    assert page.attributes == plain.attributes


def test_code_is_set_as_code_in_our_words_and_not_in_those_of_a_learner():
    assert "<code>np.exp(a &lt; b)</code>" in Hint("2.1", 3, "Use `np.exp(a < b)`.")._repr_html_()
    shown = Feedback("2.1", "t", NOT_EARNED, 0, 2, "found `a`", "", "got `b`", "some-name", "Call `fit`.")
    assert re.findall("<code>.*?</code>", shown._repr_html_()) == ["<code>fit</code>"]


def test_a_learner_reads_the_explanation_and_not_its_id():
    shown = Feedback("2.1", "t", NOT_EARNED, 0, 2, "found", misconception="some-name", explanation="Call fit.")
    assert "Call fit." in str(shown)
    assert "some-name" not in str(shown) + shown._repr_html_()


@pytest.mark.parametrize("shown", [feedback(), Hint("2.1", 2, "look again")])
def test_html_holds_no_script_and_loads_nothing(shown):
    page = shown._repr_html_()
    assert not re.search(r"<script|<link|<img|<iframe|src=|href=|url\(|https?:", page)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_a_screen_reader_announces_heading_outcome_and_every_line(outcome):
    shown = feedback(outcome)
    page = Page(shown._repr_html_())
    assert ("role", "status") in page.attributes
    assert ("aria-atomic", "true") in page.attributes
    assert page.tags[1] == "h4"
    assert page.read.startswith(f"Task 2.1 (why): {outcome}, 0 of 2 points")
    for label, text in shown.lines():
        assert f"{label}: {text}" in page.read


def test_outcomes_differ_without_colour_in_sign_word_and_bar():
    pages = [feedback(outcome)._repr_html_() for outcome in OUTCOMES]
    grey = [re.sub(r"#[0-9A-F]{6}", "#777777", page) for page in pages]
    assert len({re.search(r"border-left:0.5em (\w+) #", page)[1] for page in grey}) == 3
    assert len({re.search(r'aria-hidden="true">(.)', page)[1] for page in grey}) == 3
    assert len({Page(page).read for page in grey}) == 3


def test_text_keeps_the_colours_of_the_theme():
    for shown in (feedback(), Hint("2.1", 2, "look again")):
        assert not re.search(r"(?<![-\w])color:|background", shown._repr_html_())


def test_hints_that_were_shown_are_said_and_recorded():
    shown = feedback(attempts=3, hints_seen=2)
    assert "2 of 3 were shown" in str(shown)
    data, metadata = shown._repr_mimebundle_()
    assert data == {"text/plain": str(shown), "text/html": shown._repr_html_()}
    assert metadata == {"tlcourse": {"task": "2.1", "outcome": NOT_EARNED, "attempts": 3, "hints": 2}}


ANSWER = """
def training_epochs(read, count, augment, epochs):
    cache = [read(i) for i in range(count)]
    for epoch in range(epochs):
        yield [augment(image) for image, _ in cache], [label for _, label in cache]
"""
OFFLINE = """
import socket
def blocked(*args):
    raise OSError("no network")
socket.socket.connect = socket.getaddrinfo = blocked
from tlcourse import check, hint
"""


def test_a_notebook_without_network_keeps_html_text_and_record(tmp_path):
    cells = [OFFLINE, 'hint("2.2")', 'hint("2.2")', 'check("2.2", lambda *a: [])', ANSWER, 'check("2.2", training_epochs)']
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute(cwd=tmp_path)
    path = tmp_path / "notebook.ipynb"
    nbformat.write(notebook, path)
    nbformat.validate(saved := nbformat.read(path, as_version=4))
    outputs = [output for cell in saved.cells for output in cell.outputs if output.output_type == "display_data"]
    records = [output.metadata["tlcourse"] for output in outputs]
    assert records[:2] == [{"task": "2.2", "hints": 1}, {"task": "2.2", "hints": 2}]
    assert records[2] == {"task": "2.2", "outcome": NOT_EARNED, "attempts": 1, "hints": 2}
    assert records[3] == {"task": "2.2", "outcome": EARNED, "attempts": 2, "hints": 2}
    for output in outputs:
        assert set(output.data) == {"text/plain", "text/html"}
        assert "<" not in output.data["text/plain"]


def test_a_terminal_gets_plain_text_without_notebook_libraries():
    code = "import sys\nfrom tlcourse import check, hint\n" + ANSWER
    code += 'print(repr(hint("2.2")))\nprint(check("2.2", training_epochs))\nsys.exit("IPython" in sys.modules)'
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert "Hint 1 of 3 for task 2.2" in done.stdout
    assert "✓ Task 2.2" in done.stdout
    assert not re.search(r"[<>\x1b]", done.stdout)


CELLS = {
    "in the middle of a cell": ("check('2.2', answer)\nx = 1", 1),
    "as the last line": ("check('2.2', answer)", 1),
    "under a name": ("found = check('2.2', answer)", 1),
    "again, under its name": ("found = check('2.2', answer)\nfound", 1),
    "in a loop": ("for _ in range(2):\n    check('2.2', answer)", 2),
    "a hint in the middle": ("hint('2.2')\nx = 1", 1),
}


@pytest.fixture
def shell():
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    shell.run_cell("from tlcourse import check, hint\nanswer = lambda *a: None", store_history=True)
    yield shell
    InteractiveShell.clear_instance()


@pytest.mark.parametrize(("cell", "times"), CELLS.values(), ids=CELLS)
def test_feedback_is_shown_once_wherever_in_a_cell_it_is_made(shell, cell, times):
    from IPython.utils.capture import capture_output

    with capture_output() as shown:
        shell.run_cell(cell, store_history=True).raise_error()
    assert len(shown.outputs) == times
    assert all("text/html" in output.data for output in shown.outputs)


def test_feedback_is_shown_again_in_a_later_cell_that_names_it(shell):
    from IPython.utils.capture import capture_output

    shell.run_cell("found = check('2.2', answer)", store_history=True).raise_error()
    with capture_output() as shown:
        shell.run_cell("found", store_history=True).raise_error()
    assert len(shown.outputs) == 1
    assert shown.outputs[0].metadata["tlcourse"]["task"] == "2.2"
