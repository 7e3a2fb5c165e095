"""How an executed notebook looks as a page: no file from elsewhere, light and dark, wide and narrow, a way to the next lesson."""

from __future__ import annotations

import re
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

# nbconvert's page without what it fetches from other hosts: require.js, MathJax, mermaid, widgets.
TEMPLATE = """{% extends 'lab/index.html.j2' %}
{% block html_head_js %}{% endblock %}
{% block html_head_js_mathjax %}{% endblock %}
{% block html_head_js_mermaidjs %}{% endblock %}
{% block jupyter_widgets %}{% endblock %}
"""
WIDGETS = "application/vnd.jupyter.widget-view+json"
INDEX_STYLE = """\
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1b; background: #fff; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .4rem .6rem; border-bottom: 1px solid #ccc; }
td.number { text-align: right; font-variant-numeric: tabular-nums; } .failed { font-weight: bold; }
pre { overflow-x: auto; background: #f4f4f4; padding: .8rem; }
@media (prefers-color-scheme: dark) { body { color: #eee; background: #181818; } a { color: #8ab4f8; } pre { background: #262626; } }"""
_PAGE_STYLE = """\
nav.course, footer.course { font: 15px/1.5 system-ui, sans-serif; padding: .6rem 1rem; max-width: 60rem; margin: 0 auto;
  color: var(--jp-content-font-color1); }
nav.course { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; } nav.course a { color: var(--jp-content-link-color); }
body.jp-Notebook { padding: 0; max-width: 64rem; margin: 0 auto; } main { padding: 0 .6rem; }
.jp-Notebook img, .jp-Notebook svg { max-width: 100%; height: auto; }
img.formula { max-width: none !important; }
.jp-Cell, .jp-OutputArea-output, .jp-InputArea, .jp-InputArea-editor, .jp-RenderedHTMLCommon { min-width: 0; max-width: 100%; }
.jp-OutputArea-output, .highlight, .jp-RenderedHTMLCommon table, .highlight pre { overflow-x: auto; }
.jp-RenderedHTMLCommon table { display: block; max-width: 100%; } .jp-RenderedHTMLCommon { overflow-wrap: anywhere; }
@media (max-width: 40rem) { .jp-Cell { padding: 0; } .jp-Collapser, .jp-InputPrompt, .jp-OutputPrompt { display: none !important; } }"""
_DARK = """\
.jp-RenderedImage img, .jp-RenderedHTMLCommon img:not(.formula) { background: #fff; } img.formula { filter: invert(1); }
:root { color-scheme: dark; }"""


def heading_of(notebook: Any) -> str:
    """Return the first heading of a notebook, such as "02 · Feature extraction"; "" where there is none."""
    for cell in notebook.cells:
        found = re.search(r"^# (.+)$", cell.source, re.MULTILINE) if cell.cell_type == "markdown" else None
        if found:
            return found[1].strip()
    return ""


def dress(body: str, links: list[tuple[str, str]], stamp: str) -> str:
    """Add style, the links to other pages and the stamp to a page of nbconvert.

    Args:
        body: Whole page as text.
        links: `(text, address)` of the pages that one goes to from here.
        stamp: When and how the notebook ran; "" for none.
    """
    style = f"<style>{_PAGE_STYLE}\n@media (prefers-color-scheme: dark) {{ {_dark_theme()}\n{_DARK} }}</style>"
    places = "".join(f"<a href='{escape(address)}'>{escape(text)}</a>" for text, address in links)
    foot = f"<footer class='course'>This notebook {escape(stamp)}.</footer>" if stamp else ""
    body = body.replace("</head>", f"{style}</head>", 1)
    body = re.sub(r"<body[^>]*>", lambda tag: f"{tag[0]}<nav class='course' aria-label='Course'>{places}</nav>", body, count=1)
    head, end, tail = body.rpartition("</body>")
    return f"{head}{foot}{end}{tail}"


@cache
def _dark_theme() -> str:
    """Return the variables of JupyterLab's dark theme, as nbconvert brings it along; "" where it does not."""
    from jupyter_core.paths import jupyter_path

    for folder in jupyter_path("nbconvert", "templates", "lab", "static"):
        theme = Path(folder, "theme-dark.css")
        if theme.exists():
            return "".join(re.findall(r":root\s*{[^}]*}", theme.read_text(encoding="utf-8")))
    return ""
