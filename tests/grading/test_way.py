"""The way of a submission from the command to its mark: one direction through the files, and one name for what travels."""

from __future__ import annotations

import ast
import re

import pytest

import tlcourse.grading
from tests.submissions.corpus import ROOT

FOLDER = ROOT / "tlcourse" / "grading"
STATIONS = re.findall(r"^\d+\. `([\w/]+\.py)`", tlcourse.grading.__doc__, re.MULTILINE)
LOOKED_UP = {"master.py", "cases.py", "evidence.py", "wording.py", "sandbox/backends.py", "sandbox/protocol.py"}
BESIDE = {"gate.py", "inside/determinism.py", "inside/keyrings.py", "results/nbgrader_course.py", "results/progress.py"}


def imports_of(path, *, data=True):
    """Return the files of grading that a file imports anywhere, or names in a program that it starts.

    Args:
        path: The file.
        data: False: leave out files of which it only uses what holds data, dataclasses, exceptions and constants.
    """
    text = path.read_text(encoding="utf-8")
    found = {(place_of(name), "main") for name in re.findall(r"from (tlcourse\.grading\.[\w.]+) import main", text)}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {(place_of(node.module), alias.name) for alias in node.names}
            found |= {(place_of(f"{node.module}.{alias.name}"), "") for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {(place_of(alias.name), "") for alias in node.names}
    return {place for place, name in found if (FOLDER / place).is_file() and (data or not holds_data(place, name))}


def place_of(module):
    """Return the path of a module inside grading; of any other module, a path that is not there."""
    return module.removeprefix("tlcourse.grading.").replace(".", "/") + ".py"


def holds_data(place, name):
    """Tell whether a name of a file is a dataclass, an exception or a constant."""
    for node in ast.parse((FOLDER / place).read_text(encoding="utf-8")).body:
        if getattr(node, "name", None) == name:
            bases = [ast.unparse(base) for base in getattr(node, "bases", [])]
            decorators = [ast.unparse(one) for one in node.decorator_list]
            return any("dataclass" in one for one in decorators) or any(base.endswith("Error") for base in bases)
    return name.isupper()


def returns(stations, imports):
    """Return `(file, earlier file that it imports)` of all steps back."""
    place = {station: number for number, station in enumerate(stations)}
    return [(one, other) for one in stations for other in sorted(imports[one]) if place.get(other, len(place)) < place[one]]


def test_the_way_is_written_down_and_every_file_is_on_it_or_beside_it():
    files = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.py") if path.name != "__init__.py"}
    assert len(STATIONS) == len(set(STATIONS)) > 12
    assert set(STATIONS) | LOOKED_UP | BESIDE == files
    assert not set(STATIONS) & (LOOKED_UP | BESIDE)


def test_no_station_of_the_way_calls_one_before_it():
    assert returns(STATIONS, {station: imports_of(FOLDER / station, data=False) for station in STATIONS}) == []


def test_what_stations_look_things_up_in_imports_no_station_but_those_that_read():
    for place in LOOKED_UP - {"sandbox/backends.py"}:  # which names the programs that run inside
        assert {other for other in imports_of(FOLDER / place) if not other.startswith("reading/")} <= LOOKED_UP, place


def test_every_station_is_reached_from_one_before_it():
    imports = {station: imports_of(FOLDER / station) for station in STATIONS}
    started = imports_of(FOLDER / "sandbox/backends.py")
    for number, station in enumerate(STATIONS[1:], start=1):
        assert any(station in imports[before] for before in STATIONS[:number]) or station in started, station


def test_a_step_back_would_be_seen(tmp_path):
    (tmp_path / "outcomes.py").write_text("def merge():\n    from tlcourse.grading import passes\n")
    imports = {station: set() for station in STATIONS} | {"outcomes.py": imports_of(tmp_path / "outcomes.py")}
    assert returns(STATIONS, imports) == [("outcomes.py", "passes.py")]


@pytest.mark.parametrize("station", STATIONS)
def test_bytes_that_are_handed_on_are_called_a_submission(station):
    tree = ast.parse((FOLDER / station).read_text(encoding="utf-8"))
    frames = {"feed", "read_lines", "_ask"}  # bytes of another kind: frames of the protocol, lines of records
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name not in frames]
    named = {
        arg.arg
        for f in functions
        for arg in (*f.args.args, *f.args.kwonlyargs)
        if ast.unparse(arg.annotation or ast.Constant(0)) == "bytes"
    }
    assert named <= {"submission"}
