"""The one direction of imports, and an import of the package that does nothing."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "tlcourse"

# Written once for all rooms: any of them may import these, but the engine of the checks stands by itself.
GROUND = {"config", "files", "arguments", "tables", "transparency"}
# The table of docs/architecture.md: each room and the rooms that it may import besides.
MAY_IMPORT = {
    "config": set(),
    "files": set(),
    "arguments": set(),
    "tables": set(),
    "transparency": set(),
    "checks": set(),
    "fork_server": set(),
    "worlds": set(),
    "evaluate": set(),
    "explain": set(),
    "fewshot": set(),
    "selfsup": set(),
    "recommend": set(),
    "quiet": set(),
    "runtime": {"config", "quiet"},
    "fetch": {"config", "tables"},
    "datasets": {"config", "fetch", "worlds"},
    "hub": {"config", "fetch"},
    "backbones": {"config", "tables", "fetch", "hub"},
    "features": {"config", "backbones", "datasets"},
    "text": {"tables", "features"},
    "audio": {"config", "fetch"},
    "finetune": {"tables", "backbones", "features"},
    "select": {"config", "tables", "backbones", "features", "evaluate"},
    "adapt": {"tables", "evaluate"},
    "robust": {"evaluate"},
    "plots": {"evaluate"},
    "audit": {"config", "backbones", "finetune", "evaluate"},
    "tasks": {"checks", "config", "runtime", "datasets", "backbones", "features", "text", "finetune", "evaluate"}
    | {"select", "adapt", "robust", "explain", "plots", "audit", "hub", "worlds", "tables", "fetch"},
    "authoring": {"config", "tasks"},
    "course": {"config", "authoring", "fork_server"},
    "grading": {"runtime", "authoring", "checks", "tasks", "course", "fork_server"},
}
# The same inside a room that has rooms: each file or folder of it, and what it may import of the room.
INSIDE = {
    "audit": {
        "report": set(),
        "data": {"report"},
        "context": {"data", "report"},
        "model": {"context", "data", "report"},
        "detector": {"context", "report"},
        "detectors": {"detector", "context", "model", "data", "report"},
        "run": {"detectors", "detector", "context", "model", "data", "report"},
        "program": {"run", "data", "report"},
    },
    "grading": {
        "wording": set(),
        "reading": set(),
        "sandbox": set(),
        "inside": {"reading", "sandbox"},
        "outcomes": set(),
        "master": {"reading"},
        "results": set(),
        "cases": {"master", "reading"},
        "evidence": {"cases"},
        "passes": {"cases", "evidence", "master", "sandbox"},
        "verdicts": {"cases", "evidence", "reading", "sandbox", "wording"},
        "grade": {"cases", "evidence", "master", "outcomes", "passes", "reading", "sandbox", "verdicts"},
        "pool": {"grade", "master"},
        "gate": {"grade", "master", "pool"},
        "classroom": {"gate", "grade", "master", "outcomes", "pool", "reading", "results", "sandbox"},
        "commands": {"classroom", "gate", "grade", "master", "results", "sandbox"},
    },
}
TEACHING = {
    "datasets",
    "backbones",
    "features",
    "text",
    "finetune",
    "select",
    "adapt",
    "robust",
    "explain",
    "fewshot",
    "selfsup",
    "recommend",
    "plots",
    "audit",
    "hub",
}


def parts_of(folder):
    """Names of the files and folders of a package that hold code, without those that begin with an underscore."""
    inside = [path for path in folder.iterdir() if not path.name.startswith(("_", "."))]
    return sorted({path.stem for path in inside if path.suffix == ".py" or (path.is_dir() and any(path.rglob("*.py")))})


def imports_of(file, package):
    """Dotted names of all that a file imports of the package: at its top, inside functions, relative, or by `import_module`."""
    here = [package.name, *file.relative_to(package).parent.parts]
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            found |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == "import_module":
            found |= {text.value for arg in node.args for text in ast.walk(arg) if isinstance(text, ast.Constant)}
    return {name for name in found if isinstance(name, str) and name.startswith(f"{package.name}.")}


def imported_parts(package, prefix, part):
    """Names of the other parts of `prefix` that any file of this part imports."""
    folder = package.joinpath(*prefix)
    place = folder / part
    files = sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]
    start = [package.name, *prefix]
    names = [name.split(".") for file in files for name in imports_of(file, package)]
    found = {name[len(start)] for name in names if name[: len(start)] == start and len(name) > len(start)}
    return found & set(parts_of(folder)) - {part}


@pytest.mark.parametrize("room", sorted(MAY_IMPORT))
def test_a_room_imports_only_what_stands_before_it(room):
    ground = set() if room in GROUND | {"checks"} else GROUND
    assert imported_parts(PACKAGE, [], room) <= MAY_IMPORT[room] | ground


@pytest.mark.parametrize(("room", "part"), [(room, part) for room in INSIDE for part in INSIDE[room]])
def test_inside_a_room_too_imports_point_one_way(room, part):
    assert imported_parts(PACKAGE, [room], part) <= INSIDE[room][part]


def test_every_room_and_every_part_of_one_has_its_place_in_the_table():
    assert set(parts_of(PACKAGE)) == {*MAY_IMPORT, "cli"}
    for room, parts in INSIDE.items():
        assert set(parts_of(PACKAGE / room)) == set(parts)
    with_rooms = {
        room for room in MAY_IMPORT if any(path.is_dir() and parts_of(path) for path in (PACKAGE / room).glob("[a-z]*"))
    }
    assert with_rooms == set(INSIDE)


@pytest.mark.parametrize("table", [MAY_IMPORT, *INSIDE.values()], ids=["rooms", *INSIDE])
def test_the_table_has_no_circle(table):
    left = dict(table)
    while left:
        free = [room for room, needs in left.items() if not needs & set(left)]
        assert free, f"these rooms need each other: {sorted(left)}"
        left = {room: needs for room, needs in left.items() if room not in free}


def test_no_teaching_room_knows_the_checks_or_the_command_line():
    for room in set(MAY_IMPORT) - {"tasks", "authoring", "course", "grading"}:
        assert not imported_parts(PACKAGE, [], room) & {"checks", "tasks", "cli", "course", "grading"}


def test_the_engine_of_the_checks_and_grading_import_no_teaching_room():
    assert not MAY_IMPORT["checks"]
    assert not MAY_IMPORT["grading"] & TEACHING


@pytest.mark.parametrize(
    "line",
    [
        "from ..finetune import freeze",
        "from .. import finetune",
        "from ..finetune.blocks import units_of",
        "import tlcourse.finetune",
        "from tlcourse import finetune",
        "import importlib; importlib.import_module('tlcourse.finetune')",
        "import importlib; importlib.import_module(f'tlcourse.finetune.{1}')",
    ],
)
@pytest.mark.parametrize("inside", [False, True])
def test_an_import_is_seen_however_it_is_written_and_wherever_it_stands(tmp_path, line, inside):
    package = tmp_path / "tlcourse"
    for room in ("finetune", "grading"):
        (package / room).mkdir(parents=True)
        (package / room / "blocks.py").touch()
    (package / "grading" / "blocks.py").write_text(f"def work():\n    {line}\n" if inside else f"{line}\n")
    assert imported_parts(package, [], "grading") == {"finetune"}


def test_imports_are_absolute_everywhere():
    found = []
    for file in sorted(PACKAGE.rglob("*.py")):
        nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        found += [f"{file}:{node.lineno}" for node in nodes if isinstance(node, ast.ImportFrom) and node.level]
    assert found == []


def test_imports_between_the_parts_of_a_room_are_seen(tmp_path):
    package = tmp_path / "tlcourse"
    for part in ("data", "program"):
        (package / "audit" / part).mkdir(parents=True)
    (package / "audit" / "program" / "examine.py").touch()
    (package / "audit" / "data" / "collect.py").write_text("def work():\n    from ..program.examine import visit\n")
    assert imported_parts(package, ["audit"], "data") == {"program"}


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


def table_on_the_page(heading):
    """Read a table of docs/architecture.md: first column to the names in its last."""
    page = (PACKAGE.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = page.split(heading)[1].split("\n## ")[0].split("\n### ")[0].split("\n| `")[1:]
    return {row.split("`")[0]: set(re.findall(r"`(\w+)`", row.split("\n")[0].split(" | ")[-1])) for row in rows}


@pytest.mark.parametrize(
    ("heading", "table"), [("## Rooms", MAY_IMPORT), *((f"### Inside `{room}`", parts) for room, parts in INSIDE.items())]
)
def test_the_page_on_the_house_shows_the_same_table(heading, table):
    assert table_on_the_page(heading) == table
