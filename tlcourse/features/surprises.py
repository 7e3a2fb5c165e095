"""Warnings about features that are right for the backbone as it is, but perhaps not what was meant."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from tlcourse.features.cache import CacheWarning
from tlcourse.features.digest import digest_of_model

_AUGMENTATION = ("Random", "RandAugment", "AugMix", "AutoContrast", "CutMix", "MixUp")


class FeatureWarning(UserWarning):
    """The features are right for the backbone as it is, but perhaps not what was meant."""


def digest_or_none(backbone: Any, cache: bool) -> str | None:
    """Digest a backbone; None, with a warning where a cache was asked for, if it cannot describe itself."""
    try:
        return digest_of_model(backbone)
    except NotImplementedError:
        if cache:
            warnings.warn(
                f"Features of {backbone.name!r} are not cached: the model cannot describe its architecture. Give its class a "
                "get_config(), or pass cache=False.",
                CacheWarning,
                stacklevel=3,
            )
        return None


def warn_of_augmentation(backbone: Any) -> None:
    """Warn of random layers, which do nothing in inference mode."""
    layers = backbone._flatten_layers()
    augmenting = [layer.name for layer in layers if type(layer).__name__.startswith(_AUGMENTATION)]
    if augmenting:
        warnings.warn(
            f"Backbone {backbone.name!r} holds augmentation ({', '.join(augmenting)}), which does nothing here: features are computed "
            "once, from the images as they are. To train with augmentation, train the head end to end on the frozen backbone.",
            FeatureWarning,
            stacklevel=3,
        )


def warn_not_finite(backbone: Any, features: np.ndarray) -> None:
    """Warn of features that are NaN or infinite."""
    rows = int((~np.isfinite(features)).any(axis=1).sum())
    warnings.warn(
        f"Features of {rows} of {len(features)} images from backbone {backbone.name!r} are NaN or infinite, so they are not cached. "
        "Look for NaN in the images, and for weights that training made NaN.",
        FeatureWarning,
        stacklevel=4,
    )


def warn_of_fallback(backbone: Any, engine: str, reason: str) -> None:
    """Warn that a backbone does not run with the engine that was asked for."""
    warnings.warn(
        f"Backbone {backbone.name!r} does not run with engine {engine!r} ({reason}). It runs as without `engine`.",
        FeatureWarning,
        stacklevel=4,
    )
