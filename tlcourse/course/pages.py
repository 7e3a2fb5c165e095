"""Executed notebooks as HTML pages, and the index over them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import Any

from tlcourse.course.formulas import draw_formulas
from tlcourse.course.page_look import INDEX_STYLE, TEMPLATE, dress, heading_of
from tlcourse.files import write_whole

_BADGE = re.compile(r"!\[([^\]]*)\]\(https?://[^)]*\)")  # an image of another host becomes its alt text
# What is shown of an output, best first. Widgets are not among them: they need a script from elsewhere, and have a text beside them.
_KINDS = ["text/html", "text/markdown", "image/svg+xml", "text/latex", "image/png", "image/jpeg", "text/plain"]


@dataclass(frozen=True)
class Record:
    """What is known of one run. It is kept beside its page, so an unchanged notebook is not run again.

    Args:
        title: Kind and topic, such as "lesson 02_feature_extraction".
        key: Digest of the notebook and of all that its result depends on.
        seconds: Wall time in seconds.
        peak_mib: Largest memory of the kernel in MiB, or None.
        error: What failed, or "".
        page: Name of the page's file.
        stamp: When the notebook ran, how it ended and with which versions.
        heading: The notebook's own heading, or "".
    """

    title: str
    key: str
    seconds: float
    peak_mib: int | None
    error: str
    page: str
    stamp: str
    heading: str = ""


def write_page(notebook: Any, title: str, path: Path, stamp: str = "", links: Sequence[tuple[str, str]] = ()) -> None:
    """Write a notebook as one HTML page, images inside, whole or not at all.

    Args:
        notebook: Executed, or as it is handed out.
        title: Of the page, where the notebook has no heading.
        path: File to write.
        stamp: When and how it ran, for the foot of the page.
        links: `(text, address)` of the pages that one goes to from here.
    """
    from nbconvert import HTMLExporter
    from traitlets.config import Config

    exporter = HTMLExporter(
        raw_template=TEMPLATE, embed_images=True, config=Config({"NbConvertBase": {"display_data_priority": _KINDS}})
    )
    exporter.exclude_input_prompt = exporter.exclude_output_prompt = True
    shown = _as_shown(notebook)
    body, _ = exporter.from_notebook_node(shown, resources={"metadata": {"name": heading_of(notebook) or title}})
    write_whole(path, dress(body, list(links), stamp))


def links_of(topics: Sequence[str], topic: str, kind: str) -> list[tuple[str, str]]:
    """Return the links of a page: contents, the lesson before and after, and the other notebooks of its own lesson.

    Args:
        topics: Of all lessons, in order.
        topic: Of this page, such as "02_feature_extraction".
        kind: Of this page: "lesson", "exercise" or "solution".
    """
    at = topics.index(topic) if topic in topics else -1
    found = [("Contents", "index.html")]
    if at > 0:
        found.append((f"Previous: {topics[at - 1][:2]}", f"{topics[at - 1]}.lesson.html"))
    found += [(other.capitalize(), f"{topic}.{other}.html") for other in ("lesson", "exercise", "solution") if other != kind]
    if 0 <= at < len(topics) - 1:
        found.append((f"Next: {topics[at + 1][:2]}", f"{topics[at + 1]}.lesson.html"))
    return found


def _as_shown(notebook: Any) -> Any:
    """Return a copy whose formulas are drawn, and whose figures carry as alt text what their cell printed by `alt_text(...)`."""
    described = deepcopy(notebook)
    for cell in described.cells:
        if cell.cell_type == "markdown":
            if "links" in cell.metadata.get("tags", ()):  # a page has links of its own
                cell.source = cell.source.split("\n", 1)[0]
            cell.source = draw_formulas(_BADGE.sub(r"\1", cell.source))
        if cell.cell_type != "code" or "alt_text(" not in cell.source:
            continue
        words = " ".join("".join(output.text for output in cell.outputs if output.get("name") == "stdout").split())
        for output in cell.outputs:
            if "image/png" in output.get("data", {}):
                source = "data:image/png;base64," + output.data["image/png"].replace("\n", "")
                output.data["text/html"] = f'<img src="{source}" alt="{escape(words)}">'
    return described


def write_record(record: Record, path: Path) -> None:
    """Write a record, whole or not at all."""
    write_whole(path, json.dumps(asdict(record), indent=1))


def read_record(path: Path) -> Record | None:
    """Read a record; None where there is none, or it is damaged."""
    try:
        return Record(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def write_index(records: list[Record], profile: str, path: Path, outdated: frozenset[str] = frozenset()) -> None:
    """Write the page that lists all others; `outdated` names those that changed since and were not asked for this time."""
    rows = "\n".join(_row(record, record.title in outdated) for record in records)
    total = sum(record.seconds for record in records)
    body = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>tlcourse: the course, executed</title><style>{INDEX_STYLE}</style></head><body>
<h1>The course, executed</h1>
<p>Profile <strong>{escape(profile)}</strong>; {len(records)} notebooks in {total / 60:.1f} minutes.</p>
<div class="wide"><table><thead><tr><th scope="col">notebook</th><th scope="col">result</th><th scope="col">seconds</th>
<th scope="col">peak memory, MiB</th></tr></thead><tbody>
{rows}
</tbody></table></div></body></html>
"""
    write_whole(path, body)


def _row(record: Record, outdated: bool) -> str:
    result = f"<span class='failed'>failed</span><pre>{escape(record.error)}</pre>" if record.error else ""
    result += escape(record.stamp) + (" (before the last change)" if outdated else "")
    memory = "" if record.peak_mib is None else f"{record.peak_mib:,}"
    kind = record.title.split(" ")[0]
    text = f"{record.heading or record.title}{', solution' if kind == 'solution' and record.heading else ''}"
    link = f"<a href='{escape(record.page)}'>{escape(text)}</a>"
    return (
        f"<tr><td>{link}</td><td>{result}</td><td class='number'>{record.seconds:.0f}</td><td class='number'>{memory}</td></tr>"
    )
