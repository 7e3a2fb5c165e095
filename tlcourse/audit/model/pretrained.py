"""Does the backbone hold pretrained values? Asked by several detectors, answered once."""

from __future__ import annotations

from tlcourse.audit.context import Context
from tlcourse.audit.model.anatomy import Part
from tlcourse.audit.model.randomness import Drawn, drawn


def drawn_of(context: Context, part: Part) -> Drawn:
    """Compare the values of the backbone with fresh draws of its initializers."""
    return context.once("drawn", lambda: drawn(part.units))


def is_pretrained(context: Context, part: Part) -> bool:
    """Tell whether the backbone can be taken for pretrained.

    Its values must be learned ones, and it must be named by the caller, a known architecture, or frozen at least in part.
    """
    frozen = any(not variable.trainable for variable in part.kernels)
    return drawn_of(context, part).is_learned and (part.named or part.family is not None or frozen)
