"""Scores for names in sentences and for answers in passages."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class SpanScores(NamedTuple):
    """Precision, recall and their harmonic mean (F1) over whole names, each from 0 to 1."""

    precision: float
    recall: float
    f1: float


def entity_spans(tags: Iterable[str]) -> set[tuple[int, int, str]]:
    """Return the names of one sentence as `(first word, last word, kind)`.

    An `I-` tag that follows no name of its kind begins one, as in the scoring script of the CoNLL tasks (Tjong Kim Sang and De
    Meulder 2003) and in seqeval.

    Args:
        tags: `B-kind`, `I-kind` or `O` for each word.

    Raises:
        ValueError: If a tag has another form.
    """
    spans: set[tuple[int, int, str]] = set()
    start, kind, place = 0, "", -1
    for place, tag in enumerate(tags):
        prefix, _, name = tag.partition("-")
        if tag != "O" and (prefix not in ("B", "I") or not name):
            raise ValueError(f"Expected tags like 'O', 'B-person' or 'I-person'. Received: tags[{place}]={tag!r}.")
        if kind and (prefix != "I" or name != kind):
            spans.add((start, place - 1, kind))
            kind = ""
        if tag != "O" and not kind:
            start, kind = place, name
    if kind:
        spans.add((start, place, kind))
    return spans


def entity_scores(true_tags: Sequence[Iterable[str]], said_tags: Sequence[Iterable[str]]) -> SpanScores:
    """Compare whole names: one counts only if its first word, last word and kind are all right.

    Args:
        true_tags: The tags of each sentence.
        said_tags: What a model said, as many tags.

    Returns:
        Scores over all sentences together; a score whose denominator is zero is 0.

    Raises:
        ValueError: If the numbers of sentences or of tags differ.
    """
    if len(true_tags) != len(said_tags):
        raise ValueError(
            f"`said_tags` must hold tags for {len(true_tags)} sentences. Received: len(said_tags)={len(said_tags)}."
        )
    right = said = wanted = 0
    for number, (theirs, mine) in enumerate(zip(true_tags, said_tags, strict=True)):
        theirs, mine = list(theirs), list(mine)
        if len(theirs) != len(mine):
            raise ValueError(f"Sentence {number} has {len(theirs)} words. Received: len(said_tags[{number}])={len(mine)}.")
        true_spans, said_spans = entity_spans(theirs), entity_spans(mine)
        right, said, wanted = right + len(true_spans & said_spans), said + len(said_spans), wanted + len(true_spans)
    precision, recall = right / said if said else 0.0, right / wanted if wanted else 0.0
    return SpanScores(precision, recall, 2 * right / (said + wanted) if right else 0.0)


def answer_words(text: str) -> list[str]:
    """Return the words of an answer in SQuAD's normal form: lower case, without punctuation and articles."""
    text = "".join(letter for letter in text.lower() if letter not in string.punctuation)
    return re.sub(r"\b(a|an|the)\b", " ", text).split()


def exact_match(true_answer: str, said_answer: str) -> bool:
    """Tell whether two answers are the same in SQuAD's normal form (Rajpurkar et al. 2016).

    Args:
        true_answer: The right answer.
        said_answer: What a model answered.
    """
    return answer_words(true_answer) == answer_words(said_answer)


def word_f1(true_answer: str, said_answer: str) -> float:
    """Return the harmonic mean of precision and recall of an answer's words, from 0 to 1 (Rajpurkar et al. 2016).

    Two answers without any words are equal and score 1; one of them against words scores 0.

    Args:
        true_answer: The right answer.
        said_answer: What a model answered.
    """
    theirs, mine = answer_words(true_answer), answer_words(said_answer)
    if not theirs or not mine:
        return float(theirs == mine)
    common = sum((Counter(theirs) & Counter(mine)).values())
    return 2 * common / (len(theirs) + len(mine))
