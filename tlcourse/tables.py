"""Small tables of words and numbers: aligned text for terminals, and escaped HTML for notebooks, which screen readers can read."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from html import escape
from typing import ClassVar, TypeVar

Row = TypeVar("Row")


class RowTable(tuple[Row, ...]):
    """Rows of a registry, such as the table of backbones: prints as aligned text, shows as HTML in notebooks.

    A subclass says what its `title`, `header` and `cells` are, and which columns end at the `right`.
    """

    title: ClassVar[str]
    header: ClassVar[tuple[str, ...]]
    right: ClassVar[Collection[int]] = ()

    def cells(self) -> list[tuple[str, ...]]:
        """Return the texts of each row, one for each column of `header`."""
        raise NotImplementedError

    def __str__(self) -> str:
        return as_text(self.title, self.header, self.cells(), right=self.right)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return as_html(self.title, self.header, self.cells(), right=self.right)


def as_text(
    title: str, header: Sequence[str], rows: Sequence[Sequence[str]], *, right: Collection[int] = (), note: str = ""
) -> str:
    """Align `rows` under `header`, with a rule between them.

    Args:
        title: Line above the table.
        header: Column names, `(columns,)`.
        rows: Cells as text, `(rows, columns)`; none is fine.
        right: Positions of the columns that end at the right, such as those of numbers; the others begin at the left.
        note: Text below the table.

    Returns:
        Lines joined by newlines, without one at the end.

    Raises:
        ValueError: If a row does not have one cell for each column.
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
    """Write the same table as HTML. Every text is escaped, because names of layers and files can hold anything.

    The title is the caption. Column names and the first cell of each row are marked as headings, so a screen reader can say them
    before a cell.

    Args:
        title: Caption.
        header: Column names, `(columns,)`.
        rows: Cells as text, `(rows, columns)`; none is fine.
        right: Positions of the columns that end at the right.
        note: Text below the table.

    Returns:
        A `<table>` element, and a paragraph with the note where there is one.

    Raises:
        ValueError: If a row does not have one cell for each column.
    """
    _require_columns(header, rows)

    def cell(tag: str, place: int, text: str, scope: str = "") -> str:
        heads = f' scope="{scope}"' if scope else ""
        return f'<{tag}{heads} style="text-align:{"right" if place in right else "left"}">{escape(text)}</{tag}>'

    # A screen reader would announce a heading without a name as nothing, so an empty corner is a plain cell.
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
                f"Expected {len(header)} cells in row {number}, one for each of {tuple(header)}. Received: row={row!r}."
            )
