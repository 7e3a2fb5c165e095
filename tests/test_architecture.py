"""The one direction of imports, and an import of the package that does nothing."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "tlcourse"

# The table of docs/architecture.md: each room and the rooms that it may import.
MAY_IMPORT = {
    "config": set(),
    "tables": set(),
    "runtime": {"config"},
    "fetch": {"config", "tables"},
    "worlds": set(),
    "datasets": {"config", "fetch", "worlds"},
    "hub": {"config", "fetch"},
    "backbones": {"config", "tables", "fetch", "hub"},
    "features": {"config", "backbones"},
    "text": {"tables", "features"},
    "finetune": {"tables", "backbones", "features"},
    "evaluate": set(),
    "select": {"config", "tables", "backbones", "features", "evaluate"},
    "adapt": {"tables", "evaluate"},
    "robust": {"evaluate"},
    "explain": set(),
    "plots": {"evaluate"},
    "audit": {"config", "backbones", "finetune", "evaluate"},
    "authoring": {"config", "checks"},
    "warm": set(),
    "course": {"config", "authoring", "warm"},
    "grading": {"runtime", "authoring", "checks", "course", "warm"},
}
ROOMS = sorted({path.stem for path in PACKAGE.iterdir() if not path.name.startswith("_") and path.suffix in ("", ".py")})


def imported_rooms(room):
    """Names of the rooms that any file of this one imports, at the top of a file or inside a function."""
    place = PACKAGE / room
    found = set()
    for file in sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            else:
                continue
            found |= {name.split(".")[1] for name in names if name.startswith("tlcourse.")}
    return found & set(ROOMS) - {room}


@pytest.mark.parametrize("room", sorted(MAY_IMPORT))
def test_a_room_imports_only_what_stands_before_it(room):
    assert imported_rooms(room) <= MAY_IMPORT[room]


def test_every_room_has_its_place_in_the_table():
    assert set(ROOMS) == {*MAY_IMPORT, "checks", "cli"}


def test_the_table_has_no_circle():
    order, left = [], dict(MAY_IMPORT, checks=set())
    while left:
        free = [room for room, needs in left.items() if not needs & set(left)]
        assert free, f"these rooms need each other: {sorted(left)}"
        order += free
        left = {room: needs for room, needs in left.items() if room not in free}


def test_no_teaching_room_knows_the_checks_or_the_command_line():
    for room in MAY_IMPORT:
        allowed = {"authoring", "grading"}
        assert room in allowed or not imported_rooms(room) & {"checks", "cli", "course"}


def test_importing_the_package_starts_no_framework_and_touches_no_disk(tmp_path):
    home = tmp_path / "home"
    program = (
        "import sys, tlcourse, tlcourse.config, tlcourse.checks, tlcourse.cli; tlcourse.config.data_home();"
        "print(sorted({'tensorflow', 'keras', 'jax', 'torch', 'matplotlib', 'sklearn', 'pandas'} & set(sys.modules)))"
    )
    environment = {**os.environ, "TLCOURSE_HOME": str(home), "PYTHONPATH": str(PACKAGE.parent)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert not home.exists()


def test_every_public_name_can_be_reached():
    import tlcourse

    for name in tlcourse.__all__:
        assert getattr(tlcourse, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = tlcourse.nothing
