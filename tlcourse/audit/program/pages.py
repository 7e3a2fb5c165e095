"""Show what the doctor saw in a program, as text or as an HTML page."""

from __future__ import annotations

import html

from tlcourse.audit.program.visit import Visit

_STYLE = (
    "body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}pre{white-space:pre-wrap}code{font-size:90%}"
)


def text(visit: Visit) -> str:
    """Return a visit as text for a terminal."""
    parts = [f"{visit.path.name}, fit at {where}\n{report}" for where, report in visit.reports]
    return "\n\n".join([*parts, *_notes(visit)]) or "Nothing was seen."


def page(visit: Visit) -> str:
    """Return a visit as an HTML page. Everything that comes from the program is escaped."""
    name = html.escape(visit.path.name)
    parts = [f"<h2>fit at {html.escape(where)}</h2>{report._repr_html_()}" for where, report in visit.reports]
    parts += [f"<p>{html.escape(note)}</p>" for note in _notes(visit)]
    head = f'<meta charset="utf-8"><title>Audit of {name}</title><style>{_STYLE}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body><h1>Audit of {name}</h1>{"".join(parts)}</body></html>\n'


def _notes(visit: Visit) -> list[str]:
    notes = [visit.problem] if visit.problem else []
    if visit.ignored:
        notes.append(f"Ignored: {'; '.join(visit.ignored)}.")
    if visit.left_out:
        notes.append(f"Not executed: {'; '.join(visit.left_out)}.")
    if visit.writes:
        notes.append(f"Files are as they were before. The program tried to {', '.join(visit.writes)}.")
    return notes
