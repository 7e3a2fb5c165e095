"""The words of the course: terms are defined where the vocabulary says, and words that it avoids are nowhere."""

from __future__ import annotations

import ast

import pytest

from tlcourse.authoring.vocabulary import avoided, definitions, read_vocabulary

PAGES = ("*.md", "docs/**/*.md", "benchmarks/*.md")
SOURCES = ("content/lessons/*.py", "content/exercises/*.py")


def prose_of(path):
    """Prose of a page or a source; of a module, its docstrings and messages, each at its line."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py" or "content" in path.parts:
        return text
    lines = [""] * (text.count("\n") + 2)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            lines[node.lineno - 1] += f" {' '.join(node.value.split())}"
    return "\n".join(lines)


@pytest.mark.parametrize("pattern", [*PAGES, *SOURCES, "tlcourse/**/*.py"])
def test_no_text_has_a_word_that_the_vocabulary_avoids(root, pattern):
    avoid = read_vocabulary(root).avoid
    files = [path for path in sorted(root.glob(pattern)) if "build" not in path.parts]
    assert files
    found = [f"{path.relative_to(root)}, {problem}" for path in files for problem in avoided(prose_of(path), avoid)]
    assert not found, "\n".join([f"{len(found)} places, see content/vocabulary.toml", *found])


def test_every_term_is_defined_in_bold_in_its_lesson(root):
    terms, defined = read_vocabulary(root).terms, definitions(root)
    missing = [f"{term} (lesson {lesson})" for term, lesson in terms.items() if term not in defined]
    assert not missing, f"A sentence of the lesson has the term in bold and says what it means. Missing: {', '.join(missing)}"
