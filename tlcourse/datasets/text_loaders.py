"""The texts of the course by name, each in the version of the profile."""

from __future__ import annotations

from typing import Literal

import numpy as np

from tlcourse.arguments import require_one_of
from tlcourse.config import profile
from tlcourse.datasets.reading import (
    KINDS,
    read_conll,
    read_imdb,
    read_squad,
    read_sst2,
    read_written_entities,
    read_written_questions,
    read_written_reviews,
    take_turns,
)
from tlcourse.datasets.texts import Questions, TaggedSentences, TextDataset

Split = Literal["train", "test"]
_WRITTEN = "written for tlcourse"
_TEST_EVERY = 3  # of the written reviews, each third pair of one class is for testing
_TEST_PASSAGES = 20  # of the written passages, the last ones are for testing
_TRAIN_ARTICLES = 36  # of XQuAD's 48


def load_reviews(
    domain: Literal["films", "elsewhere"] = "films", split: Split = "train", per_class: int | None = None, seed: int = 0
) -> TextDataset:
    """Load short reviews, negative (0) or positive (1); the classes take turns.

    | domain | embedded | full |
    |---|---|---|
    | "films" | 634 remarks on films, written for the course | SST-2: single sentences of film critics |
    | "elsewhere" | 634 remarks on things of the house, written for the course | IMDB: whole reviews by people who saw the film |

    Of the written ones, 334 in each domain are dry (irony, or facts only) and 300 are plain. `tones` says which.

    Args:
        domain: Kind of review; "elsewhere" is the other domain, to measure what a change of domain costs.
        split: "train" or "test"; no text is in both.
        per_class: Reviews of each class; None for all.
        seed: Which reviews are drawn, and their order.

    Raises:
        ValueError: If an argument is out of range.
        FetchError: If the real texts are not there and cannot be downloaded.

    Example:
        >>> reviews = tlcourse.load_reviews(per_class=3)
        >>> len(reviews.texts), reviews.class_names
        (6, ('negative', 'positive'))
    """
    require_one_of("domain", domain, ("films", "elsewhere"))
    require_one_of("split", split, ("train", "test"))
    where = profile()
    if where == "embedded":
        texts, labels, tones = read_written_reviews("films" if domain == "films" else "things")
        name = "remarks on films" if domain == "films" else "remarks on things of the house"
        counts = [0, 0]
        chosen = []
        for place, label in enumerate(labels):
            chosen += [place] if (counts[label] % _TEST_EVERY == _TEST_EVERY - 1) == (split == "test") else []
            counts[label] += 1
        texts, labels, tones = [texts[i] for i in chosen], [labels[i] for i in chosen], [tones[i] for i in chosen]
        licence, origin = "CC0", _WRITTEN
    else:
        from tlcourse.fetch import fetch

        tones = []
        if domain == "films":
            texts, labels = read_sst2(fetch("SST2"), split)
            name, licence, origin = "sentences of critics", "research", "SST-2 (Socher et al. 2013)"
        else:
            texts, labels = read_imdb(fetch("aclImdb"), split)
            name, licence, origin = "reviews of viewers", "IMDB's terms; research", "IMDB reviews (Maas et al. 2011)"
    order = take_turns(labels, seed)
    if per_class is not None:
        smallest = min(np.bincount(labels, minlength=2))
        if not 1 <= per_class <= smallest:
            raise ValueError(f"`per_class` must lie between 1 and {smallest}. Received: per_class={per_class!r}.")
        order = order[: 2 * per_class]
    picked = tuple(texts[i] for i in order)
    kinds = tuple(tones[i] for i in order) if tones else ()
    return TextDataset(name, picked, np.asarray(labels)[order], ("negative", "positive"), licence, origin, where, kinds)


def load_entities(split: Split = "train") -> TaggedSentences:
    """Load sentences with tagged names; no name of the test sentences occurs in the training sentences (embedded).

    Embedded: 311 sentences written for the course; persons, places, organisations and works. Full: WNUT-17, posts from the web with six
    kinds, chosen by its makers to have few names that repeat.

    Args:
        split: "train" or "test".

    Raises:
        ValueError: If `split` is neither "train" nor "test".
        FetchError: If the real texts are not there and cannot be downloaded.

    Example:
        >>> sentences = tlcourse.load_entities()
        >>> sentences.words[0][:4], sentences.tags[0][:4]
        (('Marta', 'Lindqvist', 'took', 'the'), ('B-person', 'I-person', 'O', 'O'))
    """
    require_one_of("split", split, ("train", "test"))
    if profile() == "embedded":
        words, tags = read_written_entities(split)
        return TaggedSentences(
            "sentences with names", tuple(words), tuple(tags), tuple(KINDS.values()), "CC0", _WRITTEN, "embedded"
        )
    from tlcourse.fetch import fetch

    file = "wnut17train.conll" if split == "train" else "emerging.test.annotated"
    words, tags = read_conll(fetch("wnut17") / file)
    kinds = tuple(sorted({tag[2:] for row in tags for tag in row if tag != "O"}))
    return TaggedSentences(
        "posts with names", tuple(words), tuple(tags), kinds, "CC BY 4.0", "WNUT-17 (Derczynski et al. 2017)", "full"
    )


def load_questions(split: Split = "train") -> Questions:
    """Load questions whose answer is a piece of a passage; no passage is in both splits.

    Embedded: 200 questions about 69 short passages written for the course. Full: the English part of XQuAD, split by article.

    Args:
        split: "train" or "test".

    Raises:
        ValueError: If `split` is neither "train" nor "test".
        FetchError: If the real texts are not there and cannot be downloaded.

    Example:
        >>> asked = tlcourse.load_questions()
        >>> asked.questions[0], asked.passages[0][asked.starts[0] : asked.ends[0]]
        ('How many cars does the ferry carry?', 'twelve')
    """
    require_one_of("split", split, ("train", "test"))
    where = profile()
    if where == "embedded":
        passages = read_written_questions()
        part = passages[:-_TEST_PASSAGES] if split == "train" else passages[-_TEST_PASSAGES:]
        rows = [(question, passage, start, end) for passage, asked in part for question, start, end in asked]
        name, licence, origin = "questions on short passages", "CC0", _WRITTEN
    else:
        from tlcourse.fetch import fetch

        found = read_squad(fetch("xquad") / "xquad.en.json")
        rows = [row[:4] for row in found if (row[4] < _TRAIN_ARTICLES) == (split == "train")]
        name, licence, origin = "questions on encyclopedia passages", "CC BY-SA 4.0", "XQuAD (Artetxe et al. 2020)"
    questions, texts, starts, ends = zip(*rows, strict=True)
    return Questions(name, questions, texts, np.array(starts), np.array(ends), licence, origin, where)
