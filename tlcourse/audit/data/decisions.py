"""Where the code of a program turns probabilities into decisions, and whether it names what an error costs."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

_COSTS = re.compile(r"cost|price|penalt|utilit|profit|savings?\b|benefit|class_weight|sample_weight", re.IGNORECASE)
_CHOOSERS = re.compile(
    r"precision_recall_curve|roc_curve|atspecificity|atsensitivity|atprecision|atrecall|fixedthreshold|tunedthreshold",
    re.IGNORECASE,
)
_PREDICTS = ("predict", "predict_on_batch", "predict_proba")
_ROUNDS = ("round", "rint")
_KEEPS = (
    "ravel",
    "flatten",
    "reshape",
    "squeeze",
    "astype",
    "asarray",
    "array",
    "numpy",
    "sigmoid",
    "expit",
    "concatenate",
    "copy",
    "float",
    "tolist",
    "item",
)


@dataclass(frozen=True)
class Decisions:
    """What the code says.

    Args:
        at_half: Expressions that decide at .5.
        elsewhere: Whether the program decides at another threshold, or looks for one.
        costs: Whether it names a cost, or weights its examples.
    """

    at_half: tuple[str, ...]
    elsewhere: bool
    costs: bool


def decisions_in(code: str) -> Decisions:
    """Follow what `predict` returns through the assignments of a program, and find the comparisons with it."""
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return Decisions((), True, True)
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    names |= {node.arg for node in ast.walk(tree) if isinstance(node, (ast.keyword, ast.arg)) and node.arg}
    chooses = any(_CHOOSERS.search(name) for name in names)
    constants, predicted = _halves(tree), _predictions(tree)
    at_half, elsewhere = (
        [],
        chooses
        or any(
            isinstance(node, ast.keyword) and node.arg in ("thresholds", "threshold") and not _is_half(node.value, constants)
            for node in ast.walk(tree)
        ),
    )
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and len(node.comparators) == 1:
            sides = (node.left, node.comparators[0])
            if not any(_holds(side, predicted) for side in sides):
                continue
            if any(_is_half(side, constants) for side in sides):
                at_half.append(ast.unparse(node))
            elif isinstance(node.ops[0], (ast.Gt, ast.GtE, ast.Lt, ast.LtE)):
                elsewhere = True
        elif isinstance(node, ast.Call) and _called(node) in _ROUNDS:
            owner = node.func.value if isinstance(node.func, ast.Attribute) else None
            if any(_holds(part, predicted) for part in [*node.args[:1], *([owner] if owner else [])]) and len(node.args) < 2:
                at_half.append(ast.unparse(node))
    if elsewhere:
        at_half = []
    return Decisions(tuple(dict.fromkeys(at_half)), elsewhere, any(_COSTS.search(name) for name in names))


def _halves(tree: ast.AST) -> set[str]:
    """Return the names to which .5 and nothing else is assigned."""
    given: dict[str, list[bool]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    given.setdefault(target.id, []).append(_is_half(node.value, set()))
    return {name for name, halves in given.items() if all(halves)}


def _predictions(tree: ast.AST) -> set[str]:
    """Return the names that hold what `predict` returned, or something computed from it that is still as long."""
    found: set[str] = set()
    given = [(node.value, node.targets) for node in ast.walk(tree) if isinstance(node, ast.Assign)]
    given += [(node.iter, [node.target]) for node in ast.walk(tree) if isinstance(node, (ast.For, ast.comprehension))]
    for _ in range(3):
        for value, targets in given:
            if _holds(value, found):
                found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found


def _holds(node: ast.AST, names: set[str]) -> bool:
    """Tell whether an expression is a prediction, or one that was only reshaped, cut or converted."""
    if isinstance(node, ast.Name):
        return node.id in names
    if isinstance(node, ast.Call):
        if _called(node) in _PREDICTS:
            return True
        if _called(node) not in _KEEPS:
            return False
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        return any(_holds(part, names) for part in [*node.args, *([owner] if owner is not None else [])])
    if isinstance(node, (ast.Subscript, ast.Attribute)):
        return _holds(node.value, names)
    return isinstance(node, (ast.List, ast.Tuple)) and any(_holds(part, names) for part in node.elts)


def _called(node: ast.Call) -> str:
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def _is_half(node: ast.AST, names: set[str]) -> bool:
    return (isinstance(node, ast.Constant) and node.value == 0.5) or (isinstance(node, ast.Name) and node.id in names)
