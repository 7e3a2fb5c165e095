"""Texts without labels for training a language model, and labelled ones in the same language."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from tlcourse.arguments import require_one_of, require_whole
from tlcourse.config import profile
from tlcourse.datasets.text_loaders import Split, load_reviews
from tlcourse.datasets.texts import TextDataset
from tlcourse.worlds import OPINION_PROMPT, OPINION_VERDICTS, draw_opinions

_VALIDATION = 600  # texts of the validation split
_TOPIC = "films"  # on which the made language has no verdict; the labelled texts are about it
_WORD = re.compile(r"\w+(?:'\w+)?|[.,!?;:]")
_SHORTEST, _LONGEST = 4, 28  # words of a sentence


@dataclass(frozen=True, eq=False)
class Corpus:
    """Texts to train a language model with; words in lower case and punctuation marks, with blanks between them.

    Args:
        name: What figures and messages call it.
        texts: To train with.
        validation: To measure with; none of them is among `texts`.
        prompt: Words after which a verdict can follow in this language.
        verdicts: Such a verdict on something bad, and on something good; one word each.
        licence: Of the texts.
        origin: Where they come from.
        profile: "embedded" or "full".
    """

    name: str
    texts: tuple[str, ...]
    validation: tuple[str, ...]
    prompt: str
    verdicts: tuple[str, str]
    licence: str = ""
    origin: str = ""
    profile: str = ""


def load_corpus(count: int = 12_000, seed: int = 0) -> Corpus:
    """Load texts without labels.

    Embedded: remarks in a made language of about 160 words. A third of those on food and rooms end with a verdict, those on films never
    do. Full: SST-2's training sentences and those of IMDB's training reviews.

    Args:
        count: Texts to train with, 1 or more; there are fewer where the source has no more.
        seed: Which texts are drawn.

    Raises:
        ValueError: If an argument is out of range.
        FetchError: If the real texts are not there and cannot be downloaded.

    Example:
        >>> corpus = tlcourse.load_corpus(50)
        >>> corpus.texts[0]
        'lena visited the flats on saturday . the flats were really bad .'
    """
    require_whole("count", count, 1)
    if profile() == "embedded":
        drawn = draw_opinions(count + _VALIDATION, seed, turned=0.25, verdicts=0.3, verdict_topics=("food",)).texts
        name, prompt, licence, origin = "remarks in a made language", OPINION_PROMPT, "CC0", "drawn by tlcourse"
    else:
        drawn = _sentences(np.random.default_rng(seed))[: count + _VALIDATION]
        name, prompt, licence, origin = (
            "sentences of reviews",
            "this is a",
            "research",
            "SST-2 and IMDB reviews, training parts",
        )
    validation, texts = drawn[:_VALIDATION], drawn[_VALIDATION:]
    known = set(texts)
    return Corpus(
        name, texts, tuple(t for t in validation if t not in known), prompt, OPINION_VERDICTS, licence, origin, profile()
    )


def load_opinions(split: Split = "train", per_class: int | None = None, seed: int = 0) -> TextDataset:
    """Load labelled texts in the language of `load_corpus`; the classes take turns, label 0 is bad and 1 is good.

    Embedded: remarks on films. No word of praise or complaint occurs in both the training and the test texts.
    Full: SST-2.

    Args:
        split: "train" or "test".
        per_class: Texts of each class; None for all (embedded: 400).
        seed: Which texts are drawn.

    Raises:
        ValueError: If an argument is out of range.
        FetchError: If the real texts are not there and cannot be downloaded.

    Example:
        >>> opinions = tlcourse.load_opinions("test", per_class=3)
        >>> np.bincount(opinions.labels).tolist()
        [3, 3]
    """
    if profile() == "full":
        return load_reviews("films", split, per_class, seed)
    require_one_of("split", split, ("train", "test"))
    wanted = 400 if per_class is None else per_class
    require_whole("per_class", wanted, 1)
    drawn = draw_opinions(4 * wanted + 40, 2 * seed + (split == "test"), topics=(_TOPIC,), split=split, turned=0.25)
    places = np.stack([np.flatnonzero(drawn.labels == label)[:wanted] for label in (0, 1)], axis=1).ravel()
    texts = tuple(drawn.texts[i] for i in places)
    return TextDataset("remarks on films", texts, drawn.labels[places], ("bad", "good"), "CC0", "drawn by tlcourse", "embedded")


def _sentences(rng: np.random.Generator) -> tuple[str, ...]:
    """Return the sentences of real reviews in random order, each once."""
    found = dict.fromkeys(load_reviews("films", "train").texts)
    for review in load_reviews("elsewhere", "train").texts:
        for sentence in re.split(r"(?<=[.!?])\s+", review.lower()):
            words = _WORD.findall(sentence)
            if _SHORTEST <= len(words) <= _LONGEST:
                found[" ".join(words)] = None
    texts = [text for text in found if len(text.split()) <= _LONGEST]
    return tuple(texts[i] for i in rng.permutation(len(texts)))
