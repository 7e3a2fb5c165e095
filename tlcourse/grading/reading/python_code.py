"""From the text of a cell to Python: magics and shell lines are left out, and what the cell binds is listed. Runs nothing."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

_SHELL_LINE = re.compile(r"^(\s*)(%|!|\?)")
_ASSIGNED_MAGIC = re.compile(r"^(\s*[\w, .\[\]\"']+=\s*)(!|%)")
_HELP_LINE = re.compile(r"^(\s*)[\w.*]+\?{1,2}\s*$")
_TRANSPARENT = ("time", "timeit", "capture", "prun", "memit", "python", "python3", "local")
_QUIET_CALLS = ("check", "hint", "progress", "print", "display", "tlcourse.check", "tlcourse.hint", "tlcourse.progress")


@dataclass(frozen=True)
class Code:
    """A cell as Python.

    Args:
        text: What is run.
        notes: What was changed, in words.
        binds: Names bound at the top level, in order.
        defines: Those of them bound by `def`, `class`, `import` or a lambda.
        functions: Those of them bound by `def`, `class` or a lambda.
        checks: `{task id: expression}` of the calls `check("2.1", expression)`.
        only_checks: True when the cell holds only such calls, hints or progress, so running it binds nothing.
        compiles: False when it is not Python even without magics.
    """

    text: str
    notes: tuple[str, ...] = ()
    binds: tuple[str, ...] = ()
    defines: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    checks: tuple[tuple[str, str], ...] = ()
    only_checks: bool = False
    compiles: bool = True


def read_code(source: str) -> Code:
    """Read one cell. Raises nothing, whatever the text is."""
    tree = parse(source)
    notes: tuple[str, ...] = ()
    if tree is None:
        source, notes = _without_magics(source)
        tree = parse(source)
    try:
        binds_, defines, functions = _bindings(tree) if tree is not None else ((), (), ())
        checks = tuple(_checks(tree)) if tree is not None else ()
    except RecursionError:  # Python parses deeper expressions than it writes
        tree = None
    if tree is None:
        binds = tuple(dict.fromkeys(re.findall(r"^(?:async\s+)?(?:def|class)\s+(\w+)|^(\w+)\s*=[^=]", source, re.MULTILINE)))
        names = tuple(first or second for first, second in binds)
        return Code(source, notes, names, names, names, tuple(_CHECK_TEXT.findall(source)), compiles=False)
    return Code(source, notes, binds_, defines, functions, checks, only_checks=_binds_nothing(tree))


_CHECK_TEXT = re.compile(r"""^\s*(?:tlcourse\.)?check\(\s*["'](\d{1,2}\.\d{1,2})["']\s*,\s*([\w.]+)""", re.MULTILINE)


def parse(source: str) -> ast.Module | None:
    """Return the syntax tree, or None where Python refuses the text for whatever reason."""
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def normalise(source: str) -> str:
    """Return the text without empty lines and spaces at line ends, to distinguish an unfilled cell from a changed one."""
    return "\n".join(line.rstrip() for line in source.strip().splitlines() if line.strip())


def _without_magics(source: str) -> tuple[str, tuple[str, ...]]:
    lines = source.split("\n")
    notes = []
    first = next((i for i, line in enumerate(lines) if line.strip()), 0)
    cell_magic = re.match(r"\s*%%(\w+)", lines[first]) if lines else None
    if cell_magic:
        if cell_magic[1] not in _TRANSPARENT:
            return "", (f"A cell with %%{cell_magic[1]} was not run.",)
        notes.append(f"%%{cell_magic[1]} was left out.")
        lines[first] = ""
    for i, line in enumerate(lines):
        found = _SHELL_LINE.match(line) or _HELP_LINE.match(line)
        assigned = _ASSIGNED_MAGIC.match(line)
        if found:
            lines[i] = f"{found[1]}pass"
            notes.append(f"Left out: {line.strip()[:80]}")
        elif assigned:
            lines[i] = f"{assigned[1]}[]"
            notes.append(f"Left out: {line.strip()[:80]}")
    return "\n".join(lines), tuple(notes[:10])


def _bindings(tree: ast.Module) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    binds: dict[str, None] = {}
    defines: dict[str, None] = {}
    functions: dict[str, None] = {}
    queue: list[ast.stmt] = list(tree.body)
    while queue:
        node = queue.pop(0)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            binds[node.name] = defines[node.name] = functions[node.name] = None
        elif isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                name = (alias.asname or alias.name).split(".")[0]
                binds[name] = defines[name] = None
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [n.id for target in targets for n in _names_in(target)]
            binds.update(dict.fromkeys(names))
            if isinstance(node.value, ast.Lambda):
                defines.update(dict.fromkeys(names))
                functions.update(dict.fromkeys(names))
        elif isinstance(node, ast.For | ast.While | ast.If | ast.With | ast.Try):
            inner = [getattr(node, part, []) for part in ("body", "orelse", "finalbody")]
            inner += [handler.body for handler in getattr(node, "handlers", [])]
            queue = [*(child for part in inner for child in part), *queue]
    return tuple(binds), tuple(defines), tuple(functions)


def _names_in(target: ast.expr) -> list[ast.Name]:
    if isinstance(target, ast.Name):
        return [target]
    if isinstance(target, ast.Tuple | ast.List):
        return [name for item in target.elts for name in _names_in(item)]
    return [*_names_in(target.value)] if isinstance(target, ast.Starred) else []


def _checks(tree: ast.Module) -> list[tuple[str, str]]:
    found = []
    for statement in tree.body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and _name_of(node.func).endswith("check") and len(node.args) > 1:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    found.append((first.value, ast.unparse(node.args[1])))
    return found


def _binds_nothing(tree: ast.Module) -> bool:
    """Tell whether a cell only calls checks, hints and progress, so it can be left out."""
    calls = [node for node in tree.body if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)]
    quiet = [node for node in calls if isinstance(node.value, ast.Call) and _name_of(node.value.func) in _QUIET_CALLS]
    simple = all(not any(isinstance(inner, ast.NamedExpr) for inner in ast.walk(node)) for node in quiet)
    ours = [
        node for node in quiet if isinstance(node.value, ast.Call) and _name_of(node.value.func) not in ("print", "display")
    ]
    return bool(ours) and simple and len(quiet) == len(tree.body)


def _name_of(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_name_of(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""
