"""The report of an audit: findings with their evidence, what could not be checked, and what was found clean."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["serious", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("serious", "warning", "note")

_MARKS = {"serious": "✖", "warning": "▲", "note": "●"}  # shapes, for readers who do not see the colours
_COLOURS = {"serious": "#D55E00", "warning": "#E69F00", "note": "#0072B2"}  # Okabe-Ito
_WIDTH = 100
_LONGEST_ERROR = 200  # characters; TensorFlow prints whole arrays into its errors


@dataclass(frozen=True)
class Finding:
    """One mistake that was found.

    Args:
        id: Short stable name in kebab-case, such as "preprocessing".
        severity: "serious" (do not trust the result), "warning" (the result is worse than it could be), or "note".
        title: One line that says what is wrong with this model or its data.
        evidence: What was measured, by name; "sentence" says it in words.
        why: Why it matters for this model.
        fix: How to fix it, with lines to paste if possible.
    """

    id: str
    severity: Severity
    title: str
    evidence: Mapping[str, Any]
    why: str
    fix: str

    def __post_init__(self) -> None:
        if self.severity not in SEVERITIES:
            raise ValueError(f"`severity` must be one of {SEVERITIES}. Received: severity={self.severity!r}.")

    def to_dict(self) -> dict[str, Any]:
        """Return plain values that `json.dumps` takes."""
        evidence = {name: _plain(value) for name, value in self.evidence.items()}
        return {name: getattr(self, name) for name in ("id", "severity", "title")} | {
            "evidence": evidence,
            "why": self.why,
            "fix": self.fix,
        }


@dataclass(frozen=True)
class NotChecked:
    """A kind of mistake that could not be looked for.

    Args:
        id: Id of the finding.
        reason: Why it could not be looked for, in a sentence.
    """

    id: str
    reason: str

    def to_dict(self) -> dict[str, str]:
        """Return plain values."""
        return {"id": self.id, "reason": self.reason}


@dataclass(frozen=True)
class Report:
    """The result of an audit. It prints in a terminal and shows as HTML in a notebook.

    Args:
        model_name: Name of the model that was examined.
        findings: What is wrong, the most serious findings first.
        not_checked: What could not be looked for, with reasons.
        passed: Ids that were looked for and found clean.
        facts: Numbers about the model and the data, by name.
    """

    model_name: str
    findings: tuple[Finding, ...]
    not_checked: tuple[NotChecked, ...] = ()
    passed: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the findings, each once, the most serious first."""
        return tuple(dict.fromkeys(finding.id for finding in self.findings))

    @property
    def exit_status(self) -> int:
        """1 if there is a serious finding, else 0."""
        return int(any(finding.severity == "serious" for finding in self.findings))

    def __getitem__(self, name: str) -> Finding:
        """Return the most serious finding with this id."""
        for finding in self.findings:
            if finding.id == name:
                return finding
        raise KeyError(
            f"The report has no finding of this id; it has {', '.join(self.ids) or 'none'}. Received: name={name!r}."
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the whole report as plain values that `json.dumps` takes."""
        return {
            "model": self.model_name,
            "findings": [finding.to_dict() for finding in self.findings],
            "not_checked": [row.to_dict() for row in self.not_checked],
            "passed": list(self.passed),
            "facts": {name: _plain(value) for name, value in self.facts.items()},
            "exit_status": self.exit_status,
        }

    def __str__(self) -> str:
        lines = [self._title()]
        for finding in self.findings:
            lines += ["", f"{_MARKS[finding.severity]} {finding.severity.upper()} [{finding.id}] {finding.title}"]
            for label, text in _parts(finding):
                lines += _wrapped(label, text)
        if self.not_checked:
            lines += ["", "Not checked:"]
            for row in self.not_checked:
                lines += _wrapped(row.id, row.reason)
        if self.passed:
            lines += ["", *_wrapped("Looked for, not found", ", ".join(self.passed), indent="")]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        parts = [f"<p><strong>{html.escape(self._title())}</strong></p>"]
        for finding in self.findings:
            rows = "".join(
                f"<tr><th scope='row'{_LEFT}>{label}</th><td{_LEFT}>{_html(text)}</td></tr>" for label, text in _parts(finding)
            )
            parts.append(
                f'<div style="border-left:4px solid {_COLOURS[finding.severity]};padding-left:0.7em;margin:0.8em 0">'
                f"<p><strong>{_MARKS[finding.severity]} {finding.severity}: {html.escape(finding.title)}</strong> "
                f"<code>{html.escape(finding.id)}</code></p><table>{rows}</table></div>"
            )
        if self.not_checked:
            items = "".join(
                f"<li><code>{html.escape(row.id)}</code>: {html.escape(row.reason)}</li>" for row in self.not_checked
            )
            parts.append(f"<details><summary>Not checked ({len(self.not_checked)})</summary><ul>{items}</ul></details>")
        if self.passed:
            names = html.escape(", ".join(self.passed))
            parts.append(f"<details><summary>Looked for, not found ({len(self.passed)})</summary>{names}</details>")
        return "".join(parts)

    def _title(self) -> str:
        counts = [(sum(f.severity == severity for f in self.findings), severity) for severity in SEVERITIES]
        said = ", ".join(f"{count} {severity}" for count, severity in counts if count) or "nothing found"
        return f"Audit of {self.model_name!r}: {said}; {len(self.passed)} checks clean, {len(self.not_checked)} not possible"


_LEFT = ' style="text-align:left;vertical-align:top"'


def in_short(error: BaseException) -> str:
    """Name an error in one line: its type, and the beginning of its text."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text if len(text) <= _LONGEST_ERROR else text[:_LONGEST_ERROR] + ' ...'}"


def by_severity(findings: list[Finding]) -> tuple[Finding, ...]:
    """Sort findings by severity, the most serious first. Findings of equal severity keep their order."""
    return tuple(sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity)))


def _parts(finding: Finding) -> list[tuple[str, str]]:
    numbers = ", ".join(f"{name}={_short(value)}" for name, value in finding.evidence.items() if name != "sentence")
    evidence = " ".join(part for part in (str(finding.evidence.get("sentence", "")), f"({numbers})" if numbers else "") if part)
    return [("measured", evidence), ("why", finding.why), ("fix", finding.fix)]


def _wrapped(label: str, text: str, indent: str = "  ") -> list[str]:
    """Wrap prose. Lines of code in the text stay as they are."""
    lines: list[str] = []
    for number, line in enumerate(text.split("\n")):
        start = f"{indent}{label}: " if number == 0 else f"{indent}    "
        wrapped = textwrap.wrap(line, _WIDTH, initial_indent=start, subsequent_indent=f"{indent}    ", break_long_words=False)
        lines += wrapped if number == 0 else [start + line]
    return lines or [f"{indent}{label}:"]


def _html(text: str) -> str:
    first, *code = text.split("\n")
    return html.escape(first) + (f"<pre>{html.escape(chr(10).join(code))}</pre>" if code else "")


def _short(value: Any) -> str:
    value = _plain(value)
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list) and len(value) > 8:
        return f"[{', '.join(_short(v) for v in value[:8])}, ... {len(value)} in all]"
    if isinstance(value, list):
        return f"[{', '.join(_short(v) for v in value)}]"
    return str(value)


def _plain(value: Any) -> Any:
    """Turn NumPy numbers and arrays, tuples and mappings into what `json.dumps` accepts."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [_plain(inner) for inner in value]
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)
