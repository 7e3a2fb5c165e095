"""Feedback pages for learners and the report on a class, as HTML in which everything from a submission is plain text."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from tlcourse.checks import EARNED, NOT_EARNED, UNJUDGED, clean
from tlcourse.checks.feedback import with_code
from tlcourse.files import write_whole
from tlcourse.grading.results.gradebook import Marks

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
# A sign and a word carry the outcome; the colour of the bar (Okabe-Ito) only repeats it.
_SIGNS = {EARNED: ("✓", "#009E73"), NOT_EARNED: ("✗", "#D55E00"), UNJUDGED: ("?", "#0072B2")}
_STYLE = """
body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem;color:#1a1a1a;background:#fff}
h1{line-height:1.2} table{border-collapse:collapse;width:100%;margin:1rem 0} th,td{text-align:left;padding:.35rem .6rem;
border-bottom:1px solid #ccc;vertical-align:top;overflow-wrap:break-word;max-width:28rem} thead th{border-bottom:2px solid #333}
.task{border-left:.4rem solid #777;padding:.2rem 1rem;margin:1rem 0} .task p{margin:.3rem 0;white-space:pre-wrap;
overflow-wrap:anywhere} .bar{background:#e6e6e6;height:.8rem} .bar span{display:block;height:.8rem;background:#0072B2}
.note{color:#444} @media (prefers-color-scheme:dark){body{background:#161616;color:#eee}.note{color:#bbb}
th,td{border-color:#444}thead th{border-color:#999}.bar{background:#333}a{color:#56B4E9}}
"""


def write_pages(
    folder: Path, rows: Sequence[Marks], title: str, about: Mapping[str, str], points_to: Mapping[str, str]
) -> Path:
    """Write `class.html` and one page per learner into `feedback/`, and return the path of the first.

    Args:
        folder: Where the pages go.
        rows: The marks of the class.
        title: Of the exercise.
        about: What the run was made with, `{name: value}`.
        points_to: Sentences that explain misconceptions, `{id: sentence}`.
    """
    for row in rows:
        write_whole(folder / "feedback" / f"{row.file_name}.html", feedback_page(row, title).encode())
    report = folder / "class.html"
    write_whole(report, class_page(rows, title, about, points_to).encode())
    return report


def feedback_page(row: Marks, title: str) -> str:
    """Return one learner's page."""
    state = " so far; the rest needs review" if row.open else ""
    parts = [
        f"<h1>{_text(title)}</h1>",
        f"<p><strong>{_text(row.entry.learner)}</strong>: {row.points:g} of {row.max_points:g} points{state}.</p>",
        *(_task(result) for result in row.results),
    ]
    if not row.results:
        parts.append(f"<p>{_text(row.open[0][1] if row.open else 'Nothing was graded.')}</p>")
    if row.notes:
        items = "".join(f"<li>{_text(note)}</li>" for note in row.notes)
        parts.append(f'<section class="note"><h2>About the file</h2><ul>{items}</ul></section>')
    return _page(f"{row.entry.learner}: {title}", "".join(parts))


def _task(result: Mapping[str, object]) -> str:
    sign, colour = _SIGNS.get(str(result["outcome"]), ("•", "#777777"))
    heading = f"{sign} Task {result['task']} ({result['title']}): {result['outcome']}"
    labelled = [
        ("What was found", _text(result["message"])),
        ("Expected", _text(result["expected"])),
        ("Received", _text(result["received"])),
        ("This points to", with_code(clean(str(result["explanation"]), 4000))),
    ]
    lines = "".join(f"<p><b>{label}:</b> {text}</p>" for label, text in labelled if text)
    points = f"{_text(result['points'])} of {_text(result['max_points'])} points"
    return f'<section class="task" style="border-color:{colour}"><h2>{_text(heading)}, {points}</h2>{lines}</section>'


def class_page(rows: Sequence[Marks], title: str, about: Mapping[str, str], points_to: Mapping[str, str]) -> str:
    """Return the report on a class: tasks, misconceptions, what needs review, learners, what it was made with."""
    body = f"<h1>{_text(title)}: the class</h1><p>{_summary(rows)}</p>"
    body += _attention(rows) + _tasks(rows) + _misconceptions(rows, points_to) + _learners(rows)
    body += _table("What this was graded with", ("", ""), [[_text(name), _text(value)] for name, value in about.items()])
    return _page(f"{title}: the class", body)


def _summary(rows: Sequence[Marks]) -> str:
    done = [row for row in rows if not row.open]
    points = sorted(row.points for row in done)
    if not points:
        return f"{len(rows)} submissions; none of them is finished."
    middle = (points[(len(points) - 1) // 2] + points[len(points) // 2]) / 2
    highest = max(row.max_points for row in done)
    return (
        f"{len(rows)} submissions, {len(rows) - len(done)} need review. Of the others, the median is {middle:g} of {highest:g} points, "
        f"the lowest {points[0]:g}, the highest {points[-1]:g}."
    )


def _attention(rows: Sequence[Marks]) -> str:
    lines = []
    for row in rows:
        reasons: dict[str, list[str]] = {}
        for task, reason in row.open:
            reasons.setdefault(reason, []).append(task)
        for reason, tasks in reasons.items():
            which = "all" if len(tasks) == max(1, len(row.results)) else ", ".join(tasks)
            lines.append([_link(row), _text(which), _text(reason), _text(row.entry.file)])
    if not lines:
        return "<h2>Needs review</h2><p>Nothing.</p>"
    return _table("Needs review", ("learner", "task", "why", "file"), lines)


def _tasks(rows: Sequence[Marks]) -> str:
    results = [result for row in rows for result in row.results]
    lines = []
    for task in dict.fromkeys((result["task"], result["title"]) for result in results):
        outcomes = Counter(result["outcome"] for result in results if result["task"] == task[0])
        total = sum(outcomes.values())
        share = 100 * outcomes[EARNED] / total
        bar = f'<div class="bar" aria-hidden="true"><span style="width:{share:.0f}%"></span></div>'
        counts = [str(outcomes[name]) for name in (EARNED, NOT_EARNED, UNJUDGED)]
        lines.append([_text(f"{task[0]} {task[1]}"), *counts, f"{share:.0f} %{bar}"])
    return _table("Tasks", ("task", EARNED, NOT_EARNED, UNJUDGED, "share earned"), lines)


def _misconceptions(rows: Sequence[Marks], points_to: Mapping[str, str]) -> str:
    named = Counter((r["task"], r["misconception"]) for row in rows for r in row.results if r["misconception"])
    lines = [
        [_text(task), _text(name), str(count), _text(points_to.get(name, ""))]
        for (task, name), count in sorted(named.items(), key=lambda item: (-item[1], item[0]))
    ]
    return _table("Misconceptions", ("task", "misconception", "learners", "what it means"), lines)


def _learners(rows: Sequence[Marks]) -> str:
    tasks = list(dict.fromkeys(result["task"] for row in rows for result in row.results))
    lines = []
    for row in rows:
        signs = {result["task"]: _SIGNS.get(result["outcome"], ("•", ""))[0] for result in row.results}
        words = {result["task"]: result["outcome"] for result in row.results}
        cells = [f'<span title="{_text(words.get(t, "not graded"))}">{_text(signs.get(t, "–"))}</span>' for t in tasks]
        lines.append([_link(row), f"{row.points:g} of {row.max_points:g}", *cells])
    return _table("Learners", ("learner", "points", *tasks), lines)


def _link(row: Marks) -> str:
    return f'<a href="feedback/{row.file_name}.html">{_text(row.entry.learner)}</a>'


def _table(title: str, columns: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return a table; cells are HTML already."""
    if not lines:
        return f"<h2>{_text(title)}</h2><p>None.</p>"
    head = "".join(f'<th scope="col">{_text(column)}</th>' for column in columns)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in line) + "</tr>" for line in lines)
    return f"<h2>{_text(title)}</h2><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _page(title: str, body: str) -> str:
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}"><title>{_text(title)}</title><style>{_STYLE}</style></head>'
        f"<body><main>{body}</main></body></html>\n"
    )


def _text(value: object) -> str:
    """Return text for HTML: escaped, with control characters and changes of direction made visible."""
    return html.escape(clean(str(value), 4000), quote=True)
