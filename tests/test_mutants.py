"""The tool that plants mistakes: each is one change that still is a program, and none touches what nobody runs."""

from __future__ import annotations

import ast
import importlib.util
import json

import pytest


@pytest.fixture(scope="module")
def tool(request):
    spec = importlib.util.spec_from_file_location("mutants", request.config.rootpath / "tools" / "mutants.py")
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(__import__("sys").modules, "mutants", module)
        spec.loader.exec_module(module)
        yield module


SOURCE = '''"""A docstring with 5 > 3."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    size: int = 3


def large(rows: list[int], most: int = 10) -> bool:
    """Tell whether ä > 4."""
    total = sum(rows) + 1  # more than 2
    if total > most and "ü" < "v":
        raise ValueError(f"Received: {total - 1}")
    rows.append(total)
    return not total == 7
'''


def test_each_change_is_a_program_that_differs_in_one_place(tool):
    mutants = tool.mutants_of(SOURCE)
    kinds = {mutant.kind for mutant in mutants}
    assert kinds >= {"comparison", "arithmetic", "and-or", "condition", "constant", "line left out", "result inverted"}
    for mutant in mutants:
        changed = tool.apply(SOURCE, mutant)
        assert ast.dump(ast.parse(changed)) != ast.dump(ast.parse(SOURCE)), mutant
        assert changed[: mutant.start] == SOURCE[: mutant.start]


def test_text_annotations_decorators_and_messages_are_left_alone(tool):
    changed = {tool.apply(SOURCE, mutant) for mutant in tool.mutants_of(SOURCE)}
    for kept in ("5 > 3", "ä > 4", "frozen=True", "total - 1", "list[int]", "more than 2"):
        assert all(kept in text for text in changed), kept
    assert any("total >= most" in text for text in changed)
    assert any('"ü" <= "v"' in text for text in changed)
    assert any("size: int = 4" in text for text in changed)


def test_the_same_seed_draws_the_same_from_every_room(tool, request):
    root = request.config.rootpath
    drawn = tool.draw(root, 60, seed=3)
    assert drawn == tool.draw(root, 60, seed=3)
    assert drawn != tool.draw(root, 60, seed=4)
    assert {room for room, _, _ in drawn} >= {"select", "adapt", "audit", "evaluate", "datasets", "finetune", "grading"}
    for room, file, mutant in drawn:
        compile(tool.apply((root / file).read_text("utf-8"), mutant), file, "exec")
        assert tool.nearest_first(root, room, file)


def planted(tmp_path, test):
    """A tree of one room whose test is `test`."""
    (tmp_path / "tlcourse" / "room").mkdir(parents=True)
    (tmp_path / "tests" / "room").mkdir(parents=True)
    for folder in ("tlcourse", "tlcourse/room", "tests", "tests/room"):
        (tmp_path / folder / "__init__.py").touch()
    (tmp_path / "tlcourse/room/add.py").write_text("def add(a, b):\n    return a + b\n")
    (tmp_path / "tests/room/test_add.py").write_text(f"from tlcourse.room.add import add\n\ndef test_add():\n    {test}\n")
    return tmp_path


@pytest.mark.parametrize(
    ("test", "result"),
    [("assert add(2, 3) == 5", "killed"), ("assert add(2, 0) == 2", "survived"), ("assert False", "fails without it too")],
)
def test_a_mutant_is_killed_only_by_a_test_that_passes_without_it(tool, tmp_path, test, result):
    tree = planted(tmp_path, test)
    ((room, file, mutant),) = tool.draw(tree, 5, seed=0)
    assert mutant.text == "-"
    before = (tree / file).read_text()
    assert tool.judge(tree, room, file, mutant)["result"] == result
    assert (tree / file).read_text() == before


def test_a_failure_in_a_case_with_a_strange_name_counts(tool, tmp_path):
    tree = planted(tmp_path, "assert True")
    case = (
        "import pytest\n\n@pytest.mark.parametrize('text', [r'a [\\.] b'])\ndef test_case(text):\n    assert add(2, 3) == 5\n"
    )
    path = tree / "tests/room/test_add.py"
    path.write_text(path.read_text() + case)
    ((room, file, mutant),) = tool.draw(tree, 5, seed=0)
    assert tool.judge(tree, room, file, mutant)["result"] == "killed"


def test_the_summary_counts_what_was_judged_and_names_survivors(tool):
    rows = [{"key": f"a:{i}", "result": one} for i, one in enumerate(("killed", "killed", "survived", "fails without it too"))]
    assert tool.summary(json.loads(json.dumps(rows))) == "2 of 3 killed (67%)\nsurvived: a:2"
