"""The API reference: public names of each room with signature and first line of the docstring, read by `ast`, nothing imported."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

PACKAGE = "tlcourse"
NOT_FOR_USERS = {"authoring", "checks", "course"}  # rooms of authors, of the course's own tools

Definition = ast.FunctionDef | ast.ClassDef


def reference(root: Path) -> str:
    """Return `docs/reference.md`: each room with its public names, those of `tlcourse` itself first."""
    package = root / PACKAGE
    lines = [
        "# Reference",
        "",
        "Made by `make notebooks` from the docstrings. `help(name)` in Python shows the whole of one.",
        "",
    ]
    rooms = [path for path in sorted(package.glob("*/__init__.py")) if path.parent.name not in NOT_FOR_USERS]
    for path in rooms:
        names = public_names(path)
        if names:
            tree = ast.parse(path.read_text(encoding="utf-8"))
            lines += [f"## `{PACKAGE}.{path.parent.name}`", "", _first_line(tree), "", "| name | what it does |", "|---|---|"]
            lines += [_row(name, find_definition(path, name)) for name in names]
            lines.append("")
    for module, names in modules(package).items():
        path = package.joinpath(*module.split(".")).with_suffix(".py")
        lines += [f"## `{PACKAGE}.{module}`", "", _first_line(ast.parse(path.read_text(encoding="utf-8"))), ""]
        lines += ["| name | what it does |", "|---|---|", *(_row(name, find_definition(path, name)) for name in names), ""]
    top = ", ".join(f"`{name}`" for name in sorted(exports(package)))
    lines[4:4] = [f"Also reached as `tlcourse.NAME`, without the room: {top}.", ""]
    return "\n".join(lines).rstrip() + "\n"


def public_names(path: Path) -> list[str]:
    """Return `__all__` of a module, in the order that it has there."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__" and isinstance(node.value, ast.List):
            return [item.value for item in node.value.elts if isinstance(item, ast.Constant) and isinstance(item.value, str)]
    return []


def exports(package: Path) -> dict[str, str]:
    """Return the names that `tlcourse/__init__.py` loads on first use, each with its room."""
    for node in ast.parse((package / "__init__.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_EXPORTS":
            return ast.literal_eval(node.value)
    return {}


def modules(package: Path) -> dict[str, list[str]]:
    """Return the rooms that are one file, each with the names that `tlcourse` takes from it."""
    found: dict[str, list[str]] = {}
    for name, room in exports(package).items():
        if not (package / room / "__init__.py").exists():
            found.setdefault(room, []).append(name)
    return found


def find_definition(path: Path, name: str) -> Definition | None:
    """Return the function or class that a module calls `name`, in the file that defines it; None for other values."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, Definition) and node.name == name:
            return node
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(f"{PACKAGE}."):
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return find_definition(_file(path, node.module), alias.name)
    return None


def signature(definition: Definition) -> str:
    """Return how a definition is called: arguments and defaults, types left out; of a class, what its instances are made of."""
    if isinstance(definition, ast.FunctionDef):
        return f"{definition.name}({_arguments(definition.args)})"
    begin = next((n for n in definition.body if isinstance(n, ast.FunctionDef) and n.name == "__init__"), None)
    if begin:
        return f"{definition.name}({_arguments(begin.args)})"
    fields = [
        node for node in definition.body if isinstance(node, ast.AnnAssign) and not ast.unparse(node.target).startswith("_")
    ]
    shown = (f"{ast.unparse(n.target)}={ast.unparse(n.value)}" if n.value else ast.unparse(n.target) for n in fields)
    return f"{definition.name}({', '.join(shown)})" if fields else definition.name


def _arguments(arguments: ast.arguments) -> str:
    bare = ast.parse(f"def f({ast.unparse(arguments)}): ...").body[0]
    assert isinstance(bare, ast.FunctionDef)
    for argument in _each(bare.args):
        argument.annotation = None
    for positional in (bare.args.posonlyargs, bare.args.args):
        positional[:] = [argument for argument in positional if argument.arg not in ("self", "cls")]
    return ast.unparse(bare.args)


def _each(arguments: ast.arguments) -> Iterator[ast.arg]:
    yield from (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    yield from (argument for argument in (arguments.vararg, arguments.kwarg) if argument)


def _row(name: str, definition: Definition | None) -> str:
    if definition is None:
        return f"| `{name}` | a value |"
    return f"| `{signature(definition).replace('|', chr(92) + '|')}` | {_first_line(definition).replace('|', chr(92) + '|')} |"


def _first_line(node: ast.Module | Definition) -> str:
    return " ".join(inspect.cleandoc(ast.get_docstring(node) or "").split("\n\n")[0].split())


def _file(near: Path, module: str) -> Path:
    package = next(parent for parent in near.parents if parent.name == PACKAGE)
    place = package.joinpath(*module.split(".")[1:])
    return place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
