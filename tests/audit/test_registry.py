"""A finding is found by its id: one file each, and no detector leans on another."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tlcourse.audit import detectors
from tlcourse.audit.detectors.registry import DATA_DETECTORS, MODEL_DETECTORS, TASK_DETECTORS

FOLDER = Path(detectors.__file__).parent
IDS = [name for detector in (*MODEL_DETECTORS, *DATA_DETECTORS, *TASK_DETECTORS) for name in detector.ids]
# Ids that share the file of another: both come from one look, and the file's docstring says so.
IN_THE_FILE_OF = {"small-shuffle-buffer": "not-shuffled"}
FILES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in ("__init__", "registry"))


def file_of(name):
    return IN_THE_FILE_OF.get(name, name).replace("-", "_")


def imports_of(file):
    tree = ast.parse((FOLDER / f"{file}.py").read_text(encoding="utf-8"))
    return [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]


def test_every_finding_has_a_file_of_its_name_and_every_file_is_a_finding():
    assert sorted({file_of(name) for name in IDS}) == FILES
    assert len(IDS) == len(set(IDS))


@pytest.mark.parametrize("file", FILES)
def test_a_file_holds_its_own_finding_and_names_it_first(file):
    from importlib import import_module

    module = import_module(f"tlcourse.audit.detectors.{file}")
    assert {file_of(name) for name in module.DETECTOR.ids} == {file}
    assert module.__doc__.startswith(f"`{file.replace('_', '-')}`")
    for name in module.DETECTOR.ids:
        assert f"`{name}`" in module.__doc__


@pytest.mark.parametrize("file", FILES)
def test_no_detector_imports_another(file):
    assert not [name for name in imports_of(file) if name.startswith("tlcourse.audit.detectors")]


def test_the_page_on_the_doctor_names_every_finding_and_no_other():
    page = (Path(__file__).parents[2] / "docs" / "doctor.md").read_text(encoding="utf-8")
    table = page.split("| id | what is wrong |")[1].split("\n\n")[0]
    rows = [row.split("|")[1] for row in table.splitlines() if row.count("|") >= 2 and "`" in row.split("|")[1]]
    named = [name.strip().strip("`") for row in rows for name in row.split(",")]
    assert sorted(named) == sorted(IDS)
