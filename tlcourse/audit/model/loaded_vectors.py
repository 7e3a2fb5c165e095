"""Find tables of vectors that were loaded into a model, such as word vectors, while the rest of the model has random values."""

from __future__ import annotations

from typing import Any

import numpy as np

from tlcourse.audit.model.anatomy import Part
from tlcourse.audit.model.randomness import drawn


def loaded_vectors(model: Any) -> Part | None:
    """Return the Embedding layers whose values were loaded, as the pretrained part of an untrained model.

    Returns:
        None if there are none, or if the rest of the model was trained: then the vectors may come from training, too.
    """
    from tlcourse.finetune.blocks import units_of

    units = units_of(model) if model.built else []
    tables = [unit for unit in units if type(unit).__name__ == "Embedding" and _was_loaded(unit)]
    rest = [unit for unit in units if unit.weights and all(unit is not table for table in tables)]
    if not tables or not drawn(rest).is_fresh:
        return None
    return Part(tables[0].name, None, tuple(tables), None, False)


def _was_loaded(table: Any) -> bool:
    """Tell whether the values do not look drawn from the layer's initializer, or the initializer is a constant table."""
    values = getattr(getattr(table, "embeddings_initializer", None), "value", None)
    if values is not None:
        return np.ndim(values) > 0
    found = drawn([table])
    return found.checked > 0 and found.as_drawn == 0
