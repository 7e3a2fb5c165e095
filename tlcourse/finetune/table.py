"""Aligned text and escaped HTML for the small frozen tables that this room returns."""

from __future__ import annotations

import html
from collections.abc import Sequence


def as_text(title: str, header: Sequence[str], rows: Sequence[Sequence[str]], note: str = "") -> str:
    """Align `rows` under `header`: the first column to the left, the others to the right.

    Args:
        title: Line above the table.
        header: Column names, `(columns,)`.
        rows: Cells as text, `(rows, columns)`.
        note: Text below the table.

    Returns:
        Lines joined by newlines, without one at the end.
    """
    widths = [max(len(cell) for cell in column) for column in zip(header, *rows, strict=True)]
    lines = [title]
    for cells in [header, *rows]:
        first, *others = (
            cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(cells, widths, strict=True))
        )
        lines.append("  ".join([first, *others]).rstrip())
    lines.insert(2, "-" * max(len(line) for line in lines[1:]))
    return "\n".join([*lines, note] if note else lines)


def as_html(title: str, header: Sequence[str], rows: Sequence[Sequence[str]], note: str = "") -> str:
    """Write the same table as HTML with every cell escaped: a layer's name is user input."""

    def line(tag: str, cells: Sequence[str]) -> str:
        aligned = (
            f'<{tag} style="text-align:{"right" if i else "left"}">{html.escape(c)}</{tag}>' for i, c in enumerate(cells)
        )
        return "<tr>" + "".join(aligned) + "</tr>"

    body = "".join(line("td", row) for row in rows)
    below = f"<p>{html.escape(note)}</p>" if note else ""
    return (
        f"<table><caption>{html.escape(title)}</caption><thead>{line('th', header)}</thead><tbody>{body}</tbody></table>{below}"
    )
