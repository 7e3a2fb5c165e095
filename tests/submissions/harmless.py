"""Which forms of code could hurt a machine without walls. Reads code as text, and as Python where it is Python."""

from __future__ import annotations

import ast
import re

MOST_CHILDREN, LONGEST, LARGEST = 64, 120, 2**31
_TEXT = {
    "a loop without end": r"while\s*\(?\s*(True|1)\b|\biter\(int,|itertools\.(count|cycle)\(|\brepeat\(",
    "a lifted recursion limit": r"setrecursionlimit",
    "a signal that is not 0, to others": r"\bSIGKILL\b|pidfd_send_signal",
    "folders deleted": r"\brmtree\b|\brm\s+-\w*[rf]|removedirs",
    "a crash by a wild address": r"ctypes\.(string_at|memset|memmove)",
    "an address of others": r"\b(?!127\.0\.0\.1|192\.0\.2\.)\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b",
}
_MAKERS = ("bytearray", "bytes", "ones", "zeros", "full", "empty", "truncate", "stack_size")


def harmful(source: str) -> list[str]:
    """Return what in a program could hurt a machine on which nothing holds it back."""
    found = [name for name, pattern in _TEXT.items() if re.search(pattern, source)]
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return found + [f"{word}) in what is no Python" for word in ("fork(", "kill(") if word in source]
    comprehensions = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
    loops = [node for node in ast.walk(tree) if isinstance(node, ast.For | ast.While | comprehensions)]
    for loop in loops:
        found += _about_forks(loop)
        if isinstance(loop, ast.While) and not _ends(loop):
            found.append(f"a loop that no clock ends: while {ast.unparse(loop.test)}")
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node) in ("kill", "killpg") and not _asks(node):
            found.append(f"a signal that is not 0, to others: {ast.unparse(node)}")
        if isinstance(node, ast.Call) and _name(node) == "sleep" and _number(node.args[0]) > LONGEST:
            found.append(f"a long sleep: {ast.unparse(node)}")
        if isinstance(node, ast.Call) and _name(node) in _MAKERS and node.args and _number(node.args[0]) >= LARGEST:
            found.append(f"much memory or disk: {ast.unparse(node)}")
    return found


def _about_forks(loop: ast.AST) -> list[str]:
    """Allow forks in a loop only where it counts to 64 at most and the child leaves at once."""
    forks = [node for node in ast.walk(loop) if isinstance(node, ast.Call) and _name(node) in ("fork", "Popen", "start")]
    if not forks:
        return []
    counted = isinstance(loop, ast.For) and isinstance(loop.iter, ast.Call) and _name(loop.iter) == "range"
    if not counted or not 0 < _number(loop.iter.args[-1]) <= MOST_CHILDREN:
        return ["children without number"]
    for branch in (node for node in ast.walk(loop) if isinstance(node, ast.If) and "fork()" in ast.unparse(node.test)):
        last = branch.body[-1]
        if not (isinstance(last, ast.Expr) and isinstance(last.value, ast.Call) and _name(last.value) in ("_exit", "sleep")):
            return ["children that go on forking"]
    bare = sum(_name(fork) == "fork" for fork in forks)
    tested = sum("fork()" in ast.unparse(node.test) for node in ast.walk(loop) if isinstance(node, ast.If))
    return ["children that go on forking"] if bare > tested else []


def _ends(loop: ast.While) -> bool:
    """Tell whether a loop asks the clock, or climbs something finite: frames, parents of a process, a list that shrinks."""
    text = ast.unparse(loop.test)
    return "time.monotonic() <" in text or text in ("frame", "found is None", "os.path.exists(f'/proc/{pid}/status')")


def _asks(kill: ast.Call) -> bool:
    """Tell whether a signal is 0, which only asks whether one could be sent, or goes to the process itself."""
    return ast.unparse(kill.args[-1]) == "0" or ast.unparse(kill.args[0]) == "os.getpid()"


def _name(call: ast.Call) -> str:
    return ast.unparse(call.func).split(".")[-1]


def _number(node: ast.expr) -> float:
    """Return the value of an expression of numbers; 0 where it is another one."""
    if any(
        not isinstance(part, ast.BinOp | ast.UnaryOp | ast.Constant | ast.operator | ast.unaryop) for part in ast.walk(node)
    ):
        return 0
    value = eval(compile(ast.Expression(node), "", "eval"), {"__builtins__": {}})
    return value if isinstance(value, int | float) else 0
