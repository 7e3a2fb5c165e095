"""Structures of arrays (one array, or a tuple, list or dict of arrays), as Keras accepts them for inputs and labels."""

from __future__ import annotations

from typing import Any

import numpy as np


def to_numpy(structure: Any) -> Any:
    """Turn every tensor of a structure into a NumPy array; ragged and sparse ones stay as they are."""
    if structure is None:
        return None
    if isinstance(structure, dict):
        return {name: to_numpy(value) for name, value in structure.items()}
    if isinstance(structure, (tuple, list)) and structure and not np.isscalar(structure[0]):
        return type(structure)(to_numpy(value) for value in structure)
    if type(structure).__name__ in ("RaggedTensor", "SparseTensor"):
        return structure
    if hasattr(structure, "detach"):
        return structure.detach().cpu().numpy()
    return structure.numpy() if hasattr(structure, "numpy") else np.asarray(structure)


def leaves(structure: Any, name: str = "") -> list[tuple[str, Any]]:
    """List the arrays of a structure with their names: `[("", array)]` for a single array."""
    if structure is None:
        return []
    if isinstance(structure, dict):
        return [leaf for key, value in structure.items() for leaf in leaves(value, f"{name}/{key}" if name else str(key))]
    if isinstance(structure, (tuple, list)):
        return [leaf for i, value in enumerate(structure) for leaf in leaves(value, f"{name}/{i}" if name else str(i))]
    return [(name, structure)]


def take(structure: Any, indices: Any) -> Any:
    """Pick examples from every array of a structure."""
    if structure is None:
        return None
    if isinstance(structure, dict):
        return {name: take(value, indices) for name, value in structure.items()}
    if isinstance(structure, (tuple, list)):
        return type(structure)(take(value, indices) for value in structure)
    return structure[indices]


def stacked(parts: list[Any]) -> Any:
    """Join structures of one kind along the batch axis.

    Raises:
        ValueError: If shapes differ in more than the batch axis, or an array has none.
    """
    first = parts[0]
    if first is None:
        return None
    if isinstance(first, dict):
        return {name: stacked([part[name] for part in parts]) for name in first}
    if isinstance(first, (tuple, list)):
        return type(first)(stacked([part[i] for part in parts]) for i in range(len(first)))
    return np.concatenate(parts)


def image_leaf(inputs: Any) -> np.ndarray | None:
    """Return the first array of `inputs` that holds images, `(batch, height, width, 1, 3 or 4)`; None if there is none."""
    for _, leaf in leaves(inputs):
        shape: tuple[int, ...] = getattr(leaf, "shape", ())
        if isinstance(leaf, np.ndarray) and len(shape) == 4 and shape[-1] in (1, 3, 4) and np.issubdtype(leaf.dtype, np.number):
            return leaf
    return None


def is_array(thing: Any) -> bool:
    """Tell whether `thing` is an array, a tensor or a data frame."""
    return (hasattr(thing, "shape") and hasattr(thing, "dtype")) or hasattr(thing, "iloc")


def is_array_structure(thing: Any) -> bool:
    """Tell whether `thing` is an array, a list of numbers, or a structure of these."""
    if isinstance(thing, dict):
        return all(is_array_structure(value) for value in thing.values())
    if isinstance(thing, (tuple, list)):
        return bool(thing) and (all(is_array_structure(value) for value in thing) or np.isscalar(thing[0]))
    return is_array(thing)


def as_arrays(structure: Any) -> Any:
    """Keep arrays as they are (memory-mapped ones too); turn data frames, tensors and lists of numbers into arrays."""
    if structure is None or isinstance(structure, np.ndarray):
        return structure
    if isinstance(structure, dict):
        return {name: as_arrays(value) for name, value in structure.items()}
    if isinstance(structure, (tuple, list)) and structure and is_array(structure[0]):
        return type(structure)(as_arrays(value) for value in structure)
    if hasattr(structure, "iloc"):
        return structure.to_numpy()
    return to_numpy(structure)


def size_of(inputs: Any) -> int:
    """Return the number of examples."""
    found = leaves(inputs)
    return int(found[0][1].shape[0]) if found else 0
