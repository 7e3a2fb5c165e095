"""Findings on texts: ids beyond the vocabulary, texts longer than the places the model knows, a mask that does not fit the padding."""

from __future__ import annotations

from collections.abc import Iterator

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.detector import Detector
from tlcourse.audit.model.arrivals import Arrival, arrivals, has_tables
from tlcourse.audit.model.token_prints import TOKENS
from tlcourse.audit.report import Finding

_WRONG_SHARE = 0.5  # of the tokens of one kind that a mask must treat wrongly; single ones may be meant


def _check_range(context: Context) -> Iterator[Finding]:
    for arrival in arrivals(context):
        if arrival.values.ndim > 2 or arrival.counts_places:
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
            "A processor stops with an error, a GPU looks up zeros in silence, and JAX takes the last row: the same program learns "
            "different things on different machines. Most often tokenizer and model come from two different presets.",
            "Take the tokenizer that belongs to the model, or make the table as large as the vocabulary:\n"
            "keras.layers.Embedding(tokenizer.vocabulary_size(), width)",
        )
        return


def _range(context: Context, arrival: Arrival) -> tuple[float, float]:
    """Return the lowest and the highest id: of all sets where the ids are an input, else of the sample."""
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


def _check_length(context: Context) -> Iterator[Finding]:
    for arrival in arrivals(context):
        if not (arrival.values.ndim > 2 or arrival.counts_places) or arrival.length <= arrival.size:
            continue
        yield Finding(
            "text-length",
            "serious",
            f"Texts of {arrival.length} tokens, and {arrival.layer.name!r} knows {arrival.size} places",
            {
                "sentence": f"Places {arrival.size} to {arrival.length - 1} of each text have no row in {arrival.layer.name!r}.",
                "length": arrival.length,
                "places": arrival.size,
            },
            "What stands beyond was never trained: a processor stops there, other devices go on with zeros or with the last place.",
            f"Cut the texts, or take a model with more places:\npreprocessor.sequence_length = {arrival.size}",
        )
        return


def _check_mask(context: Context) -> Iterator[Finding]:
    if not has_tables(context.model):
        return
    counts = context.collector("train", TOKENS).masks
    if counts is None:
        return
    hidden, is_open = counts.hidden / max(1, counts.words), counts.open / max(1, counts.padding)
    if hidden < _WRONG_SHARE and is_open < _WRONG_SHARE:
        return
    if hidden >= _WRONG_SHARE and is_open >= _WRONG_SHARE:
        title = f"The mask {counts.mask!r} is upside down: it hides the words and leaves the padding open"
    elif hidden >= _WRONG_SHARE:
        title = f"The mask {counts.mask!r} hides words"
    else:
        title = f"The mask {counts.mask!r} leaves the padding open"
    yield Finding(
        "padding-mask",
        "serious" if hidden >= _WRONG_SHARE else "warning",
        title,
        {
            "sentence": f"Of {counts.words:,} words in {counts.ids!r} {hidden:.0%} are hidden, of {counts.padding:,} tokens of padding "
            f"{is_open:.0%} are open.",
            "words": counts.words,
            "hidden": hidden,
            "padding": counts.padding,
            "open": is_open,
        },
        "Attention mixes what is open: with padding in it the state of every word depends on how long the other texts are, and with words "
        "hidden the model does not read them.",
        "1 where there is a word, 0 at the padding:\n"
        f'inputs["{counts.mask}"] = (inputs["{counts.ids}"] != padding_id).astype("int32")',
    )


DETECTORS = (
    Detector(("token-range",), _check_range),
    Detector(("text-length",), _check_length),
    Detector(("padding-mask",), _check_mask),
)
