"""Sentences about hidden cases as our own source has them: what was put into a sentence at run time is left out."""

from __future__ import annotations

import ast
import functools
import inspect
import re
from collections.abc import Callable
from typing import Any

import tlcourse.checks.run
import tlcourse.checks.values

_LEFT_OUT = "…"
_OURS = (tlcourse.checks.values.__file__, tlcourse.checks.run.__file__)


def as_written(message: str, judge: Callable[..., Any]) -> str:
    """Return a judge's message as its source has it, or "" where the source has no such message.

    What was put into the holes of an f-string may come from the submission. It is kept only if it is, as a whole, another
    constant of that source, such as the name of a part. So a message is one of finitely many.

    Args:
        message: Message of a verdict.
        judge: The function that wrote it.
    """
    sources = [_texts_of(file) for file in (inspect.getsourcefile(judge), *_OURS) if file]
    constants = [text for source in sources for text in source if isinstance(text, str)]
    known = {form for text in constants for form in (text, repr(text), text[:1].upper() + text[1:])}
    if message in known:
        return message
    for parts in (text for source in sources for text in source if not isinstance(text, str)):
        holes = _holes(message, parts)
        if holes is not None:
            kept = [hole if hole in known else _LEFT_OUT for hole in holes]
            return "".join(part + hole for part, hole in zip(parts, [*kept, ""], strict=True))
    return ""


def _holes(message: str, parts: tuple[str, ...]) -> list[str] | None:
    """Return what stands between the parts of a sentence, or None where the message is another one."""
    first, *middle, last = parts
    if not message.startswith(first) or not message.endswith(last) or len(message) < len(first) + len(last):
        return None
    rest, holes = message[len(first) : len(message) - len(last)], []
    for part in middle:
        hole, found, rest = rest.partition(part)
        if not found:
            return None
        holes.append(hole)
    return [*holes, rest]


@functools.cache
def _texts_of(file: str) -> tuple[str | tuple[str, ...], ...]:
    """Return the texts of a source file: constants as they are, f-strings as the parts around their holes, longest first."""
    with open(file, encoding="utf-8") as source:
        tree = ast.parse(source.read())
    texts: list[str | tuple[str, ...]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            texts.append(node.value)
        elif isinstance(node, ast.JoinedStr):
            whole = "".join(str(value.value) if isinstance(value, ast.Constant) else "\0" for value in node.values)
            parts = tuple(re.split("\0+", whole))
            if len(parts) > 1 and re.search(r"\w", whole):
                texts.append(parts)
    return tuple(sorted(texts, key=lambda text: -len("".join(text))))
