"""Are the values of a network still those that its initializers drew?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

_SMALLEST = 200  # values in a kernel; smaller kernels are not compared
_MOST = 4000  # values of one kernel that are compared


@dataclass(frozen=True)
class Drawn:
    """Counts of values that look untrained.

    Args:
        as_drawn: Kernels that look like a draw of their initializer.
        checked: Kernels that were compared.
        untouched: Biases, scales, offsets and statistics that are still 0 or 1.
        vectors: Biases, scales, offsets and statistics that were compared.
    """

    as_drawn: int
    checked: int
    untouched: int
    vectors: int

    @property
    def share(self) -> float:
        """Share of the kernels that look drawn; 0 if none could be compared."""
        return self.as_drawn / self.checked if self.checked else 0.0

    @property
    def is_fresh(self) -> bool:
        """Whether nothing shows training: most kernels look drawn, and no bias or statistic has changed from its first value."""
        return self.checked > 0 and self.share >= 0.7 and self.untouched == self.vectors

    @property
    def is_learned(self) -> bool:
        """Whether the values were trained for more than a few steps. Small networks are judged by their biases and statistics."""
        if self.checked >= 8:
            return self.share <= 0.5
        return self.untouched < self.vectors or (self.checked > 0 and self.share <= 0.5)


def drawn(units: Sequence[Any]) -> Drawn:
    """Compare every kernel of `units` with a draw of its own initializer, by the Kolmogorov-Smirnov test.

    Args:
        units: Layers with weights. Layers without a random initializer are left out.

    Returns:
        Counts. A pretrained network has hardly any large kernel that looks drawn; one in a thousand real draws does not look drawn.
    """
    layers = [inner for unit in units for inner in unit._flatten_layers()]
    results = [found for layer in layers for pair in _kernels(layer) if (found := _looks_drawn(*pair)) is not None]
    vectors = [found for layer in layers for variable in layer.weights if (found := _is_untouched(layer, variable)) is not None]
    return Drawn(sum(results), len(results), sum(vectors), len(vectors))


def _kernels(layer: Any) -> list[tuple[np.ndarray, Any]]:
    """List the kernels of one layer, each with its initializer."""
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
    """Tell whether a kernel looks drawn; None if it is too small or its initializer is not random."""
    if kernel.size < _SMALLEST or not hasattr(initializer, "get_config"):
        return None
    config = initializer.get_config()
    if "seed" not in config:
        return None
    try:
        draw = np.asarray(type(initializer).from_config({**config, "seed": 20_011})(kernel.shape), dtype="float32")
    except Exception:  # an initializer of the caller that cannot draw again
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
    """Tell whether a bias, scale, offset or statistic still has its value from before training; None for other variables."""
    if any(variable is getattr(layer, name, None) for name in ("bias", "beta", "moving_mean")):
        return bool((variable.numpy() == 0).all())
    ones = ("gamma", "moving_variance") if hasattr(layer, "beta") else ()
    if any(variable is getattr(layer, name, None) for name in ones):
        return bool((variable.numpy() == 1).all())
    return None
