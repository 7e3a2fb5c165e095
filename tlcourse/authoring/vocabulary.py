"""The words of the course: where each term is defined, the glossary made of these sentences, and words that are not used."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tlcourse.authoring.sources import read_source

_SENTENCE_END = re.compile(r"(?<=[.!?])(?:\*\*|\))? +(?=[A-Z*`\"(])")
_NOT_PROSE = re.compile(r"^```.*?^```$|`[^`\n]+`|https?://\S+", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Vocabulary:
    """`terms`: term to the number of the lesson that defines it. `avoid`: pattern to what is written in its place."""

    terms: dict[str, str]
    avoid: dict[str, str]


def read_vocabulary(root: Path) -> Vocabulary:
    """Read `content/vocabulary.toml`."""
    content = tomllib.loads((root / "content" / "vocabulary.toml").read_text(encoding="utf-8"))
    return Vocabulary(content["terms"], content["avoid"])


def definitions(root: Path) -> dict[str, str]:
    """Return the sentence that defines each term: the first one with the term in bold, in the lesson that the vocabulary names.

    A term whose lesson does not have it in bold is left out.
    """
    found = {}
    for term, lesson in read_vocabulary(root).terms.items():
        bold = re.compile(rf"\*\*(?:an? )?{re.escape(term)}s?\*\*", re.IGNORECASE)
        sentence = next((text for text in _sentences(root, lesson) if bold.search(text)), None)
        if sentence:
            found[term] = sentence
    return found


def glossary(root: Path) -> str:
    """Return `docs/glossary.md`: each term, the sentence that defines it, and its lesson."""
    lessons = read_vocabulary(root).terms
    rows = [
        f"| {term} | {sentence.replace('|', chr(92) + '|')} | [{lessons[term]}]({_notebook(root, lessons[term])}) |"
        for term, sentence in sorted(definitions(root).items(), key=lambda item: item[0].lower())
    ]
    head = "# Glossary\n\nMade by `make notebooks` from the sentences of the lessons that define each term.\n\n"
    return head + "\n".join(["| term | what it means | lesson |", "|---|---|---|", *rows]) + "\n"


def avoided(text: str, avoid: dict[str, str]) -> Iterator[str]:
    """Yield each word in prose that the vocabulary avoids, with its line and what to write in its place; code is left out."""
    prose = _NOT_PROSE.sub(lambda match: re.sub(r"[^\n]", "_", match[0]), text)
    for pattern, instead in avoid.items():
        for match in re.finditer(pattern.replace(" ", r"\s+(?:# )?"), prose, re.IGNORECASE):
            line = prose[: match.start()].count("\n") + 1
            yield f"line {line}: {' '.join(match[0].split())!r}; write: {instead}"


def _sentences(root: Path, lesson: str) -> Iterator[str]:
    for path in sorted((root / "content" / "lessons").glob(f"{lesson}_*.py")):
        for cell in read_source(path.read_text(encoding="utf-8"), path.name):
            if cell.kind == "markdown":
                for paragraph in re.split(r"\n\s*\n|\n(?=- |\d+\. |#)", cell.text):
                    yield from _SENTENCE_END.split(" ".join(paragraph.removeprefix("- ").split()))


def _notebook(root: Path, lesson: str) -> str:
    return next(f"../notebooks/{path.stem}.ipynb" for path in sorted((root / "content" / "lessons").glob(f"{lesson}_*.py")))
