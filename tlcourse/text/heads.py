"""Heads on a text encoder, for whole texts, for words and for spans, and what goes from tokens back to words."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from keras import layers

from tlcourse.arguments import require_whole
from tlcourse.text.encoder import TextEncoder
from tlcourse.text.layers import MeanOverTokens, NeverWhereMasked
from tlcourse.text.tokens import SPECIAL, Tokens

IGNORED = -1
"""Label of tokens that no loss counts: `SparseCategoricalCrossentropy(from_logits=True, ignore_class=IGNORED)`."""


def build_classifier(encoder: TextEncoder, num_classes: int, *, dropout: float = 0.1) -> keras.Model:
    """Put a head for whole texts on the mean of the token states: `Tokens.inputs` -> logits `(batch, num_classes)`.

    The encoder's layers are shared with the new model, not copied: fine-tuning it changes the encoder.

    Args:
        encoder: The encoder.
        num_classes: Classes of the texts.
        dropout: Share of the mean's values that training drops, 0 to 1.
    """
    inputs, states = _states(encoder)
    pooled = MeanOverTokens(name="mean")(states, inputs["padding_mask"])
    logits = layers.Dense(num_classes, name="head", dtype="float32")(layers.Dropout(dropout, name="head_dropout")(pooled))
    return keras.Model(inputs, logits, name=f"{encoder.name}_classifier")


def build_tagger(encoder: TextEncoder, num_tags: int, *, dropout: float = 0.1) -> keras.Model:
    """Put a head for words on each token: `Tokens.inputs` -> logits `(batch, length, num_tags)`; labels come from `align_tags`.

    Args:
        encoder: The encoder, whose layers are shared.
        num_tags: Tags of the words.
        dropout: Share of each state's values that training drops, 0 to 1.
    """
    inputs, states = _states(encoder)
    logits = layers.Dense(num_tags, name="head", dtype="float32")(layers.Dropout(dropout, name="head_dropout")(states))
    return keras.Model(inputs, logits, name=f"{encoder.name}_tagger")


def build_span_finder(encoder: TextEncoder, *, dropout: float = 0.1) -> keras.Model:
    """Put two heads for the first and the last token of an answer: `Tokens.inputs` -> logits `start` and `end`, `(batch, length)`.

    Args:
        encoder: The encoder, whose layers are shared.
        dropout: Share of each state's values that training drops, 0 to 1.
    """
    inputs, states = _states(encoder)
    states = layers.Dropout(dropout, name="head_dropout")(states)
    outputs = {}
    for side in ("start", "end"):
        logits = layers.Dense(1, name=f"{side}_head", dtype="float32")(states)[..., 0]  # (batch, length, 1) -> (batch, length)
        outputs[side] = NeverWhereMasked(name=side, dtype="float32")(logits, inputs["padding_mask"])
    return keras.Model(inputs, outputs, name=f"{encoder.name}_span_finder")


def align_tags(tags: Sequence[Sequence[str]], tokens: Tokens, names: Sequence[str]) -> np.ndarray:
    """Give the first token of each word the word's tag, and `IGNORED` to all others.

    Args:
        tags: Of the words of each sentence.
        tokens: Of the same sentences, encoded as lists of words.
        names: All tags; a tag's place is its label.

    Returns:
        `(n, length)` int32.

    Raises:
        ValueError: If a tag is not among the names, or there are not tags for each word that has a token.
    """
    if len(tags) != len(tokens):
        raise ValueError(f"Expected tags for {len(tokens)} sentences. Received: len(tags)={len(tags)}.")
    place = {name: number for number, name in enumerate(names)}
    labels = np.full(tokens.ids.shape, IGNORED, "int32")
    for row, (sentence, words) in enumerate(zip(tags, tokens.words, strict=True)):
        unknown = set(sentence) - set(place)
        if unknown:
            raise ValueError(f"Sentence {row} has the tags {sorted(unknown)}, which are not among names={list(names)}.")
        if words.max(initial=SPECIAL) >= len(sentence):
            raise ValueError(f"Sentence {row} has {words.max() + 1} words or more, but {len(sentence)} tags.")
        firsts = (words != SPECIAL) & (words != np.concatenate([[SPECIAL], words[:-1]]))
        labels[row, firsts] = [place[sentence[word]] for word in words[firsts]]
    return labels


def tags_of_words(logits: np.ndarray, tokens: Tokens, names: Sequence[str], counts: Sequence[int]) -> list[list[str]]:
    """Read the tag of each word off its first token; words beyond the last token get "O".

    Args:
        logits: `(n, length, tags)`, of `build_tagger`.
        tokens: What went in.
        names: All tags, as in `align_tags`.
        counts: Number of words of each sentence.
    """
    best = logits.argmax(axis=-1)  # (n, length, tags) -> (n, length)
    found = []
    for row, count in enumerate(counts):
        sentence = ["O"] * count
        words = tokens.words[row]
        for place in reversed(range(len(words))):  # backwards, so a word's first token decides
            if words[place] != SPECIAL:
                sentence[words[place]] = names[best[row, place]]
        found.append(sentence)
    return found


def best_span(start: np.ndarray, end: np.ndarray, allowed: np.ndarray, longest: int = 20) -> tuple[int, int]:
    """Find the most likely answer: first and last token with the largest sum of logits, in order and not too long.

    Args:
        start: `(length,)` logits for the first token.
        end: `(length,)` logits for the last token.
        allowed: `(length,)` bool; where an answer may lie, such as `tokens.segments[row] == 1` without special tokens.
        longest: Most tokens of an answer, 1 or more.

    Returns:
        `(first, last)`, `first <= last < first + longest`, both allowed.

    Raises:
        ValueError: If no token is allowed, or `longest` is below 1.
    """
    require_whole("longest", longest, 1)
    if not np.any(allowed):
        raise ValueError(
            "No token is allowed, so there is no answer to find. Was the passage cut off? Received: allowed=all False."
        )
    length = len(start)
    scores = np.where(allowed, start, -np.inf)[:, None] + np.where(allowed, end, -np.inf)[None]  # (first, last)
    apart = np.arange(length)[None] - np.arange(length)[:, None]
    scores = np.where((apart >= 0) & (apart < longest), scores, -np.inf)
    first, last = divmod(int(np.argmax(scores)), length)
    return first, last


def _states(encoder: TextEncoder) -> tuple[dict[str, keras.KerasTensor], keras.KerasTensor]:
    names = ("token_ids", "segment_ids", "padding_mask")
    inputs = {name: keras.Input((None,), dtype="int32", name=name) for name in names}
    return inputs, encoder.states()(inputs)
