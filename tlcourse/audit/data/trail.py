"""What a program did before a fit, and its code: evidence that neither the model nor its data hold."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from tlcourse.audit.data.hashing import digests_of


@dataclass(frozen=True)
class Projector:
    """The projector of a model that was trained with a contrastive loss.

    Args:
        model: The model that was trained.
        layers: Layers of the projector.
        name: Name of the projector in the program.
    """

    model: Any
    layers: tuple[Any, ...]
    name: str

    @cached_property
    def last(self) -> Any:
        """The last layer with weights: its output is the projection."""
        inner = [part for layer in self.layers for part in innermost(layer)]
        return inner[-1] if inner else None


@dataclass
class Trail:
    """What was seen of a program so far.

    Args:
        code: The code of the program, without comments; see `without_comments`.
        namespace: Its global variables.
        sounds: Paths of the sound files that it opened, each once, in order.
        projectors: Projectors of the contrastive fits so far.
    """

    code: str = ""
    namespace: Mapping[str, Any] = field(default_factory=dict)
    sounds: dict[str, None] = field(default_factory=dict)
    projectors: list[Projector] = field(default_factory=list)
    _projected: dict[int, Projector] = field(default_factory=dict)

    def says(self, pattern: str) -> bool:
        """Tell whether the code holds this regular expression, in small or capital letters."""
        return re.search(pattern, self.code, re.IGNORECASE) is not None

    def name_of(self, thing: Any) -> str | None:
        """Return the name of a global variable that is `thing`, or `variable.attribute`; None if there is none."""
        for name, value in list(self.namespace.items()):
            if value is thing and not name.startswith("_"):
                return name
        for name, value in list(self.namespace.items()):
            for attribute, inner in vars(value).items() if hasattr(value, "_flatten_layers") else ():
                if inner is thing and not attribute.startswith("_"):
                    return f"{name}.{attribute}"
        return None

    def arrays(self, wanted: Callable[[np.ndarray], bool]) -> list[np.ndarray]:
        """Return the global arrays that `wanted` accepts."""
        return [value for value in list(self.namespace.values()) if isinstance(value, np.ndarray) and wanted(value)]

    def note_projection(self, projector: Projector, output: Any) -> None:
        """Remember the rows of a projector's output."""
        rows = np.asarray(output)
        if rows.ndim == 2 and len(rows):
            for digest in digests_of(rows.astype("float32")).tolist():
                self._projected[digest] = projector

    def projector_of(self, rows: np.ndarray) -> Projector | None:
        """Return the projector that gave at least nine in ten of these rows; None if there is none."""
        if not self._projected or rows.ndim != 2 or not len(rows):
            return None
        found = [self._projected.get(digest) for digest in digests_of(rows.astype("float32")).tolist()]
        known = [projector for projector in found if projector is not None]
        return known[0] if len(known) >= 0.9 * len(rows) else None


def without_comments(code: str) -> str:
    """Return code without comments and docstrings, which say what is not done as well as what is."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError):
        return code
    for node in ast.walk(tree):
        for block in ("body", "orelse", "finalbody"):
            lines = getattr(node, block, None)
            if isinstance(lines, list):
                kept = [line for line in lines if not (isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant))]
                setattr(node, block, kept or ([ast.Pass()] if lines else []))
    return ast.unparse(ast.fix_missing_locations(tree))


def innermost(layer: Any) -> list[Any]:
    """Return the layers with weights that a layer or model consists of, in their order."""
    parts = getattr(layer, "layers", None)
    if parts:
        return [inner for part in parts for inner in innermost(part)]
    return [layer] if layer.weights else []
