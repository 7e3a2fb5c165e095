"""Run a frozen text encoder over texts once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from tlcourse.features import extract_features
from tlcourse.text.encoder import TextEncoder
from tlcourse.text.layers import MeanOverTokens


def extract_text_features(
    encoder: TextEncoder,
    texts: Sequence[str],
    *,
    length: int = 64,
    batch_size: int = 64,
    cache: bool = True,
    directory: Path | str | None = None,
) -> np.ndarray:
    """Compute the mean token state of each text once; the next call with the same encoder and texts reads it from disk.

    The encoder runs in inference mode. Special tokens count, padding does not.

    Args:
        encoder: Of `load_text_encoder`.
        texts: `n` strings.
        length: Tokens that are looked at; longer texts are cut.
        batch_size: Texts that run at once.
        cache: Read and write the cache of `extract_features`.
        directory: Of the cache; None for its usual place.

    Returns:
        `(n, features)` float32, read-only.

    Raises:
        TypeError: If `texts` is one string.
        ValueError: If `length` is out of range.
    """
    tokens = encoder.encode(texts, length=length)
    both = np.stack([tokens.ids, tokens.mask.astype("int32")], axis=-1)  # (n, length, 2)
    return extract_features(_pooled(encoder), both, batch_size=batch_size, cache=cache, directory=directory)


def _pooled(encoder: TextEncoder) -> keras.Model:
    """Build a model from `(batch, length, 2)`, ids and mask, to `(batch, features)`."""
    both = keras.Input((None, 2), dtype="int32", name="ids_and_mask")
    ids, mask = both[..., 0], both[..., 1]
    inputs = {"token_ids": ids, "segment_ids": keras.ops.zeros_like(ids), "padding_mask": mask}
    states = encoder.states()(inputs)
    return keras.Model(both, MeanOverTokens(name="mean")(states, mask), name=f"{encoder.name}_mean")
