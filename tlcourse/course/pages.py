"""Executed notebooks as HTML pages, and the index over them."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import Any

from tlcourse.files import write_whole

_STYLE = """\
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1b; background: #fff; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .4rem .6rem; border-bottom: 1px solid #ccc; }
td.number { text-align: right; font-variant-numeric: tabular-nums; } .failed { font-weight: bold; }
pre { overflow-x: auto; background: #f4f4f4; padding: .8rem; }
@media (prefers-color-scheme: dark) { body { color: #eee; background: #181818; } a { color: #8ab4f8; } pre { background: #262626; } }"""


@dataclass(frozen=True)
class Record:
    """What is known of one run; kept beside its page so that an unchanged notebook is not run again."""

    title: str
    key: str
    seconds: float
    peak_mib: int | None
    error: str
    page: str
    stamp: str


def write_page(notebook: Any, title: str, path: Path, stamp: str = "") -> None:
    """Write an executed notebook as one HTML page, images inside, `stamp` at its foot, whole or not at all."""
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(template_name="lab", embed_images=True)
    exporter.exclude_input_prompt = exporter.exclude_output_prompt = True
    body, _ = exporter.from_notebook_node(_with_alt_text(notebook), resources={"metadata": {"name": title}})
    if stamp:
        head, end, tail = body.rpartition("</body>")
        body = f"{head}<footer style='padding: 1rem 2rem'>This notebook {escape(stamp)}.</footer>{end}{tail}"
    write_whole(path, body)


def _with_alt_text(notebook: Any) -> Any:
    """Return a copy whose figures carry as alt text what their cell printed by `alt_text(...)`."""
    described = deepcopy(notebook)
    for cell in described.cells:
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
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>tlcourse: the course, executed</title><style>{_STYLE}</style></head><body>
<h1>The course, executed</h1>
<p>Profile <strong>{escape(profile)}</strong>; {len(records)} notebooks in {total / 60:.1f} minutes.</p>
<table><thead><tr><th scope="col">notebook</th><th scope="col">result</th><th scope="col">seconds</th>
<th scope="col">peak memory, MiB</th></tr></thead><tbody>
{rows}
</tbody></table></body></html>
"""
    write_whole(path, body)


def _row(record: Record, outdated: bool) -> str:
    result = f"<span class='failed'>failed</span><pre>{escape(record.error)}</pre>" if record.error else ""
    result += escape(record.stamp) + (" (before the last change)" if outdated else "")
    memory = "" if record.peak_mib is None else f"{record.peak_mib:,}"
    link = f"<a href='{escape(record.page)}'>{escape(record.title)}</a>"
    return (
        f"<tr><td>{link}</td><td>{result}</td><td class='number'>{record.seconds:.0f}</td><td class='number'>{memory}</td></tr>"
    )
