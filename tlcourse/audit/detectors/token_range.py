"""`token-range`: token ids that the model's table does not have."""

from __future__ import annotations

from collections.abc import Iterator

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.detector import Detector
from tlcourse.audit.model.arrivals import Arrival, arrivals
from tlcourse.audit.model.token_prints import TOKENS
from tlcourse.audit.report import Finding


def _check(context: Context) -> Iterator[Finding]:
    for arrival in arrivals(context):
        if arrival.is_position:
            continue
        low, high = _range(context, arrival)
        if low >= 0 and high < arrival.size:
            continue
        layer = arrival.layer.name
        beyond = int(((arrival.values < 0) | (arrival.values >= arrival.size)).sum())
        yield Finding(
            "token-range",
            "serious",
            f"Token ids from {low:.0f} to {high:.0f} reach {layer!r}, which has {arrival.size} rows",
            {
                "sentence": f"{layer!r} knows the ids 0 to {arrival.size - 1}. {beyond} of {arrival.values.size} ids of a sample are not "
                "among them.",
                "lowest": low,
                "highest": high,
                "rows": arrival.size,
                "beyond_in_sample": beyond,
            },
            "A CPU stops with an error, a GPU silently looks up zeros, and JAX takes the last row: the same program learns different "
            "things on different machines. Most often tokenizer and model come from two different presets.",
            "Use the tokenizer that belongs to the model, or make the table as large as the vocabulary:\n"
            "keras.layers.Embedding(tokenizer.vocabulary_size(), width)",
        )
        return


def _range(context: Context, arrival: Arrival) -> tuple[float, float]:
    """Return the lowest and the highest id: of all splits if the ids are an input of the model, else of the sample."""
    low, high = float(arrival.values.min()), float(arrival.values.max())
    if arrival.leaf is None:
        return low, high
    for name in ("train", "validation", "test"):
        try:
            prints = context.collector(name, TOKENS)
        except CannotCheckError:
            continue
        low, high = min(low, prints.low.get(arrival.leaf, low)), max(high, prints.high.get(arrival.leaf, high))
    return low, high


DETECTOR = Detector(("token-range",), _check)
