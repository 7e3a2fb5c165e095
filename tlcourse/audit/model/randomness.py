"""Are the values of a network still those that its initializers drew?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

_SMALLEST = 200  # values below which a kernel says too little
_MOST = 4000  # values of a kernel that are compared


@dataclass(frozen=True)
class Drawn:
    """What was counted: kernels that look as drawn, of those compared; biases, scales, offsets and statistics still at 0 or 1."""

    as_drawn: int
    checked: int
    untouched: int
    vectors: int

    @property
    def share(self) -> float:
        """Share of the kernels that look as drawn; 0 where none could be compared."""
        return self.as_drawn / self.checked if self.checked else 0.0

    @property
    def is_fresh(self) -> bool:
        """Whether nothing speaks for training: most kernels look drawn, and no bias or statistic has left its first value."""
        return self.checked > 0 and self.share >= 0.7 and self.untouched == self.vectors

    @property
    def is_learned(self) -> bool:
        """Whether the values were trained for longer than a few steps; small networks are judged by their biases and statistics."""
        if self.checked >= 8:
            return self.share <= 0.5
        return self.untouched < self.vectors or (self.checked > 0 and self.share <= 0.5)


def drawn(units: Sequence[Any]) -> Drawn:
    """Compare every kernel of `units` with a draw of its own initializer, by the test of Kolmogorov and Smirnov.

    Args:
        units: Layers with weights; those without a random initializer are left out.

    Returns:
        Counts. A pretrained network has hardly any large kernel that passes for a draw; one in a thousand draws does not pass.
    """
    layers = [inner for unit in units for inner in unit._flatten_layers()]
    results = [found for layer in layers for pair in _kernels(layer) if (found := _looks_drawn(*pair)) is not None]
    vectors = [found for layer in layers for variable in layer.weights if (found := _is_untouched(layer, variable)) is not None]
    return Drawn(sum(results), len(results), sum(vectors), len(vectors))


def _kernels(layer: Any) -> list[tuple[np.ndarray, Any]]:
    """List the kernels of one layer, each with the initializer that its configuration names."""
    pairs = []
    for attribute in vars(layer):
        name = attribute.removesuffix("_initializer")
        if name == attribute or name in ("bias", "beta", "gamma", "moving_mean", "moving_variance"):
            continue
        for candidate in (name, f"_{name}", f"{name}_kernel", *(["kernel"] if name == "depthwise" else [])):
            variable: Any = getattr(layer, candidate, None)
            if hasattr(variable, "numpy") and hasattr(variable, "path"):
                pairs.append((np.asarray(variable.numpy(), dtype="float32"), getattr(layer, attribute)))
                break
    return pairs


def _looks_drawn(kernel: np.ndarray, initializer: Any) -> bool | None:
    """Test one kernel; None where it is too small or its initializer draws nothing at random."""
    if kernel.size < _SMALLEST or not hasattr(initializer, "get_config"):
        return None
    config = initializer.get_config()
    if "seed" not in config:
        return None
    try:
        draw = np.asarray(type(initializer).from_config({**config, "seed": 20_011})(kernel.shape), dtype="float32")
    except Exception:  # an initializer of the caller's own that cannot be drawn again
        return None
    first, second = _thinned(kernel), _thinned(draw)
    if np.ptp(second) == 0:
        return None
    from scipy.stats import ks_2samp

    return bool(ks_2samp(first, second).pvalue > 0.001)


def _thinned(values: np.ndarray) -> np.ndarray:
    flat = values.reshape(-1)
    return flat[:: max(1, flat.size // _MOST)]


def _is_untouched(layer: Any, variable: Any) -> bool | None:
    """Tell whether a bias, scale, offset or statistic is still what it is before training; None for other variables."""
    if any(variable is getattr(layer, name, None) for name in ("bias", "beta", "moving_mean")):
        return bool((variable.numpy() == 0).all())
    ones = ("gamma", "moving_variance") if hasattr(layer, "beta") else ()
    if any(variable is getattr(layer, name, None) for name in ones):
        return bool((variable.numpy() == 1).all())
    return None
