"""Spans marked in texts, such as names in a sentence: colours for notebooks, brackets for terminals."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from tlcourse.plots.style import colour_of

Span = tuple[int, int, str]
_LINES = ("solid", "dashed", "dotted", "double")  # below the words, so that colour is never all there is


class MarkedTexts:
    """Texts with marks in them; a notebook shows colours with labels, `print` shows brackets.

    Args:
        texts: `n` strings.
        spans: The marks of each text, in order, without overlap.
        captions: A word before each text; empty for none.
        title: Line above.
    """

    def __init__(self, texts: Sequence[str], spans: Sequence[Sequence[Span]], captions: Sequence[str], title: str) -> None:
        self._texts, self._spans, self._captions, self._title = tuple(texts), tuple(map(tuple, spans)), tuple(captions), title
        labels = dict.fromkeys(label for row in self._spans for *_, label in row)
        self._style = {label: _style(number) for number, label in enumerate(labels)}

    @property
    def alt_text(self) -> str:
        """What is shown, in words: each text with its marks in brackets."""
        return "\n".join([self._title] * bool(self._title) + [self._line(place) for place in range(len(self._texts))])

    def __str__(self) -> str:
        return self.alt_text

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<p style="margin:0.3em 0;line-height:2">{self._line(i, in_html=True)}</p>' for i in range(len(self._texts))
        )
        head = f"<p><strong>{escape(self._title)}</strong></p>" if self._title else ""
        return f'<div role="group" aria-label="{escape(self._title or "marked text")}">{head}{rows}</div>'

    def _line(self, place: int, *, in_html: bool = False) -> str:
        text, caption = self._texts[place], self._captions[place]
        safe = escape if in_html else str
        parts, end = [], 0
        if caption:
            parts.append(f"<em>{escape(caption)}</em> " if in_html else f"{caption} ")
        for start, stop, label in self._spans[place]:
            inside = text[start:stop]
            mark = f"[{inside}: {label}]"
            if in_html:
                # The label is text of its own, not an attribute: screen readers skip names that are put on a <mark>.
                small = f'<span style="font-size:75%">\N{NO-BREAK SPACE}({escape(label)})</span>'
                mark = f'<mark style="{self._style[label]}">{escape(inside)}{small}</mark>'
            parts += [safe(text[end:start]), mark]
            end = stop
        return "".join([*parts, safe(text[end:])])


def mark_spans(
    texts: Sequence[str], spans: Sequence[Sequence[Span]], *, captions: Sequence[str] | None = None, title: str = ""
) -> MarkedTexts:
    """Mark spans in texts, each with its label in words, its own colour and its own line below.

    Args:
        texts: `n` strings; anything in them is shown as text, never as HTML.
        spans: For each text `(start, end, label)` of each mark: first character, the one after the last, and its label.
        captions: A word before each text, such as "true:"; by default none.
        title: Line above, a finding.

    Returns:
        What a notebook shows in colours, and `print` in brackets; `.alt_text` says the same.

    Raises:
        TypeError: If `texts` is one string.
        ValueError: If there are not spans (or captions) for each text, or a span lies outside of its text, is empty, or
            overlaps another.
    """
    if isinstance(texts, str):
        raise TypeError(f"Expected several texts. Pass a list of one: `[text]`. Received: texts={texts[:40]!r}.")
    captions = [""] * len(texts) if captions is None else captions
    if not len(texts) == len(spans) == len(captions):
        raise ValueError(
            f"Expected spans and captions for each of {len(texts)} texts. "
            f"Received: len(spans)={len(spans)}, len(captions)={len(captions)}."
        )
    ordered = [sorted(row) for row in spans]
    for number, (text, row) in enumerate(zip(texts, ordered, strict=True)):
        before = 0
        for start, end, label in row:
            if not before <= start < end <= len(text):
                raise ValueError(
                    f"Text {number}: expected spans with {before} <= start < end <= {len(text)}, none over another. "
                    f"Received: span={(start, end, label)!r}."
                )
            before = end
    return MarkedTexts(texts, ordered, captions, title)


def _style(number: int) -> str:
    """Return a tint with black letters, readable on light and dark pages, and a line of the full colour."""
    colour = colour_of(number)
    red, green, blue = (round(255 - 0.3 * (255 - int(colour[i : i + 2], 16))) for i in (1, 3, 5))
    line = _LINES[number % len(_LINES)]
    return f"background:rgb({red},{green},{blue});color:#000;border-bottom:3px {line} {colour};padding:0 0.2em"
