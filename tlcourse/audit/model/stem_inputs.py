"""What reaches the first layer of a known backbone: the values that the detectors compare with its pre-training."""

from __future__ import annotations

import numpy as np

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.model.anatomy import Part, backbone_part
from tlcourse.audit.model.trace import first_run


def known_backbone(context: Context) -> Part:
    """Return the backbone.

    Raises:
        CannotCheckError: If there is none, or it is not known which input it was trained on.
    """
    part = backbone_part(context)
    if part is None:
        raise CannotCheckError("No backbone was found in the model; name it with backbone=.")
    if part.family is None or part.stem is None:
        raise CannotCheckError(f"It is not known which input {part.name!r} was trained on.")
    return part


def stem_inputs(context: Context, part: Part) -> list[np.ndarray]:
    """Return what reached the first layer of the backbone, one array for each call.

    Raises:
        CannotCheckError: If it could not be seen.
    """
    calls = [call.inputs for call in first_run(context).of(part.stem) if call.inputs is not None]
    if not calls:
        raise CannotCheckError(f"The input of layer {part.stem.name!r} could not be seen: the model runs it inside a graph.")
    return calls
