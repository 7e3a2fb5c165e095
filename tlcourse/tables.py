"""Small tables of words and numbers: aligned text for terminals, escaped HTML for notebooks that a screen reader can follow."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from html import escape


def as_text(
    title: str, header: Sequence[str], rows: Sequence[Sequence[str]], *, right: Collection[int] = (), note: str = ""
) -> str:
    """Align `rows` under `header`, with a rule between them.

    Args:
        title: line above the table.
        header: column names, `(columns,)`.
        rows: cells as text, `(rows, columns)`; none is fine.
        right: positions of the columns that end at the right, such as those of numbers; the others begin at the left.
        note: text below the table.

    Returns:
        Lines joined by newlines, without one at the end.

    Raises:
        ValueError: a row has not one cell for each column.
    """
    _require_columns(header, rows)
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        padded = (c.rjust(w) if i in right else c.ljust(w) for i, (c, w) in enumerate(zip(cells, widths, strict=True)))
        return "  ".join(padded).rstrip()

    body = [line(header), *map(line, rows)]
    body.insert(1, "-" * max(map(len, body)))
    return "\n".join([title, *body, *([note] if note else [])])


def as_html(
    title: str, header: Sequence[str], rows: Sequence[Sequence[str]], *, right: Collection[int] = (), note: str = ""
) -> str:
    """Write the same table as HTML, every text escaped, since names of layers and files are anybody's input.

    The title is the caption. Names of columns, and the first cell of each row, are marked as headings of what they head, so that
    a screen reader can say them before a cell.

    Raises:
        ValueError: a row has not one cell for each column.
    """
    _require_columns(header, rows)

    def cell(tag: str, place: int, text: str, scope: str = "") -> str:
        heads = f' scope="{scope}"' if scope else ""
        return f'<{tag}{heads} style="text-align:{"right" if place in right else "left"}">{escape(text)}</{tag}>'

    # A heading without a name would be announced as nothing: an empty corner is a plain cell.
    head = "".join(cell("th", i, name, "col") if name else cell("td", i, "") for i, name in enumerate(header))
    lines = (
        cell("th", 0, first, "row") + "".join(cell("td", i, text) for i, text in enumerate(others, start=1))
        for first, *others in rows
    )
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    below = f"<p>{escape(note)}</p>" if note else ""
    return f"<table><caption>{escape(title)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{below}"


def _require_columns(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    for number, row in enumerate(rows):
        if len(row) != len(header):
            raise ValueError(
                f"Expected {len(header)} cells a row, one for each of {tuple(header)}. Received: row {number}={row!r}."
            )
