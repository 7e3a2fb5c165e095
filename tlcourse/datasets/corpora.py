"""Texts without labels for training a language model, and labelled ones in the same language."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from tlcourse.config import profile
from tlcourse.datasets.text_loaders import Split, load_reviews
from tlcourse.datasets.texts import TextDataset
from tlcourse.worlds import OPINION_PROMPT, OPINION_VERDICTS, draw_opinions

_VALIDATION = 600  # texts that are kept apart
_TOPIC = "films"  # of which the made language gives no verdict, and of which the labelled texts are
_WORD = re.compile(r"\w+(?:'\w+)?|[.,!?;:]")
_SHORTEST, _LONGEST = 4, 28  # words of a sentence


@dataclass(frozen=True, eq=False)
class Corpus:
    """Texts to train a language model with; words in lower case and punctuation marks, with blanks between them.

    Args:
        name: what figures and messages call it.
        texts: to train with.
        validation: to measure with; none of them is among `texts`.
        prompt: words after which a verdict can follow in this language.
        verdicts: such a verdict on something bad, and on something good; one word each.
        licence: of the texts.
        origin: where they come from.
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

    Embedded: remarks in a made language of some 160 words; a third of those on food and rooms end with a verdict, those on films never
    do. Full: SST-2's training sentences and those of IMDB's training reviews.

    Args:
        count: texts to train with, 1 or more; there are fewer where the source has no more.
        seed: which texts are drawn.

    Raises:
        ValueError: an argument is out of range.
        FetchError: the real texts are neither there nor to be had.
    """
    if count < 1:
        raise ValueError(f"`count` must be 1 or more. Received: count={count}.")
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

    Embedded: remarks on films; which words of praise and complaint occur in training texts and which in test texts has no overlap.
    Full: SST-2.

    Args:
        split: "train" or "test".
        per_class: texts of each class; None for all (embedded: 400).
        seed: which texts are drawn.

    Raises:
        ValueError: an argument is out of range.
        FetchError: the real texts are neither there nor to be had.
    """
    if profile() == "full":
        return load_reviews("films", split, per_class, seed)
    if split not in ("train", "test"):
        raise ValueError(f"`split` must be 'train' or 'test'. Received: split={split!r}.")
    wanted = 400 if per_class is None else per_class
    if wanted < 1:
        raise ValueError(f"`per_class` must be 1 or more. Received: per_class={per_class}.")
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
