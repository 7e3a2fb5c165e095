"""Readers of the text files that ship with the course and of those that others publish."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np

from tlcourse.files import lines_of

WRITTEN = Path(__file__).parent / "written"
KINDS = {"p": "person", "l": "place", "o": "organisation", "w": "work"}
_MARK = re.compile(r"\[([plow]) ([^\]]+)\]")
_WORD = re.compile(r"\w+(?:['’-]\w+)*|[^\w\s]")


def split_words(text: str) -> list[str]:
    """Cut a text into words and single punctuation marks, as tagged data have them."""
    return _WORD.findall(text)


def read_written_reviews(domain: str) -> tuple[list[str], list[int], list[str]]:
    """Return texts, labels (1: positive) and tones of "films" or "things"."""
    rows = [line.split("\t") for line in lines_of(WRITTEN / "reviews.tsv")]
    chosen = [(text, int(label == "positive"), tone) for place, label, tone, text in rows if place == domain]
    return [text for text, _, _ in chosen], [label for _, label, _ in chosen], [tone for _, _, tone in chosen]


def read_written_entities(split: str) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """Return words and tags of the sentences written for the course; names stand as `[p Ana Lind]` in the file."""
    all_words, all_tags = [], []
    for line in lines_of(WRITTEN / f"entities_{split}.txt"):
        words: list[str] = []
        tags: list[str] = []
        end = 0
        for mark in _MARK.finditer(line):
            plain, inside = split_words(line[end : mark.start()]), split_words(mark[2])
            kind = KINDS[mark[1]]
            words += [*plain, *inside]
            tags += ["O"] * len(plain) + [f"B-{kind}"] + [f"I-{kind}"] * (len(inside) - 1)
            end = mark.end()
        rest = split_words(line[end:])
        all_words.append((*words, *rest))
        all_tags.append((*tags, *["O"] * len(rest)))
    return all_words, all_tags


def read_written_questions() -> list[tuple[str, list[tuple[str, int, int]]]]:
    """Return `(passage, [(question, start, end), ...])` for each passage written for the course."""
    found: list[tuple[str, list[tuple[str, int, int]]]] = []
    for line in lines_of(WRITTEN / "questions.txt"):
        if line.startswith("P: "):
            found.append((line[3:], []))
            continue
        question, answer = line[3:].rsplit(" | ", 1)
        passage, asked = found[-1]
        start = passage.index(answer)
        asked.append((question, start, start + len(answer)))
    return found


def read_sst2(folder: Path, split: str) -> tuple[list[str], list[int]]:
    """Return sentences and labels (1: positive) of the Stanford Sentiment Treebank, two classes.

    Reads both published forms: plain `sentence<TAB>label`, and GLUE's with a line of headings. GLUE's `test.tsv` has no labels, so
    `dev.tsv` takes its place.

    Raises:
        FileNotFoundError: If the folder has no such file.
        ValueError: If a line is not of either form.
    """
    path = _find(folder, f"{split}.tsv")
    rows = _tsv(path)
    if rows and rows[0][0] == "index":
        path = _find(folder, "dev.tsv")
        rows = _tsv(path)
    if rows and rows[0] == ["sentence", "label"]:
        rows = rows[1:]
    wrong = next((number for number, row in enumerate(rows, 1) if len(row) != 2 or row[1].strip() not in ("0", "1")), None)
    if wrong is not None:
        raise ValueError(f"{path}, row {wrong}: expected `sentence<TAB>0 or 1`. Received: row={rows[wrong - 1]!r}.")
    return [row[0].strip() for row in rows], [int(row[1]) for row in rows]


def read_imdb(folder: Path, split: str) -> tuple[list[str], list[int]]:
    """Return reviews and labels (1: positive) below `train` or `test`, folders `neg` and `pos` of text files.

    Raises:
        FileNotFoundError: If there are no reviews of one kind.
    """
    root = folder / "aclImdb" if (folder / "aclImdb").is_dir() else folder
    texts: list[str] = []
    labels: list[int] = []
    for label, kind in enumerate(("neg", "pos")):
        files = sorted((root / split / kind).glob("*.txt"))
        if not files:
            raise FileNotFoundError(f"There are no reviews in {root / split / kind}. Remove {folder}, and it is fetched again.")
        texts += [re.sub(r"<br\s*/?>", " ", file.read_text(encoding="utf-8")).strip() for file in files]
        labels += [label] * len(files)
    return texts, labels


def read_conll(path: Path) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """Return words and tags of a file with one `word<TAB>tag` a line and an empty line between sentences.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If a line has no tag.
    """
    all_words: list[tuple[str, ...]] = []
    all_tags: list[tuple[str, ...]] = []
    sentence: list[list[str]] = []
    for number, line in enumerate([*lines_of(path), ""], 1):
        if line.strip():
            parts = line.split("\t")
            if len(parts) < 2 or not parts[1].strip():
                raise ValueError(f"{path}, line {number}: expected `word<TAB>tag`. Received: line={line!r}.")
            sentence.append([parts[0], parts[1].strip()])
        elif sentence:
            all_words.append(tuple(word for word, _ in sentence))
            all_tags.append(_repaired(tuple(tag for _, tag in sentence)))
            sentence = []
    return all_words, all_tags


def read_squad(path: Path) -> list[tuple[str, str, int, int, int]]:
    """Return `(question, passage, start, end, article)` of a file in SQuAD's format; the first answer of each question.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If an answer is not where the file says.
    """
    found = []
    for number, article in enumerate(json.loads(path.read_text(encoding="utf-8"))["data"]):
        for paragraph in article["paragraphs"]:
            for asked in paragraph["qas"]:
                answer, passage = asked["answers"][0], paragraph["context"]
                start, end = answer["answer_start"], answer["answer_start"] + len(answer["text"])
                if passage[start:end] != answer["text"]:
                    raise ValueError(f"{path}, question {asked['id']!r}: {answer['text']!r} is not at {start} of its passage.")
                found.append((asked["question"], passage, start, end, number))
    return found


def _repaired(tags: tuple[str, ...]) -> tuple[str, ...]:
    """An `I-` that follows no name of its kind begins one: published files have a few such tags."""
    fixed: list[str] = []
    for tag in tags:
        lonely = tag.startswith("I-") and (not fixed or fixed[-1][1:] != tag[1:])
        fixed.append(f"B{tag[1:]}" if lonely else tag)
    return tuple(fixed)


def _find(folder: Path, name: str) -> Path:
    found = sorted(folder.rglob(name), key=lambda path: len(path.parts))
    if not found:
        raise FileNotFoundError(f"There is no {name} in {folder}. Remove the folder, and it is fetched again.")
    return found[0]


def _tsv(path: Path) -> list[list[str]]:
    return [line.split("\t") for line in lines_of(path) if line]


def take_turns(labels: list[int], seed: int) -> np.ndarray:
    """Return a random order of all positions in which the classes take turns as long as each has some left."""
    rng = np.random.default_rng(seed)
    values = np.asarray(labels)
    ranks = np.empty(len(values))
    for label in np.unique(values):
        places = rng.permutation(np.flatnonzero(values == label))
        ranks[places] = np.arange(len(places))
    return np.lexsort((values, ranks))
