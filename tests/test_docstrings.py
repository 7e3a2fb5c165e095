"""One grammar for every docstring of the package, and for the errors that its users read."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "tlcourse"
ROOMS = sorted(folder.name for folder in PACKAGE.iterdir() if (folder / "__init__.py").exists())
HEADINGS = ("Args", "Returns", "Raises", "Yields", "Example")
ENTRY = {
    "Args": (r"\*{0,2}\w+: [A-Z0-9`\"']", "`name: Capital letter after the colon`"),
    "Raises": (r"\w+(, \w+)*: If ", "`SomeError: If ...`"),
    "Returns": (r"[A-Z0-9`\"']", "a capital letter"),
    "Yields": (r"[A-Z0-9`\"']", "a capital letter"),
    "Example": (r">>> ", "`>>> `"),
}
RECEIVED = r"(?:^|[.?!0] )Received: (?:(?!\. )[^=])+=(?:(?!\. ).)*\.$"  # `Received: name=value.`, the last sentence
# Methods that Keras calls: their docstring is that of Keras' own class.
HOOKS = r"on_\w+|build|call|compute_(loss|output_shape|output_spec)|\w*(from|get)_config|get_build_config"
HOOKS += r"|(load|save)_(assets|own_variables)"
Node = ast.FunctionDef | ast.ClassDef


def files_of(room: str) -> list[Path]:
    return sorted((PACKAGE / room).rglob("*.py")) if room != "tlcourse" else sorted(PACKAGE.glob("*.py"))


def sections(text: str) -> dict[str, list[str]]:
    """Split a docstring: heading -> its entries, each in one line."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in inspect.cleandoc(text).splitlines():
        if heading := re.fullmatch(r"([A-Z][a-z]+(?: [a-z]+)?):", line):
            found[name := heading[1]] = []
        elif line and not line.startswith("    "):
            name = ""
        elif name and line and ((name in ("Args", "Raises") and line[4] != " ") or not found[name]):
            found[name].append(line.strip())
    return found


def misplaced(text: str) -> Iterator[str]:
    """List what in a docstring breaks the grammar."""
    for heading, entries in sections(text).items():
        if heading not in HEADINGS:
            yield f"heading `{heading}:`, not one of {', '.join(HEADINGS)}"
            continue
        pattern, form = ENTRY[heading]
        if not entries:
            yield f"`{heading}:` is empty"
        yield from (f"{heading} begins with {form}, not {entry!r}" for entry in entries if not re.match(pattern, entry))


def parameters(node: Node) -> set[str]:
    """Name what a caller can pass: arguments of a function or of `__init__`, fields of a dataclass."""
    if isinstance(node, ast.FunctionDef):
        every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
        return {argument.arg for argument in every if argument} - {"self", "cls", "kwargs"}
    for inner in node.body:
        if isinstance(inner, ast.FunctionDef) and inner.name == "__init__":
            return parameters(inner)
    if any("dataclass" in ast.unparse(decorator) for decorator in node.decorator_list):
        fields = [inner for inner in node.body if isinstance(inner, ast.AnnAssign) and _is_argument(inner)]
        return {inner.target.id for inner in fields if isinstance(inner.target, ast.Name) and inner.target.id[0] != "_"}
    return set()


def _is_argument(field: ast.AnnAssign) -> bool:
    """Tell whether a dataclass takes this field as an argument."""
    return "init=False" not in ast.unparse(field) and not ast.unparse(field.annotation).startswith("ClassVar")


def undescribed(node: Node) -> Iterator[str]:
    """List where the docstring of `node` does not name exactly its parameters."""
    text = ast.get_docstring(node)
    if text is None:
        yield "no docstring"
        return
    named = {entry.split(":")[0].strip("*") for entry in sections(text).get("Args", [])} - {"kwargs"}
    if named != (wanted := parameters(node)):
        yield f"Args name {sorted(named)}, the parameters are {sorted(wanted)}"


def public(room: str) -> Iterator[tuple[str, Node]]:
    """Find what a room's `__all__` names (at the top: what the package loads by name), with its public methods."""
    trees = [ast.parse(path.read_text()) for path in files_of(room)]
    entrance = (PACKAGE if room == "tlcourse" else PACKAGE / room) / "__init__.py"
    wanted = {item.value for item in ast.walk(ast.parse(entrance.read_text())) if isinstance(item, ast.Constant)}
    for node in (node for tree in trees for node in tree.body):
        if not isinstance(node, Node) or node.name not in wanted or node.name[0] == "_":
            continue
        yield node.name, node
        for inner in node.body if isinstance(node, ast.ClassDef) else []:
            if isinstance(inner, ast.FunctionDef) and inner.name[0] != "_" and not re.fullmatch(HOOKS, inner.name):
                yield f"{node.name}.{inner.name}", inner


def message(call: ast.Call) -> str:
    """Return the text of an error, with `0` for every value put in."""
    parts = ast.walk(call.args[0]) if call.args else []
    parts = [part for part in parts if isinstance(part, ast.JoinedStr | ast.Constant)]
    if parts and isinstance(parts[0], ast.JoinedStr):
        return "".join(str(p.value) if isinstance(p, ast.Constant) else "0" for p in parts[0].values)
    return str(parts[0].value) if parts else ""


def report(wrong: list[str]) -> None:
    if wrong:
        pytest.fail(f"{len(wrong)} places\n" + "\n".join(wrong), pytrace=False)


@pytest.mark.parametrize("room", ["tlcourse", *ROOMS])
def test_docstrings_have_one_grammar(room: str) -> None:
    wrong = []
    for path in files_of(room):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, Node | ast.Module) and (text := ast.get_docstring(node)):
                where = f"{path.relative_to(PACKAGE)}:{getattr(node, 'lineno', 1)} {getattr(node, 'name', '')}"
                wrong += [f"{where}: {what}" for what in misplaced(text)]
    report(wrong)


@pytest.mark.parametrize("room", ["tlcourse", *ROOMS])
def test_public_docstrings_describe_every_parameter(room: str) -> None:
    wrong = [f"{name}: {what}" for name, node in public(room) for what in undescribed(node)]
    report(wrong)


@pytest.mark.parametrize("room", ["tlcourse", *ROOMS])
def test_errors_end_with_what_was_received(room: str) -> None:
    wrong = []
    for path in files_of(room):
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)):
                continue
            text = message(node.exc)
            ours = ast.unparse(node.exc.func) in ("ValueError", "TypeError") and re.search("received", text, re.IGNORECASE)
            if ours and not re.search(RECEIVED, text):
                wrong.append(f"{path.relative_to(PACKAGE)}:{node.lineno}: {text}")
    report(wrong)
