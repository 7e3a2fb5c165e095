"""What a project decides about the doctor: where it runs a program, with which arguments, what fails and what is ignored."""

from __future__ import annotations

import json

import pytest

from tests.audit.test_program import LOGITS, WRONG_LOSS, script
from tlcourse.audit.program.policy import Policy, policy_of
from tlcourse.audit.run import known_ids
from tlcourse.cli import main

SOFT = LOGITS + "model.fit(x, y, epochs=3)\n"


def doctor(capsys, *arguments):
    status = main(["doctor", "--json", *map(str, arguments)])
    return status, json.loads(capsys.readouterr().out)


def test_arguments_and_the_folder_reach_the_program(tmp_path, capsys, monkeypatch):
    (tmp_path / "src").mkdir()
    (tmp_path / "data.txt").write_text("7")
    code = "import sys, pathlib\nassert sys.argv[1:] == ['--rows', '5'], sys.argv\nassert pathlib.Path('data.txt').read_text() == '7'\n"
    path = script(tmp_path / "src", code + SOFT)
    monkeypatch.chdir(tmp_path)
    status, seen = doctor(capsys, path, "--", "--rows", "5")
    assert (status, seen["problem"]) == (0, "")
    monkeypatch.chdir(tmp_path / "src")
    assert doctor(capsys, "program.py", "--", "--rows", "5")[0] == 3  # there is no data.txt here
    assert doctor(capsys, "program.py", "--cwd", tmp_path, "--", "--rows", "5")[0] == 0


def test_an_ignored_kind_does_not_fail_and_is_said_with_its_reason(tmp_path, capsys):
    path = script(tmp_path, WRONG_LOSS + "model.fit(x, y)\n")
    assert doctor(capsys, path)[0] == 1
    status, seen = doctor(capsys, path, "--ignore", "loss-and-output=shown in class")
    assert status == 0
    assert all(finding["id"] != "loss-and-output" for finding in seen["fits"][0]["findings"])
    assert seen["ignored"][0].startswith("line 10: loss-and-output (shown in class): ")
    assert doctor(capsys, path, "--fail-on", "never")[0] == 0


def test_pyproject_decides_and_the_command_line_counts_more(tmp_path, capsys):
    (tmp_path / "pyproject.toml").write_text('[tool.tlcourse.doctor]\nfail-on = "never"\nignore = {duplicates = "toy data"}\n')
    (tmp_path / "src").mkdir()
    path = script(tmp_path / "src", WRONG_LOSS + "model.fit(x, y)\n")
    assert policy_of(tmp_path / "src").ignore == {"duplicates": "toy data"}
    assert doctor(capsys, path)[0] == 0
    assert doctor(capsys, path, "--fail-on", "serious")[0] == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('fail-on = "high"', "must be one of serious, warning, note, never. Received: fail-on='high'"),
        ('ignore = {loss = "x"}', "names no kind of finding. Kinds: .* Received: ignore='loss'"),
        ('ignore = {duplicates = ""}', "needs a reason for each id. Received: ignore='duplicates' without one"),
        ('ignore = ["duplicates"]', r"must be a table, id = reason. Received: ignore=\['duplicates'\]"),
        ("strict = true", "may hold fail-on and ignore. Received: keys=\\['strict'\\]"),
        ("fail-on = ", ""),
    ],
)
def test_what_cannot_be_meant_is_named_with_the_file(tmp_path, text, message):
    file = tmp_path / "pyproject.toml"
    file.write_text(f"[tool.tlcourse.doctor]\n{text}\n")
    with pytest.raises(
        ValueError, match=f"(?s)pyproject.toml.*{message}" if message else "This is no TOML file: .*pyproject.toml"
    ):
        policy_of(tmp_path)


def test_an_option_without_a_reason_is_refused(tmp_path, capsys):
    with pytest.raises(ValueError, match="takes an id and a reason"):
        policy_of(tmp_path, ignore=["duplicates"])
    path = script(tmp_path, SOFT)
    assert main(["doctor", str(path), "--ignore", "nonsense=because"]) == 2
    assert "ignore='nonsense'" in capsys.readouterr().err


def test_every_severity_from_the_chosen_one_on_counts():
    from types import SimpleNamespace

    reports = {s: SimpleNamespace(findings=[SimpleNamespace(severity=s)]) for s in ("serious", "warning", "note")}
    found = {
        level: [s for s, report in reports.items() if Policy(level).fails(report)]
        for level in ("serious", "warning", "note", "never")
    }
    assert found == {
        "serious": ["serious"],
        "warning": ["serious", "warning"],
        "note": ["serious", "warning", "note"],
        "never": [],
    }
    assert {"duplicates", "loss-and-output", "identical-views"} <= known_ids()
