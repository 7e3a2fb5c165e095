"""Texts as arrays of tokens, each token with the word and the characters it came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

SPECIAL = -1
"""Word number of tokens that belong to no word: begin, end, padding."""


@dataclass(frozen=True, eq=False)
class Tokens:
    """`n` texts (or pairs of texts) as `length` tokens each.

    Args:
        ids: `(n, length)` int32, from 0 to the vocabulary's size - 1; padding is 0.
        segments: `(n, length)` int32; 1 for the second text of a pair.
        mask: `(n, length)` bool; False for padding.
        words: `(n, length)` int32; number of the word in its text, -1 for special tokens and padding.
        starts: `(n, length)` int32; first character in the text (in its word, where words were given).
        ends: `(n, length)` int32; the character after the last.
    """

    ids: np.ndarray
    segments: np.ndarray
    mask: np.ndarray
    words: np.ndarray
    starts: np.ndarray
    ends: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def inputs(self) -> dict[str, np.ndarray]:
        """What KerasHub's BERT takes."""
        return {"token_ids": self.ids, "segment_ids": self.segments, "padding_mask": self.mask.astype("int32")}

    def subset(self, indices: Sequence[int] | np.ndarray) -> Tokens:
        """Return some of the texts, in this order.

        Args:
            indices: Positions or a mask.
        """
        places = np.asarray(indices)
        return Tokens(*(getattr(self, name)[places] for name in self.__dataclass_fields__))


def tokens_of(encodings: Sequence[Any], length: int) -> Tokens:
    """Pad encodings of the tokenizers library to `length`, or cut them.

    Args:
        encodings: One a text.
        length: Tokens of each row.
    """
    shape = (len(encodings), length)
    ids, segments, starts, ends = (np.zeros(shape, "int32") for _ in range(4))
    mask, words = np.zeros(shape, bool), np.full(shape, SPECIAL, "int32")
    for row, encoding in enumerate(encodings):
        end = min(length, len(encoding.ids))
        ids[row, :end], segments[row, :end], mask[row, :end] = encoding.ids[:end], encoding.type_ids[:end], True
        words[row, :end] = [SPECIAL if word is None else word for word in encoding.word_ids[:end]]
        starts[row, :end], ends[row, :end] = np.array(encoding.offsets[:end], "int32").reshape(-1, 2).T
    return Tokens(ids, segments, mask, words, starts, ends)
