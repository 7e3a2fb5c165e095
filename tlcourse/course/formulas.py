"""Formulas of a page as drawings with their source as alt text: they need no script and no network."""

from __future__ import annotations

import base64
import io
import re
from html import escape

_CODE = r"(?P<code>```.*?```|`[^`\n]+`)"
_TEX = r"(?P<sign>\$\$?)(?!\s)(?P<tex>[^$`\n]+(?:\n[^$`\n]+)*?)(?<!\s)(?P=sign)(?!\d)"  # a price, "$5 and $6", is none
_FORMULA = re.compile(f"{_CODE}|{_TEX}", re.DOTALL)
_SAME = {r"\lVert": r"\Vert", r"\rVert": r"\Vert", r"\lvert": r"\vert", r"\rvert": r"\vert"}  # what Matplotlib does not know
_POINTS = 12.0


def draw_formulas(markdown: str) -> str:
    """Replace `$...$` and `$$...$$` in markdown, outside of code, by drawings; one that cannot be drawn becomes code."""

    def drawn(match: re.Match[str]) -> str:
        return match["code"] or _image(match["tex"].strip(), block=match["sign"] == "$$")

    return _FORMULA.sub(drawn, markdown)


def _image(tex: str, *, block: bool) -> str:
    from matplotlib.figure import Figure
    from matplotlib.mathtext import MathTextParser

    known = tex
    for name, other in _SAME.items():
        known = known.replace(name, other)
    try:
        width, height, depth, *_ = MathTextParser("path").parse(f"${known}$", 72)
    except ValueError:
        return f"<code>{escape(tex)}</code>"
    figure = Figure(figsize=((width + 2) / 72 * _POINTS / 10, (height + depth + 2) / 72 * _POINTS / 10))
    figure.text(
        0, (depth + 1) / (height + depth + 2), f"${known}$", fontsize=_POINTS, color="#1b1b1b"
    )  # pages invert it in the dark
    drawing = io.StringIO()
    figure.savefig(drawing, format="svg", transparent=True, metadata={"Date": None})
    data = base64.b64encode(drawing.getvalue().encode()).decode()
    down = 0 if block else (depth + 1) / 10
    style = f"vertical-align: {-down:.2f}em; height: {(height + depth + 2) / 10:.2f}em" + ("; display: block" if block else "")
    return f'<img class="formula" style="{style}" alt="{escape(tex)}" src="data:image/svg+xml;base64,{data}">'
