"""`unknown-words`: words with capitals become unknown, because the vocabulary is in lower case."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.data.structures import leaves
from tlcourse.audit.detector import Detector
from tlcourse.audit.model.token_prints import holds_ids
from tlcourse.audit.report import Finding

_SHARE = 0.05  # share of the words that are unknown only because of their capitals
_UNKNOWN = 1  # id that TextVectorization gives to words outside its vocabulary
_WHY = "To the model, all unknown words are the same word. Names and the first words of sentences are lost first."


@dataclass(frozen=True)
class _Reader:
    """A layer or tokenizer that turns texts into ids: its name, a function from texts to (ids, id of unknown words), and the fix."""

    name: str
    read: Callable[[list[str]], tuple[np.ndarray, int]]
    fix: str


def _check(context: Context) -> Iterator[Finding]:
    readers = [*_readers(context.model)]
    if not readers:
        return
    texts = _texts(context)
    if not texts:
        yield from _check_ids(context)
        return
    for reader in readers:
        as_given, lowered = (_unknown(reader, part) for part in (texts, [text.lower() for text in texts]))
        if as_given - lowered < _SHARE or lowered > as_given / 2:
            continue
        yield Finding(
            "unknown-words",
            "serious" if as_given >= 4 * _SHARE else "warning",
            f"{reader.name!r} does not know {as_given:.0%} of the words, but in lower case only {lowered:.0%} are unknown",
            {
                "sentence": f"In {len(texts)} texts {as_given:.1%} of the tokens are unknown; in lower case {lowered:.1%}.",
                "unknown": as_given,
                "unknown_in_lower_case": lowered,
                "texts": len(texts),
            },
            _WHY,
            reader.fix,
        )
        return


def _check_ids(context: Context) -> Iterator[Finding]:
    """Look at the tokens that a KerasHub task has already made of the texts."""
    tokenizer = _tokenizer(context.model)
    ids = next((leaf for name, leaf in leaves(context.sample("train").inputs) if holds_ids(name)), None)
    if tokenizer is None or ids is None:
        raise CannotCheckError("The train data holds no texts as strings.")
    unknown = int(tokenizer.token_to_id(tokenizer.oov_token))
    share = float((ids[ids != 0] == unknown).mean()) if (ids != 0).any() else 0.0
    words = [word for word in tokenizer.get_vocabulary() if not word.startswith("[")]
    if share < _SHARE or getattr(tokenizer, "lowercase", True) or any(word != word.lower() for word in words):
        return
    yield Finding(
        "unknown-words",
        "serious" if share >= 4 * _SHARE else "warning",
        f"{tokenizer.name!r} keeps capitals, but its vocabulary has none, and {share:.0%} of the tokens are unknown",
        {
            "sentence": f"In a sample, {share:.1%} of the tokens are {tokenizer.oov_token}; none of {len(words):,} entries has a capital.",
            "unknown": share,
            "vocabulary": len(words),
        },
        _WHY,
        f"{type(tokenizer).__name__}.from_preset(..., lowercase=True)",
    )


def _tokenizer(model: Any) -> Any:
    """Return the tokenizer of a KerasHub task that has a token for unknown words; None if there is none."""
    tokenizer = getattr(getattr(model, "preprocessor", None), "tokenizer", None)
    return tokenizer if getattr(tokenizer, "oov_token", None) is not None else None


def _readers(model: Any) -> Iterator[_Reader]:
    """List what turns texts into ids: TextVectorization layers, and the tokenizer of a KerasHub task."""
    for layer in model._flatten_layers(include_self=False):
        if type(layer).__name__ == "TextVectorization" and layer._output_mode == "int":
            fix = 'keras.layers.TextVectorization(standardize="lower_and_strip_punctuation", ...)'
            yield _Reader(layer.name, lambda texts, layer=layer: (_rows(layer(np.array(texts))), _UNKNOWN), fix)  # type: ignore[misc]
    if (tokenizer := _tokenizer(model)) is not None:
        place = int(tokenizer.token_to_id(tokenizer.oov_token))
        fix = f"{type(tokenizer).__name__}.from_preset(..., lowercase=True)"
        yield _Reader(tokenizer.name, lambda texts: (_rows(tokenizer.tokenize(texts)), place), fix)


def _unknown(reader: _Reader, texts: list[str]) -> float:
    """Return the share of unknown words among the tokens, without padding."""
    ids, unknown = reader.read(texts)
    real = ids[ids != 0]
    return float((real == unknown).mean()) if real.size else 0.0


def _rows(ids: Any) -> np.ndarray:
    """Join rows of ids, ragged or not, to `(tokens,)`."""
    if hasattr(ids, "flat_values"):
        return np.asarray(ids.flat_values)
    if isinstance(ids, list):
        return np.concatenate([np.asarray(row).reshape(-1) for row in ids])
    return np.asarray(ids).reshape(-1)


def _texts(context: Context) -> list[str]:
    for _, leaf in leaves(context.sample("train").inputs):
        if isinstance(leaf, np.ndarray) and leaf.dtype.kind in "OSU":
            return [text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text) for text in leaf.reshape(-1)]
    return []


DETECTOR = Detector(("unknown-words",), _check)
