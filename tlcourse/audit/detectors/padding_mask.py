"""`padding-mask`: the mask hides words, or leaves the padding visible."""

from __future__ import annotations

from collections.abc import Iterator

from tlcourse.audit.context import Context
from tlcourse.audit.detector import Detector
from tlcourse.audit.model.arrivals import has_tables
from tlcourse.audit.model.token_prints import TOKENS
from tlcourse.audit.report import Finding

_WRONG_SHARE = 0.5  # share of words or of padding that a mask must treat wrongly; single ones may be intended


def _check(context: Context) -> Iterator[Finding]:
    if not has_tables(context.model):
        return
    counts = context.collector("train", TOKENS).masks
    if counts is None:
        return
    hidden, is_open = counts.hidden / max(1, counts.words), counts.open / max(1, counts.padding)
    if hidden < _WRONG_SHARE and is_open < _WRONG_SHARE:
        return
    if hidden >= _WRONG_SHARE and is_open >= _WRONG_SHARE:
        title = f"The mask {counts.mask!r} is inverted: it hides the words and leaves the padding visible"
    elif hidden >= _WRONG_SHARE:
        title = f"The mask {counts.mask!r} hides words"
    else:
        title = f"The mask {counts.mask!r} leaves the padding visible"
    yield Finding(
        "padding-mask",
        "serious" if hidden >= _WRONG_SHARE else "warning",
        title,
        {
            "sentence": f"Of {counts.words:,} words in {counts.ids!r} {hidden:.0%} are hidden; of {counts.padding:,} tokens of padding "
            f"{is_open:.0%} are visible.",
            "words": counts.words,
            "hidden": hidden,
            "padding": counts.padding,
            "open": is_open,
        },
        _why(hidden, is_open),
        "The mask is 1 for words and 0 for padding:\n"
        f'inputs["{counts.mask}"] = (inputs["{counts.ids}"] != padding_id).astype("int32")',
    )


def _why(hidden: float, is_open: float) -> str:
    reasons = []
    if hidden >= _WRONG_SHARE:
        reasons.append("The model does not read the hidden words.")
    if is_open >= _WRONG_SHARE:
        reasons.append(
            "Attention reads the padding, so the output for a text depends on how long the other texts of its batch are."
        )
    return " ".join(reasons)


DETECTOR = Detector(("padding-mask",), _check)
