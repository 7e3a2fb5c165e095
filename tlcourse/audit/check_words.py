"""Finding on texts: words that the vocabulary has, but not with these capitals, and become unknown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.detector import Detector
from tlcourse.audit.report import Finding
from tlcourse.audit.structures import leaves

_SHARE = 0.05  # of words that capitals make unknown
_UNKNOWN = 1  # TextVectorization's id for words outside of its vocabulary


@dataclass(frozen=True)
class _Reader:
    """What turns texts into ids: its name, and a function from texts to (ids in a row, id of unknown words)."""

    name: str
    read: Callable[[list[str]], tuple[np.ndarray, int]]
    fix: str


def _check(context: Context) -> Iterator[Finding]:
    readers = [*_readers(context.model)]
    if not readers:
        return
    texts = _texts(context)
    if not texts:
        raise CannotCheckError("The sample of the train data holds no texts as strings.")
    for reader in readers:
        as_given, lowered = (_unknown(reader, part) for part in (texts, [text.lower() for text in texts]))
        if as_given - lowered < _SHARE or lowered > as_given / 2:
            continue
        yield Finding(
            "unknown-words",
            "serious" if as_given >= 4 * _SHARE else "warning",
            f"{reader.name!r} does not know {as_given:.0%} of the words, and in lower case {lowered:.0%}",
            {
                "sentence": f"In {len(texts)} texts {as_given:.1%} of the tokens are unknown; of the same texts in lower case {lowered:.1%}.",
                "unknown": as_given,
                "unknown_in_lower_case": lowered,
                "texts": len(texts),
            },
            "The vocabulary is in lower case. Every word with a capital, names and first words above all, is one and the same word to "
            "the model.",
            reader.fix,
        )
        return


def _readers(model: Any) -> Iterator[_Reader]:
    """List what turns texts into ids: TextVectorization layers, and the tokenizer of a KerasHub task."""
    for layer in model._flatten_layers(include_self=False):
        if type(layer).__name__ == "TextVectorization" and layer._output_mode == "int":
            fix = 'keras.layers.TextVectorization(standardize="lower_and_strip_punctuation", ...)'
            yield _Reader(layer.name, lambda texts, layer=layer: (_rows(layer(np.array(texts))), _UNKNOWN), fix)  # type: ignore[misc]
    tokenizer = getattr(getattr(model, "preprocessor", None), "tokenizer", None)
    unknown = getattr(tokenizer, "unk_token", None) or getattr(tokenizer, "oov_token", None)
    if tokenizer is not None and unknown is not None:
        place = int(tokenizer.token_to_id(unknown))
        fix = f"{type(tokenizer).__name__}.from_preset(..., lowercase=True)"
        yield _Reader(tokenizer.name, lambda texts: (_rows(tokenizer.tokenize(texts)), place), fix)


def _unknown(reader: _Reader, texts: list[str]) -> float:
    """Return the share of unknown words among the tokens, padding left out."""
    ids, unknown = reader.read(texts)
    real = ids[ids != 0]
    return float((real == unknown).mean()) if real.size else 0.0


def _rows(ids: Any) -> np.ndarray:
    """Join rows of ids, ragged or not: -> `(tokens,)`."""
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
